/* Text from files made fit for a terminal, a log or a comment: one line, nothing that acts.
 *
 * Controls (C0, DEL, C1), marks that turn the writing direction, and bytes that are no UTF-8 become `?`.
 */
#ifndef OTPLAN_MODEL_BASE_PLAIN_TEXT_H
#define OTPLAN_MODEL_BASE_PLAIN_TEXT_H

#include "model/base/strbuf.h"

/* Appends `text`, made plain. */
void strbuf_add_plain(struct strbuf *out, const char *text);

/* The same in place; the text never grows. */
void plain_text(char *text);

#endif

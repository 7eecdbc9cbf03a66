/* Text from files made fit for a terminal, a log or a comment: one line, nothing that acts.
 *
 * Controls (C0, DEL, C1), marks that turn the writing direction, and bytes that are no UTF-8 become `?`.
 */
#ifndef OTPLAN_MODEL_BASE_PLAIN_TEXT_H
#define OTPLAN_MODEL_BASE_PLAIN_TEXT_H

#include "model/base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends `text`, made plain. */
void strbuf_add_plain(struct strbuf *out, const char *text);

/* The same in place; the text never grows. */
void plain_text(char *text);

/* Is the character at `at` one of those? Its code and its bytes; false, with 0 bytes, where there is no UTF-8. */
bool plain_text_acts(const char *at, uint32_t *code, size_t *bytes);

#endif

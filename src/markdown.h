/* Text on its way into Markdown: none of it may become markup. */
#ifndef OTPLAN_SRC_MARKDOWN_H
#define OTPLAN_SRC_MARKDOWN_H

#include "model/base/strbuf.h"

/* Appends `text` made plain (model/base/plain_text.h), for a line or a cell of a table. */
void markdown_add(struct strbuf *out, const char *text);

/* Appends `text`, lines and all, as a code block whose fence it cannot close. */
void markdown_add_code(struct strbuf *out, const char *text);

#endif

/* A report as Markdown: tables of figures, the arguments in a code block. */
#ifndef OTPLAN_SRC_REPORT_MARKDOWN_H
#define OTPLAN_SRC_REPORT_MARKDOWN_H

#include "src/compare_out.h"
#include "src/plan_json.h"

void report_plan_markdown(const struct plan_json_source *source, struct strbuf *out);
void report_comparison_markdown(const struct side *before, const struct side *after,
                                const struct comparison *comparison, struct strbuf *out);

#endif

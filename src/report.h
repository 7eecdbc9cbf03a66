/* A plan or a comparison to share: as Markdown, or as the planner's own main screen in a picture.
 *
 * Pictures show what the planner draws at 120 x 40; a comparison's begin with the table of `otplan compare` and
 * show both screens below. HTML holds the SVG and the same as text. Nothing refers to anything outside the file.
 */
#ifndef OTPLAN_SRC_REPORT_H
#define OTPLAN_SRC_REPORT_H

#include "src/compare_out.h"
#include "src/plan_json.h"

enum report_format {
    REPORT_MARKDOWN,
    REPORT_SVG,
    REPORT_HTML,
    REPORT_ANSI,
    REPORT_FORMAT_COUNT,
};

struct report_style {
    enum report_format format;
    bool ascii; /* pictures without block glyphs */
    bool color; /* ANSI only */
};

/* By `name`, else by how `path` ends, else Markdown; either may be NULL. ERROR_USAGE for an unknown name. */
bool report_format_find(const char *name, const char *path, enum report_format *out,
                        struct error *error);

/* Both append the whole document. They need a UTF-8 locale for its characters' widths. */
void report_plan(const struct plan_json_source *source, const struct report_style *style,
                 struct strbuf *out);
void report_comparison(const struct side *before, const struct side *after,
                       const struct comparison *comparison, const struct report_style *style,
                       struct strbuf *out);

#endif

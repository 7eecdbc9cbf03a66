/* A comparison as JSON (interface.md section 4), as a table and in Markdown. */
#ifndef OTPLAN_SRC_COMPARE_OUT_H
#define OTPLAN_SRC_COMPARE_OUT_H

#include "model/plan/compare.h"
#include "src/session.h"

struct side {
    struct session session;
    struct evaluation evaluation;
    struct compare_side side;
    const char *path;         /* borrowed: the file it came from; NULL for the flags */
    double decode, prompt;    /* tokens per second by the speed model; 0: not known */
    uint32_t largest_context; /* at which it still fits, placed the same way; 0: at none */
    const char *mostly;       /* borrowed: the type that most of the model's bytes have */
};

/* New. */
char *compare_json(const struct side *before, const struct side *after,
                   const struct comparison *comparison);
void compare_table(const struct side *before, const struct side *after,
                   const struct comparison *comparison, struct strbuf *out);
/* Parts of it: which sides they are, the rows as a Markdown table, what moved from where to where. */
void compare_models(const struct side *before, const struct side *after, struct strbuf *out);
void compare_rows_markdown(const struct side *before, const struct side *after,
                           const struct comparison *comparison, struct strbuf *out);
void compare_details(const struct side *before, const struct side *after,
                     const struct comparison *comparison, struct strbuf *out);

#endif

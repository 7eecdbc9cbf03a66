/* The plain summary of a plan: devices with bars, bytes by component, warnings and what to do about them. */
#ifndef OTPLAN_SRC_PLAN_SUMMARY_H
#define OTPLAN_SRC_PLAN_SUMMARY_H

#include "model/base/strbuf.h"
#include "src/plan_json.h"

#include <stdbool.h>

struct summary_style {
    int columns; /* width of the terminal, 80 where there is none */
    bool ascii;  /* bars without block glyphs */
};

/* The style for this process's standard output. */
struct summary_style summary_style_find(bool ascii);

/* Its first lines: the model, the settings, where the devices come from. */
void summary_head(const struct plan_json_source *source, struct strbuf *out);
void plan_summary(const struct plan_json_source *source, const struct summary_style *style,
                  struct strbuf *out);

/* "12 345.6" MiB from bytes. */
void summary_add_mib(struct strbuf *out, uint64_t bytes, int width);

#endif

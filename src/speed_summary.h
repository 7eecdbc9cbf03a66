/* The plain summary's lines on speed: decoding, prompts, and what both rest on. */
#ifndef OTPLAN_SRC_SPEED_SUMMARY_H
#define OTPLAN_SRC_SPEED_SUMMARY_H

#include "model/base/strbuf.h"
#include "src/plan_json.h"

/* Nothing where a bandwidth is unknown. */
void speed_summary(const struct plan_json_source *source, struct strbuf *out);

#endif

/* What `verify` and `run` print for people. */
#ifndef OTPLAN_SRC_VERIFY_TEXT_H
#define OTPLAN_SRC_VERIFY_TEXT_H

#include "model/base/error.h"
#include "model/log/log_verify.h"

/* New: the text, ending in a newline. */
char *verify_text(const struct log *log, const struct log_report *report);

/* Exit status of a verdict: ERROR_UNFIT for failed, cpu-fallback and differs. */
int verify_status(enum log_verdict verdict);

#endif

/* The document of `verify --json` (interface.md section 4). */
#ifndef OTPLAN_SRC_VERIFY_JSON_H
#define OTPLAN_SRC_VERIFY_JSON_H

#include "model/log/log_verify.h"

/* New: the text, ending in a newline. */
char *verify_json(const struct log *log, const struct log_report *report);

#endif

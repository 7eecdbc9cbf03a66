/* A log as a file or a pipe: plain text, JSON lines (--log-jsonl), or UTF-16 as a PowerShell `>` writes. */
#ifndef OTPLAN_SRC_LOG_FILE_H
#define OTPLAN_SRC_LOG_FILE_H

#include "model/base/error.h"
#include "model/base/strbuf.h"

#include <stdbool.h>

/* The whole log as plain text, appended to `out`; "-" is standard input. ERROR_INPUT where it cannot be
 * read. */
bool log_file_read(const char *path, struct strbuf *out, struct error *error);

/* What log_file_read does with the bytes: UTF-16 to UTF-8, JSON lines to their messages. */
void log_file_decode(const char *bytes, size_t n, struct strbuf *out);

#endif

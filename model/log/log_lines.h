/* The lines that are known, one table: what to look for and what it says. */
#ifndef OTPLAN_MODEL_LOG_LOG_LINES_H
#define OTPLAN_MODEL_LOG_LOG_LINES_H

#include "model/log/log_load.h"

/* Takes in reader->line. A line may be known to several entries; each gets it. */
void log_line_take(struct log_reader *reader);

/* A row of the memory breakdown ("- CUDA0 (RTX 4090) | 24080 = 9436 + (...) + 451 |"); false: none. */
bool log_row_parse(struct log_text line, struct log_row *row);

#endif

/* Asks std::regex itself, through the C++ program std_regex_check (see there for the questions). */
#ifndef OTPLAN_TESTS_SUPPORT_STD_REGEX_H
#define OTPLAN_TESTS_SUPPORT_STD_REGEX_H

#include "model/base/strbuf.h"

#include <stdbool.h>

/* Skips the test, with the reason, where no C++ compiler built the program. */
void std_regex_needed(void);

/* All questions at once; the answers, one a line, in `answers`. */
void std_regex_ask(const struct strbuf *questions, struct strbuf *answers);

/* The next answer line, cut off its newline, and `*at` moved behind it. */
char *std_regex_next(char **at);

#endif

/* What libFuzzer calls, and standalone.c where there is no libFuzzer. */
#ifndef OTPLAN_TESTS_FUZZ_FUZZ_H
#define OTPLAN_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif

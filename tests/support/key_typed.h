/* A key of the key table as pty_type takes it: "<C-r>", "<S-Up>", "m". */
#ifndef OTPLAN_TESTS_KEY_TYPED_H
#define OTPLAN_TESTS_KEY_TYPED_H

#include <stdint.h>

const char *key_typed(uint32_t key, char out[32]);

#endif

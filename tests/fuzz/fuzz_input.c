/* The terminal input decoder on hostile bytes: fed at once and byte by byte, it says the same. */
#include "tests/fuzz/fuzz.h"
#include "ui/input.h"

#include <stdlib.h>

static size_t drain(struct input *input)
{
    struct event event;
    size_t n = 0;
    while (input_next(input, &event)) {
        n++;
        event_clear(&event);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input whole;
    struct input pieces;
    size_t n_pieces = 0;
    input_init(&whole, 25);
    input_init(&pieces, 25);
    input_feed(&whole, (const char *)bytes, size);
    for (size_t i = 0; i < size; i++) {
        input_feed(&pieces, (const char *)bytes + i, 1);
        n_pieces += drain(&pieces);
    }
    if (drain(&whole) != n_pieces) {
        abort();
    }
    input_clear(&whole);
    input_clear(&pieces);
    return 0;
}

/* The heads of the parts of a remote model: each fetched in windows that double until its tensor table
 * ends, or taken from the cache where the server says that the file is still the same.
 */
#ifndef OTPLAN_SRC_REMOTE_HEADS_H
#define OTPLAN_SRC_REMOTE_HEADS_H

#include "src/remote_transfer.h"

struct remote_head {
    char *url;      /* owned */
    uint8_t *bytes; /* owned: `have` of them, the tensor table's end included */
    uint64_t have;
    uint64_t file_bytes; /* of the whole part */
};

/* Fills all `n` heads, whose addresses are given; free with remote_heads_clear, also after a failure.
 * `*from_cache`: the server could not be reached for some, and what it said before was taken. */
bool remote_heads_fetch(struct remote_head *heads, size_t n, const struct remote_options *options,
                        bool *from_cache, struct error *error);
void remote_heads_clear(struct remote_head *heads, size_t n);

#endif

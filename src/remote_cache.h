/* What remote servers said before: one file an address, in $XDG_CACHE_HOME/otplan (else
 * ~/.cache/otplan), written whole or not at all. Only good for answering "is it still the same?" and for
 * working offline; a cache that cannot be read or written is as good as none, and never an error.
 */
#ifndef OTPLAN_SRC_REMOTE_CACHE_H
#define OTPLAN_SRC_REMOTE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remote_cached {
    char tag[256]; /* ETag or Last-Modified; never "" */
    bool tag_is_etag;
    uint64_t file_bytes; /* of the whole file */
    uint8_t *bytes;      /* owned: its first `have` bytes */
    uint64_t have;
};

/* New `*out`, free with remote_cached_clear. False where there is nothing (usable) for this address. */
bool remote_cache_read(const char *url, struct remote_cached *out);
/* Replaces what is kept for `url`. Without a tag nothing is kept. */
void remote_cache_write(const char *url, const struct remote_cached *entry);
void remote_cached_clear(struct remote_cached *entry);

#endif

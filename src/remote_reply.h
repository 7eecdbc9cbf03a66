/* The header lines of one HTTP answer, as far as ranged reading needs them. Pure, and every line is
 * hostile: a number that does not parse is as good as absent.
 */
#ifndef OTPLAN_SRC_REMOTE_REPLY_H
#define OTPLAN_SRC_REMOTE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remote_reply {
    int status;     /* 0 before the status line */
    bool has_range; /* Content-Range: bytes FIRST-LAST/TOTAL, all three numbers known */
    uint64_t first, last, total;
    char tag[256];        /* ETag, else Last-Modified: what tells versions of a file apart; or "" */
    bool tag_is_etag;     /* false: Last-Modified */
    unsigned retry_after; /* seconds; 0 where not said */
    char next[1024];      /* Link: <...>; rel="next", or "" */
};

/* Takes one header line, with or without its line end. A status line begins a new answer. */
void remote_reply_line(struct remote_reply *reply, const char *line, size_t size);

#endif

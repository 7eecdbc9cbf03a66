/* Ranged reading over HTTP, several files at once: what is asked for arrives whole or an error does.
 *
 * A transfer that breaks goes on where it broke; network failures, 408, 429 and 5xx are tried again with
 * a growing pause. Redirects are followed by hand, so that each is held to the allowed addresses and the
 * token goes to its own origin only. Every answer is held against what was asked and against the answers
 * before it: a server without ranges, a wrong length or a file that changed is an error in words.
 * Proxies: libcurl's own variables (https_proxy, no_proxy, ...).
 */
#ifndef OTPLAN_SRC_REMOTE_TRANSFER_H
#define OTPLAN_SRC_REMOTE_TRANSFER_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remote_progress {
    size_t n_files;
    size_t n_done;
    uint64_t bytes; /* arrived so far, of all files */
};

struct remote_options {
    const char *token;        /* or NULL */
    const char *token_origin; /* the only origin (scheme, host, port) that is given the token */
    unsigned tries;           /* in a row without a byte arriving, before a file is given up */
    unsigned pause_ms;        /* before the second try; doubled before each further one */
    unsigned stall_seconds;   /* a transfer that stands still so long is broken; connecting too */
    bool (*progress)(void *context, const struct remote_progress *progress); /* false: cancel */
    void *context;
};

struct remote_options remote_options_default(void);

enum remote_ask {
    REMOTE_RANGE, /* bytes up to `want` */
    REMOTE_PROBE, /* is the file still the one that `tag` and `file_bytes` speak of? */
    REMOTE_WHOLE, /* all of it, at most `want` bytes, ranges or not */
};

struct remote_file {
    const char *url; /* borrowed */
    enum remote_ask ask;
    uint64_t want;
    uint8_t *bytes; /* owned; `have` of them have arrived */
    uint64_t have;
    uint64_t file_bytes; /* of the whole file, once an answer came */
    char tag[256];       /* ETag or Last-Modified, "" where the server gives none */
    bool tag_is_etag;
    char next[1024];  /* REMOTE_WHOLE: the page that follows, or "" */
    bool unchanged;   /* REMOTE_PROBE: the answer */
    bool unreachable; /* it failed because no usable answer came: network, time-outs, 5xx */
    struct error error;
    /* Called with each complete answer. True: ask again, with the members above changed for it. */
    bool (*answered)(struct remote_file *file, void *context);
    void *context;
};

/* Runs until each file is done or failed. False with the first file's error, or ERROR_SYSTEM (no libcurl),
 * or ERROR_INTERRUPTED where the progress function cancelled; the files' own errors say which failed. */
bool remote_transfer(struct remote_file *files, size_t n, const struct remote_options *options,
                     struct error *error);
void remote_file_clear(struct remote_file *file);

#endif

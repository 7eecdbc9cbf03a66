/* A real HTTP server on loopback, for tests of remote reading: files with ranges, and each way a server
 * can disappoint. What it was asked and what it sent is counted in the files themselves.
 */
#ifndef OTPLAN_TESTS_SUPPORT_HTTP_SERVER_H
#define OTPLAN_TESTS_SUPPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_lie {
    HTTP_HONEST,
    HTTP_LIE_RANGE,  /* Content-Range of other bytes than were asked for */
    HTTP_LIE_NONE,   /* 206 without Content-Range */
    HTTP_LIE_LONGER, /* the body is longer than the range (and Content-Length says so) */
};

struct http_file {
    const char *path; /* with the query, "/a/b.gguf?x=1" */
    const void *bytes;
    size_t size;
    uint64_t file_bytes; /* 0: = size; bytes past `size` are zeros */
    const char *etag;    /* with its quotes, or NULL */
    bool changing;       /* another ETag with each request */
    bool no_ranges;
    int status;           /* answer with this status ... */
    int n_status;         /* ... so many times, -1 always */
    const char *redirect; /* 302 to this address */
    const char *token;    /* 401 without "Bearer TOKEN" */
    const char *link;     /* value of a Link header */
    uint64_t break_after; /* close the connection after so many bytes of the body ... */
    int n_break;          /* ... so many times */
    int n_stall;          /* send a header and then nothing, so many times */
    enum http_lie lie;

    /* what happened; read it with the server stopped or idle */
    int n_requests;
    int n_not_modified;
    int n_with_token;         /* requests with an Authorization header */
    uint64_t n_sent;          /* bytes, headers included */
    uint64_t ranges_from[64]; /* where the ranges of the first requests began */
};

struct http_server;

/* Serves `files` (borrowed) until stopped. Requests whose target is a whole address (as to a proxy) are
 * looked up by it. */
struct http_server *http_server_start(struct http_file *files, size_t n);
void http_server_stop(struct http_server *server);
int http_server_port(const struct http_server *server);
/* New: http://127.0.0.1:PORT and `path`. */
char *http_server_url(const struct http_server *server, const char *path);

#endif

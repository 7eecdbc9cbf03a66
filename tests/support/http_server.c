#include "tests/support/http_server.h"

#include "model/base/memory.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 16384, CONNECTIONS_MAX = 512, PIECE = 16384 };

struct http_server {
    int socket;
    int port;
    pthread_t thread;
    pthread_t connections[CONNECTIONS_MAX];
    size_t n_connections;
    pthread_mutex_t lock; /* over the files' counters */
    struct http_file *files;
    size_t n;
};

struct connection {
    struct http_server *server;
    int socket;
    char request[REQUEST_MAX];
    uint64_t sent;
};

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_request(struct connection *connection)
{
    size_t length = 0;
    while (length + 1 < REQUEST_MAX) {
        ssize_t got =
            recv(connection->socket, connection->request + length, REQUEST_MAX - 1 - length, 0);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        connection->request[length] = '\0';
        if (strstr(connection->request, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

/* The value of a header into `out`; false where it is not there. */
static bool header(const char *request, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = strstr(request, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1 + strspn(line + length + 1, " ");
            snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
            return true;
        }
    }
    return false;
}

static struct http_file *find(struct http_server *server, const char *request)
{
    const char *target = strchr(request, ' ');
    size_t length = target != NULL ? strcspn(target + 1, " \r") : 0;
    for (size_t i = 0; target != NULL && i < server->n; i++) {
        const char *path = server->files[i].path;
        if (strlen(path) == length && strncmp(target + 1, path, length) == 0) {
            return &server->files[i];
        }
    }
    return NULL;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static bool send_all(struct connection *connection, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(connection->socket, at, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        size -= (size_t)sent;
        connection->sent += (uint64_t)sent;
    }
    return true;
}

static void send_text(struct connection *connection, const char *text)
{
    send_all(connection, text, strlen(text));
}

static void send_body(struct connection *connection, const struct http_file *file, uint64_t from,
                      uint64_t size)
{
    char piece[PIECE];
    while (size > 0) {
        size_t n = size < PIECE ? (size_t)size : PIECE;
        memset(piece, 0, n);
        if (from < file->size) {
            size_t there = file->size - (size_t)from;
            memcpy(piece, (const char *)file->bytes + from, there < n ? there : n);
        }
        if (!send_all(connection, piece, n)) {
            return;
        }
        from += n;
        size -= n;
    }
}

/* Until the client gives up. */
static void stall(struct connection *connection)
{
    char byte;
    while (recv(connection->socket, &byte, 1, 0) > 0) {
    }
}

static void send_status(struct connection *connection, int status, const char *more)
{
    char *text = memory_format("HTTP/1.1 %d Test\r\n%sContent-Length: 0\r\nConnection: "
                               "close\r\n\r\n",
                               status, more);
    send_text(connection, text);
    free(text);
}

static bool take(int *count)
{
    bool there = *count != 0;
    *count -= *count > 0;
    return there;
}

/* What is decided under the lock, so that counters and answers agree. */
struct decision {
    struct http_file file; /* a copy */
    bool refuse_token, status, stall, cut;
    char etag[80];
};

static void decide(struct http_server *server, struct http_file *file, const char *request,
                   struct decision *out)
{
    char authorization[256] = "";
    char expected[256] = "";
    pthread_mutex_lock(&server->lock);
    file->n_requests++;
    file->n_with_token += header(request, "Authorization", authorization, sizeof authorization);
    snprintf(expected, sizeof expected, "Bearer %s", file->token != NULL ? file->token : "");
    out->refuse_token = file->token != NULL && strcmp(expected, authorization) != 0;
    out->status = file->status != 0 && take(&file->n_status);
    out->stall = !out->status && take(&file->n_stall);
    out->cut = !out->status && !out->stall && take(&file->n_break);
    out->file = *file;
    if (file->changing) {
        snprintf(out->etag, sizeof out->etag, "\"v%d\"", file->n_requests);
    } else {
        snprintf(out->etag, sizeof out->etag, "%s", file->etag != NULL ? file->etag : "");
    }
    pthread_mutex_unlock(&server->lock);
}

static void note_range(struct http_server *server, struct http_file *file, uint64_t from)
{
    pthread_mutex_lock(&server->lock);
    if (file->n_requests <= 64) {
        file->ranges_from[file->n_requests - 1] = from;
    }
    pthread_mutex_unlock(&server->lock);
}

static void send_content(struct connection *connection, struct http_file *file,
                         const struct decision *decision)
{
    uint64_t total = file->file_bytes != 0 ? file->file_bytes : file->size;
    uint64_t from = 0;
    uint64_t last = total == 0 ? 0 : total - 1;
    char range[128] = "";
    bool ranged = !file->no_ranges && header(connection->request, "Range", range, sizeof range) &&
                  sscanf(range, "bytes=%" SCNu64 "-%" SCNu64, &from, &last) >= 1;
    note_range(connection->server, file, from);
    if (ranged && from >= total) {
        send_status(connection, 416, "");
        return;
    }
    last = last < total ? last : total - 1;
    uint64_t body = last - from + 1;
    uint64_t length = body + (file->lie == HTTP_LIE_LONGER ? 7 : 0);
    char said[160] = "";
    if (ranged && file->lie != HTTP_LIE_NONE) {
        snprintf(said, sizeof said, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
                 from + (file->lie == HTTP_LIE_RANGE), last, total);
    }
    char *text = memory_format(
        "HTTP/1.1 %s\r\n%s%s%s%s%s%s%sContent-Length: %" PRIu64 "\r\nConnection: close\r\n\r\n",
        ranged ? "206 Partial Content" : "200 OK", said, decision->etag[0] != '\0' ? "ETag: " : "",
        decision->etag, decision->etag[0] != '\0' ? "\r\n" : "", file->link != NULL ? "Link: " : "",
        file->link != NULL ? file->link : "", file->link != NULL ? "\r\n" : "", length);
    send_text(connection, text);
    free(text);
    if (decision->stall) {
        stall(connection);
        return;
    }
    send_body(connection, file, from,
              decision->cut && file->break_after < length ? file->break_after : length);
}

static void answer(struct connection *connection, struct http_file *file)
{
    struct decision decision;
    char known[256] = "";
    decide(connection->server, file, connection->request, &decision);
    if (decision.refuse_token) {
        send_status(connection, 401, "");
    } else if (decision.status) {
        send_status(connection, file->status, "");
    } else if (file->redirect != NULL) {
        char *more = memory_format("Location: %s\r\n", file->redirect);
        send_status(connection, 302, more);
        free(more);
    } else if (header(connection->request, "If-None-Match", known, sizeof known) &&
               decision.etag[0] != '\0' && strcmp(known, decision.etag) == 0) {
        pthread_mutex_lock(&connection->server->lock);
        file->n_not_modified++;
        pthread_mutex_unlock(&connection->server->lock);
        send_status(connection, 304, "");
    } else {
        send_content(connection, file, &decision);
    }
}

/* ---- connections ----------------------------------------------------------------------------- */

static void *serve(void *context)
{
    struct connection *connection = context;
    if (read_request(connection)) {
        struct http_file *file = find(connection->server, connection->request);
        if (file == NULL) {
            send_status(connection, 404, "");
        } else {
            answer(connection, file);
            pthread_mutex_lock(&connection->server->lock);
            file->n_sent += connection->sent;
            pthread_mutex_unlock(&connection->server->lock);
        }
    }
    shutdown(connection->socket, SHUT_WR);
    stall(connection); /* closing with unread bytes would reset what was sent */
    close(connection->socket);
    free(connection);
    return NULL;
}

static void *accept_all(void *context)
{
    struct http_server *server = context;
    for (;;) {
        int socket = accept(server->socket, NULL, NULL);
        if (socket < 0 || server->n_connections == CONNECTIONS_MAX) {
            return NULL;
        }
        struct connection *connection = memory_new(sizeof *connection);
        connection->server = server;
        connection->socket = socket;
        pthread_create(&server->connections[server->n_connections++], NULL, serve, connection);
    }
}

struct http_server *http_server_start(struct http_file *files, size_t n)
{
    struct http_server *server = memory_new(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->files = files;
    server->n = n;
    pthread_mutex_init(&server->lock, NULL);
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(server->socket >= 0 &&
              bind(server->socket, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(server->socket, 64) == 0 &&
              getsockname(server->socket, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    cr_assert_eq(pthread_create(&server->thread, NULL, accept_all, server), 0);
    return server;
}

void http_server_stop(struct http_server *server)
{
    shutdown(server->socket, SHUT_RDWR); /* wakes accept */
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->n_connections; i++) {
        pthread_join(server->connections[i], NULL);
    }
    close(server->socket);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

char *http_server_url(const struct http_server *server, const char *path)
{
    return memory_format("http://127.0.0.1:%d%s", server->port, path);
}

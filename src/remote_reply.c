#include "src/remote_reply.h"

#include <string.h>
#include <strings.h>

enum { RETRY_AFTER_MAX = 60, LINE_MAX_BYTES = 4096 };

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at;
}

/* The decimal number at *at, moved past it. */
static bool read_number(const char **at, uint64_t *out)
{
    const char *begin = *at;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(**at - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return *at != begin;
}

static bool read_char(const char **at, char c)
{
    bool there = **at == c;
    *at += there;
    return there;
}

static void take_range(struct remote_reply *reply, const char *value)
{
    if (strncasecmp(value, "bytes", 5) != 0) {
        return;
    }
    value = skip_space(value + 5);
    reply->has_range = read_number(&value, &reply->first) && read_char(&value, '-') &&
                       read_number(&value, &reply->last) && read_char(&value, '/') &&
                       read_number(&value, &reply->total) && *skip_space(value) == '\0' &&
                       reply->first <= reply->last && reply->last < reply->total;
}

/* A value too long to keep whole is dropped: half of one would compare equal to another's half. */
static void copy(char *to, size_t size, const char *from, size_t length)
{
    to[0] = '\0';
    if (length < size) {
        memcpy(to, from, length);
        to[length] = '\0';
    }
}

static void take_etag(struct remote_reply *reply, const char *value)
{
    copy(reply->tag, sizeof reply->tag, value, strlen(value));
    reply->tag_is_etag = reply->tag[0] != '\0';
}

static void take_modified(struct remote_reply *reply, const char *value)
{
    if (!reply->tag_is_etag) {
        copy(reply->tag, sizeof reply->tag, value, strlen(value));
    }
}

static void take_retry(struct remote_reply *reply, const char *value)
{
    uint64_t seconds = 0;
    if (read_number(&value, &seconds)) {
        reply->retry_after = seconds < RETRY_AFTER_MAX ? (unsigned)seconds : RETRY_AFTER_MAX;
    }
}

static void take_link(struct remote_reply *reply, const char *value)
{
    const char *end = strchr(value, '>');
    if (value[0] == '<' && end != NULL && strstr(end, "rel=\"next\"") != NULL) {
        copy(reply->next, sizeof reply->next, value + 1, (size_t)(end - value - 1));
    }
}

static const struct {
    const char *name;
    void (*take)(struct remote_reply *reply, const char *value);
} FIELDS[] = {{"content-range", take_range},
              {"etag", take_etag},
              {"last-modified", take_modified},
              {"retry-after", take_retry},
              {"link", take_link}};

static void begin(struct remote_reply *reply, const char *line)
{
    *reply = (struct remote_reply){0};
    const char *space = strchr(line, ' ');
    uint64_t status = 0;
    if (space != NULL) {
        space = skip_space(space);
        reply->status = read_number(&space, &status) && status < 1000 ? (int)status : 0;
    }
}

void remote_reply_line(struct remote_reply *reply, const char *line, size_t size)
{
    char text[LINE_MAX_BYTES];
    while (size > 0 && strchr("\r\n \t", line[size - 1]) != NULL) {
        size--;
    }
    if (size >= sizeof text || memchr(line, '\0', size) != NULL) {
        return;
    }
    memcpy(text, line, size);
    text[size] = '\0';
    if (strncmp(text, "HTTP/", 5) == 0) {
        begin(reply, text);
        return;
    }
    const char *colon = strchr(text, ':');
    for (size_t i = 0; colon != NULL && i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        size_t length = strlen(FIELDS[i].name);
        if ((size_t)(colon - text) == length && strncasecmp(text, FIELDS[i].name, length) == 0) {
            FIELDS[i].take(reply, skip_space(colon + 1));
        }
    }
}

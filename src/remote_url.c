#include "src/remote_url.h"

#include "model/base/memory.h"
#include "model/gguf/split_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { URL_MAX_BYTES = 4096 };

struct parts {
    const char *host;
    size_t host_length;
    unsigned long port;
    bool https;
    bool has_user;
};

bool remote_url_like(const char *text)
{
    size_t scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0;
}

bool remote_url_is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0;
}

static bool split(const char *url, struct parts *out)
{
    bool http = strncasecmp(url, "http://", 7) == 0;
    out->https = remote_url_is_https(url);
    if (!http && !out->https) {
        return false;
    }
    const char *begin = url + (http ? 7 : 8);
    size_t length = strcspn(begin, "/?#");
    const char *at = memrchr(begin, '@', length);
    out->has_user = at != NULL;
    out->host = at != NULL ? at + 1 : begin;
    length -= (size_t)(out->host - begin);
    const char *bracket = memrchr(out->host, ']', length);
    const char *after = bracket != NULL ? bracket : out->host;
    const char *colon = memchr(after, ':', length - (size_t)(after - out->host));
    out->port = colon != NULL && isdigit((unsigned char)colon[1]) ? strtoul(colon + 1, NULL, 10)
                : out->https                                      ? 443
                                                                  : 80;
    out->host_length = colon != NULL ? (size_t)(colon - out->host) : length;
    return out->host_length > 0;
}

static bool has_odd_bytes(const char *url)
{
    for (const char *c = url; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || *c == 0x7f || *c == '\\') {
            return true;
        }
    }
    return false;
}

bool remote_url_check(const char *url, struct error *error)
{
    struct parts parts;
    char *shown = remote_url_shown(url);
    const char *what = NULL;
    if (strlen(url) > URL_MAX_BYTES) {
        what = "an address of more than 4096 bytes";
    } else if (has_odd_bytes(url)) {
        what = "an address with spaces, backslashes or control characters (write them as %20)";
    } else if (!split(url, &parts)) {
        what = "not an address otplan reads: https://, http:// and hf:OWNER/REPO are";
    } else if (parts.has_user) {
        what = "a user name in the address is refused (a token goes into HF_TOKEN)";
    }
    if (what != NULL) {
        error_set(error, ERROR_INPUT, "%.300s: %s", shown, what);
    }
    free(shown);
    return what == NULL;
}

bool remote_url_same_origin(const char *a, const char *b)
{
    struct parts one;
    struct parts other;
    return split(a, &one) && split(b, &other) && one.https == other.https &&
           one.port == other.port && one.host_length == other.host_length &&
           strncasecmp(one.host, other.host, one.host_length) == 0;
}

char *remote_url_shown(const char *url)
{
    size_t length = strcspn(url, "?#");
    const char *scheme = memmem(url, length, "://", 3);
    const char *host = scheme != NULL ? scheme + 3 : url;
    const char *end = url + length;
    const char *slash = memchr(host, '/', (size_t)(end - host));
    const char *at = memrchr(host, '@', (size_t)((slash != NULL ? slash : end) - host));
    if (at == NULL) {
        return memory_text_n(url, length);
    }
    return memory_format("%.*s%.*s", (int)(host - url), url, (int)(end - at - 1), at + 1);
}

/* Of the path alone: a host that is called so is no part. */
static bool split_part(const char *url, char **name, struct split_name *out)
{
    *name = memory_text_n(url, strcspn(url, "?#"));
    const char *scheme = strstr(*name, "://");
    const char *path = scheme != NULL ? strchr(scheme + 3, '/') : NULL;
    return path != NULL && split_name_parse(path, out) && split_name_parse(*name, out);
}

uint32_t remote_url_parts(const char *url)
{
    char *name = NULL;
    struct split_name split_name;
    uint32_t count = split_part(url, &name, &split_name) ? split_name.count : 1;
    free(name);
    return count;
}

char *remote_url_part(const char *url, uint32_t number)
{
    char *name = NULL;
    struct split_name split_name;
    if (!split_part(url, &name, &split_name)) {
        free(name);
        return memory_text(url);
    }
    char *part = split_name_sibling(name, split_name.prefix_length, number, split_name.count);
    char *whole = memory_format("%s%s", part, url + strlen(name));
    free(part);
    free(name);
    return whole;
}

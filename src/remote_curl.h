/* libcurl, loaded when the first remote name is opened: linking it would cost every start of the program
 * more than opening a model does. Only what is used here is declared, by libcurl's stable ABI
 * (libcurl.so.4); its headers are not needed to build.
 */
#ifndef OTPLAN_SRC_REMOTE_CURL_H
#define OTPLAN_SRC_REMOTE_CURL_H

#include "model/base/error.h"

#include <stddef.h>

struct curl_easy;
struct curl_multi;
struct curl_list;

enum curl_option {
    CURL_OPTION_LOW_SPEED_LIMIT = 19,
    CURL_OPTION_LOW_SPEED_TIME = 20,
    CURL_OPTION_FOLLOW_LOCATION = 52,
    CURL_OPTION_CONNECT_TIMEOUT = 78,
    CURL_OPTION_NO_SIGNAL = 99,
    CURL_OPTION_UNRESTRICTED_AUTH = 105,
    CURL_OPTION_PROTOCOLS = 181,
    CURL_OPTION_SUPPRESS_CONNECT_HEADERS = 265,
    CURL_OPTION_WRITE_DATA = 10001,
    CURL_OPTION_URL = 10002,
    CURL_OPTION_RANGE = 10007,
    CURL_OPTION_USER_AGENT = 10018,
    CURL_OPTION_HTTP_HEADER = 10023,
    CURL_OPTION_HEADER_DATA = 10029,
    CURL_OPTION_PRIVATE = 10103,
    CURL_OPTION_PROTOCOLS_STR = 10318, /* since 7.85; before it CURL_OPTION_PROTOCOLS */
    CURL_OPTION_WRITE_FUNCTION = 20011,
    CURL_OPTION_HEADER_FUNCTION = 20079,
};

enum curl_info {
    CURL_INFO_PRIVATE = 0x100000 + 21,
    CURL_INFO_REDIRECT_URL = 0x100000 + 31, /* where a redirect that is not followed leads */
};

enum curl_code {
    CURL_OK = 0,
    CURL_NO_PROXY_HOST = 5,
    CURL_NO_HOST = 6,
    CURL_NOT_CONNECTED = 7,
    CURL_HTTP2 = 16,
    CURL_PARTIAL = 18,
    CURL_TIMED_OUT = 28,
    CURL_NOTHING = 52,
    CURL_SEND_FAILED = 55,
    CURL_RECEIVE_FAILED = 56,
    CURL_HTTP2_STREAM = 92,
};

enum { CURL_MESSAGE_DONE = 1, CURL_GLOBAL_ALL = 3, CURL_PROTOCOLS_HTTP_HTTPS = 3 };

struct curl_message {
    int kind; /* CURL_MESSAGE_DONE */
    struct curl_easy *easy;
    union {
        void *whatever;
        int result; /* enum curl_code */
    } data;
};

struct remote_curl {
    int (*global_init)(long flags);
    struct curl_easy *(*easy_init)(void);
    void (*easy_cleanup)(struct curl_easy *easy);
    void (*easy_reset)(struct curl_easy *easy);
    int (*easy_setopt)(struct curl_easy *easy, int option, ...);
    int (*easy_getinfo)(struct curl_easy *easy, int info, ...);
    const char *(*easy_strerror)(int code);
    struct curl_multi *(*multi_init)(void);
    int (*multi_cleanup)(struct curl_multi *multi);
    int (*multi_add_handle)(struct curl_multi *multi, struct curl_easy *easy);
    int (*multi_remove_handle)(struct curl_multi *multi, struct curl_easy *easy);
    int (*multi_perform)(struct curl_multi *multi, int *running);
    int (*multi_poll)(struct curl_multi *multi, void *extra, unsigned n_extra, int timeout_ms,
                      int *n_ready);
    struct curl_message *(*multi_info_read)(struct curl_multi *multi, int *n_left);
    struct curl_list *(*slist_append)(struct curl_list *list, const char *text);
    void (*slist_free_all)(struct curl_list *list);
};

/* The library, loaded once for the whole run. NULL with ERROR_SYSTEM where this machine has none. */
const struct remote_curl *remote_curl_load(struct error *error);

#endif

#include "src/remote_curl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

static const char *const NAMES[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

static const struct {
    const char *symbol;
    size_t place;
} SYMBOLS[] = {
    {"curl_global_init", offsetof(struct remote_curl, global_init)},
    {"curl_easy_init", offsetof(struct remote_curl, easy_init)},
    {"curl_easy_cleanup", offsetof(struct remote_curl, easy_cleanup)},
    {"curl_easy_reset", offsetof(struct remote_curl, easy_reset)},
    {"curl_easy_setopt", offsetof(struct remote_curl, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct remote_curl, easy_getinfo)},
    {"curl_easy_strerror", offsetof(struct remote_curl, easy_strerror)},
    {"curl_multi_init", offsetof(struct remote_curl, multi_init)},
    {"curl_multi_cleanup", offsetof(struct remote_curl, multi_cleanup)},
    {"curl_multi_add_handle", offsetof(struct remote_curl, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct remote_curl, multi_remove_handle)},
    {"curl_multi_perform", offsetof(struct remote_curl, multi_perform)},
    {"curl_multi_poll", offsetof(struct remote_curl, multi_poll)},
    {"curl_multi_info_read", offsetof(struct remote_curl, multi_info_read)},
    {"curl_slist_append", offsetof(struct remote_curl, slist_append)},
    {"curl_slist_free_all", offsetof(struct remote_curl, slist_free_all)},
};

static void *open_library(void)
{
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        library = dlopen(NAMES[i], RTLD_NOW | RTLD_LOCAL);
    }
    return library;
}

static bool find_symbols(void *library, struct remote_curl *curl)
{
    for (size_t i = 0; i < sizeof SYMBOLS / sizeof SYMBOLS[0]; i++) {
        void *symbol = dlsym(library, SYMBOLS[i].symbol);
        if (symbol == NULL) {
            return false;
        }
        memcpy((char *)curl + SYMBOLS[i].place, &symbol, sizeof symbol);
    }
    return true;
}

const struct remote_curl *remote_curl_load(struct error *error)
{
    static struct remote_curl curl;
    static bool loaded;
    if (loaded) {
        return &curl;
    }
    void *library = open_library();
    if (library == NULL) {
        error_set(error, ERROR_SYSTEM,
                  "remote models need libcurl, and libcurl.so.4 is not on this machine (install "
                  "libcurl4)");
        return NULL;
    }
    if (!find_symbols(library, &curl) || curl.global_init(CURL_GLOBAL_ALL) != CURL_OK) {
        dlclose(library);
        error_set(error, ERROR_SYSTEM,
                  "remote models need libcurl 7.66 or newer, and this machine's is older or does "
                  "not start");
        return NULL;
    }
    loaded = true;
    return &curl;
}

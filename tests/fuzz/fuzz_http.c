/* What a hostile server says: header lines, addresses to go to, lists of files. */
#include "model/base/memory.h"
#include "src/remote_reply.h"
#include "src/remote_repo_files.h"
#include "src/remote_url.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void see_header(const char *text, size_t size)
{
    struct remote_reply reply = {0};
    for (const char *end = NULL; size > 0; size -= (size_t)(end - text), text = end) {
        const char *line_end = memchr(text, '\n', size);
        end = line_end != NULL ? line_end + 1 : text + size;
        remote_reply_line(&reply, text, (size_t)(end - text));
    }
    if (reply.has_range && (reply.first > reply.last || reply.last >= reply.total)) {
        abort();
    }
}

static void see_url(const char *text)
{
    char *shown = remote_url_shown(text);
    if (strchr(shown, '?') != NULL || strlen(shown) > strlen(text)) {
        abort();
    }
    if (remote_url_check(text, NULL)) {
        uint32_t count = remote_url_parts(text);
        char *part = remote_url_part(text, count);
        if (!remote_url_same_origin(text, part) || !remote_url_check(part, NULL)) {
            abort(); /* the token would go elsewhere */
        }
        free(part);
    }
    free(shown);
}

static void see_list(const char *text, size_t size)
{
    struct remote_repo_files files = {0};
    char *path = NULL;
    if (remote_repo_files_add(&files, "fuzz", text, size, NULL) &&
        remote_repo_files_choose(&files, "fuzz", NULL, &path, NULL)) {
        char *url = memory_format("https://h/%s", path);
        if (strlen(url) < 4096 && !remote_url_check(url, NULL)) {
            abort(); /* whatever a file is called, its address is one */
        }
        free(url);
    }
    free(path);
    remote_repo_files_clear(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = memory_text_n((const char *)bytes, size);
    see_header(text, size);
    see_url(text);
    see_list(text, size);
    free(text);
    return 0;
}

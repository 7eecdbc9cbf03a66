/* A file that takes long to open is spoken of on a terminal, and nowhere else. */
#include "src/open_progress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

/* Reads until `words` have come; at most ten seconds. */
static bool comes(int file, const char *words, char *text, size_t size)
{
    size_t length = strlen(text);
    while (strstr(text, words) == NULL) {
        struct pollfd ready = {.fd = file, .events = POLLIN};
        if (length + 1 >= size || poll(&ready, 1, 10000) <= 0) {
            return false;
        }
        ssize_t n = read(file, text + length, size - 1 - length);
        if (n <= 0) {
            return false;
        }
        length += (size_t)n;
        text[length] = '\0';
    }
    return true;
}

Test(open_progress, says_what_is_read_and_wipes_it_away)
{
    int master = -1;
    int slave = -1;
    char text[4096] = "";
    int saved = dup(STDERR_FILENO);
    cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
    dup2(slave, STDERR_FILENO);
    struct open_progress *progress = open_progress_begin("/models/far\033away.gguf");
    bool said = comes(master, "Ctrl-C stops", text, sizeof text);
    open_progress_end(progress);
    bool wiped = comes(master, "\033[K", text, sizeof text);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(slave);
    close(master);
    cr_assert(said, "%s", text);
    cr_assert_not_null(strstr(text, "otplan: reading far?away.gguf, "), "%s", text);
    cr_assert(wiped, "%s", text);
}

Test(open_progress, is_silent_without_a_terminal)
{
    int saved = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    struct open_progress *progress = open_progress_begin("model.gguf");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    cr_assert_null(progress);
    open_progress_end(progress);
}

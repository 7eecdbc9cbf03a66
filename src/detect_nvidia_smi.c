#include "src/nvml.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, MOST_OUTPUT = 65536, MOST_CARDS = 64 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_pipe(int from, struct strbuf *out)
{
    int64_t end = now_ms() + PATIENCE_MS;
    char bytes[4096];
    for (;;) {
        struct pollfd ready = {.fd = from, .events = POLLIN};
        int64_t left = end - now_ms();
        int polled = left > 0 && out->length < MOST_OUTPUT ? poll(&ready, 1, (int)left) : 0;
        if (polled < 0 && errno == EINTR) {
            continue;
        }
        ssize_t got = polled > 0 ? read(from, bytes, sizeof bytes) : 0;
        if (got <= 0) {
            return;
        }
        strbuf_add_n(out, bytes, (size_t)got);
    }
}

/* Runs a program from PATH without a shell; what it printed is in `out`. False where it failed. */
static bool run(const char *const *argv, struct strbuf *out)
{
    int ends[2];
    pid_t child = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool started = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (started) {
        read_pipe(ends[0], out);
    }
    close(ends[0]);
    int status = 0;
    if (started && waitpid(child, &status, WNOHANG) == 0) {
        usleep(100000);
        if (waitpid(child, &status, WNOHANG) == 0) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
        }
    }
    return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The next field of a CSV line, blanks around it cut off; "" at the end. */
static char *next_field(char **line)
{
    static char nothing[1];
    char *field = strsep(line, ",");
    if (field == NULL) {
        nothing[0] = '\0';
        return nothing;
    }
    field += strspn(field, " ");
    for (size_t n = strlen(field); n > 0 && strchr(" \r", field[n - 1]) != NULL; n--) {
        field[n - 1] = '\0';
    }
    return field;
}

/* pci.bus_id, uuid, memory.total, memory.free, compute_cap, name (last: it may hold a comma) */
static bool read_line(char *line, struct card *card)
{
    *card = (struct card){0};
    card_set_pci(card, next_field(&line));
    snprintf(card->uuid, sizeof card->uuid, "%s", next_field(&line));
    char *end = NULL;
    card->total = strtoull(next_field(&line), &end, 10) << 20;
    card->free = strtoull(next_field(&line), &end, 10) << 20;
    int major = 0;
    int minor = 0;
    if (sscanf(next_field(&line), "%d.%d", &major, &minor) == 2) {
        card->capability_major = major;
        card->capability_minor = minor;
    }
    const char *name = line != NULL ? line + strspn(line, " ") : "";
    snprintf(card->name, sizeof card->name, "%s", name);
    return card->pci[0] != '\0' && card->total > 0 && card->free <= card->total;
}

struct card *nvidia_smi_cards(size_t *n)
{
    static const char *const argv[] = {
        "nvidia-smi", "--query-gpu=pci.bus_id,uuid,memory.total,memory.free,compute_cap,name",
        "--format=csv,noheader,nounits", NULL};
    struct strbuf out = {0};
    struct card *cards = NULL;
    *n = 0;
    if (run(argv, &out)) {
        cards = memory_array(MOST_CARDS, sizeof *cards);
        char *rest = out.text;
        for (char *line = strsep(&rest, "\n"); line != NULL && *n < MOST_CARDS;
             line = strsep(&rest, "\n")) {
            *n += read_line(line, &cards[*n]) ? 1 : 0;
        }
        cards_sort(cards, *n);
    }
    strbuf_clear(&out);
    if (*n == 0) {
        free(cards);
        return NULL;
    }
    return cards;
}

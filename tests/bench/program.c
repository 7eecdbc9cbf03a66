#include "tests/bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The word in the status line that the first frame ends with; it is written in one piece. */
static const char last_words[] = "NORMAL";

enum { PATIENCE_MILLISECONDS = 20000 };

static double read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_processor(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, compare);
    return n == 0 ? 0 : seconds[n / 2];
}

static void run_child(const char *const argv[])
{
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("LINES");
    unsetenv("COLUMNS");
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* Reads until the words are there, or until the end where `words` is NULL. */
static bool read_until(int terminal, const char *words)
{
    static char seen[1 << 20];
    size_t length = 0;
    struct pollfd wait = {.fd = terminal, .events = POLLIN};
    while (poll(&wait, 1, PATIENCE_MILLISECONDS) > 0) {
        if (length > sizeof seen / 2)
            length = 0;
        ssize_t more = read(terminal, seen + length, sizeof seen - length - 1);
        if (more <= 0)
            return words == NULL;
        length += (size_t)more;
        if (words && memmem(seen, length, words, strlen(words)))
            return true;
    }
    return false;
}

bool bench_program(const char *const argv[], struct bench_start *out)
{
    struct winsize size = {.ws_row = 40, .ws_col = 120};
    struct rusage used;
    int terminal, status;
    double start = bench_now();
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child < 0)
        return false;
    if (child == 0)
        run_child(argv);
    bool shown = read_until(terminal, last_words);
    out->first_frame = bench_now() - start;
    if (shown && write(terminal, "q", 1) == 1)
        read_until(terminal, NULL);
    else
        kill(child, SIGKILL);
    wait4(child, &status, 0, &used);
    close(terminal);
    out->peak_kib = used.ru_maxrss;
    return shown;
}

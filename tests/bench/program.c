#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
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

enum { PATIENCE_MILLISECONDS = 20000, QUIET_MILLISECONDS = 150, STEPS = 11 };

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

/* Bytes until nothing comes for a while. */
static size_t drain(int terminal)
{
    static char seen[1 << 16];
    size_t bytes = 0;
    struct pollfd wait = {.fd = terminal, .events = POLLIN};
    while (poll(&wait, 1, QUIET_MILLISECONDS) > 0) {
        ssize_t more = read(terminal, seen, sizeof seen);
        if (more <= 0)
            break;
        bytes += (size_t)more;
    }
    return bytes;
}

static long voluntary_switches(pid_t pid)
{
    char path[64], line[256];
    long switches = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &switches);
    if (file)
        fclose(file);
    return switches;
}

/* Down, a block, into the hand: then every arrow is a step of the drag. */
static double walk(int terminal)
{
    static const char *const before[] = {"jjjj", "v", "llll", "m"};
    double bytes[STEPS];
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        if (write(terminal, before[i], strlen(before[i])) < 0)
            return -1;
        drain(terminal);
    }
    for (int i = 0; i < STEPS; i++) {
        if (write(terminal, i % 6 < 3 ? "\033[B" : "\033[A", 3) != 3)
            return -1;
        bytes[i] = (double)drain(terminal);
    }
    return bench_median(bytes, STEPS);
}

bool bench_live(const char *const argv[], struct bench_live *out)
{
    struct winsize size = {.ws_row = 40, .ws_col = 120};
    int terminal, status;
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child < 0)
        return false;
    if (child == 0)
        run_child(argv);
    bool shown = read_until(terminal, last_words);
    if (shown) {
        out->bytes_per_step = walk(terminal);
        for (int i = 0; i < 3; i++) /* what is done once after an edit is over */
            drain(terminal);
        sleep(3);
        long before = voluntary_switches(child);
        sleep(10);
        out->idle_switches = voluntary_switches(child) - before;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(terminal);
    return shown;
}

double bench_run(const char *const argv[], long *peak_kib)
{
    struct rusage used;
    int status;
    double start = bench_now();
    pid_t child = fork();
    if (child == 0) {
        int sink = open("/dev/null", O_WRONLY);
        dup2(sink, STDOUT_FILENO);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0)
        return -1;
    double seconds = bench_now() - start;
    *peak_kib = used.ru_maxrss;
    return WIFEXITED(status) && WEXITSTATUS(status) < 2 ? seconds : -1;
}

void bench_forget(const char *path)
{
    int file = open(path, O_RDONLY);
    if (file >= 0) {
        fdatasync(file);
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        close(file);
    }
}

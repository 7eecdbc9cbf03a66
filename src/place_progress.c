#include "src/place_progress.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static struct sigaction before;
static struct timespec begin;
static bool shown;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool go_on(void *payload)
{
    (void)payload;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds =
        (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
    if (!shown && seconds > 0.5 && isatty(STDERR_FILENO)) {
        fputs("otplan: placing … Ctrl-C takes the best plan so far\r", stderr);
        shown = true;
    }
    return interrupted == 0;
}

void place_progress_begin(struct optimise_options *options)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    interrupted = 0;
    shown = false;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before);
    options->go_on = go_on;
}

void place_progress_end(void)
{
    sigaction(SIGINT, &before, NULL);
    if (shown) {
        fputs("\033[K", stderr);
    }
}

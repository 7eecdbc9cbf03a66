#include "ui/terminal_restore.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* File scope because a signal handler has no other way to find them. */
static struct termios saved;
static volatile sig_atomic_t is_prepared;
static int terminal = -1;

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { N_CRASHES = sizeof crashes / sizeof *crashes };
static struct sigaction before[N_CRASHES];

static const char modes_off[] = "\033[?1006l\033[?1002l\033[?1004l\033[?2004l";
/* attributes off, keypad off, alternate screen off; last the cursor, which the saved one may have hidden */
static const char screen_off[] = "\033[0m\033[?1l\033>\033[?1049l\033[?25h";

static void write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(terminal, bytes, n);
        if (written <= 0) {
            return;
        }
        bytes += written;
        n -= (size_t)written;
    }
}

void restore_now(void)
{
    if (!is_prepared) {
        return;
    }
    is_prepared = 0;
    write_all(modes_off, sizeof modes_off - 1);
    write_all(screen_off, sizeof screen_off - 1);
    tcsetattr(terminal, TCSANOW, &saved);
}

static void on_crash(int signal_number)
{
    restore_now();
    for (int i = 0; i < N_CRASHES; i++) {
        if (crashes[i] == signal_number) {
            sigaction(signal_number, &before[i], NULL);
        }
    }
    raise(signal_number);
}

void restore_prepare(int descriptor)
{
    terminal = descriptor;
    if (tcgetattr(descriptor, &saved) != 0) {
        return;
    }
    is_prepared = 1;
    struct sigaction action = {.sa_handler = on_crash};
    action.sa_flags = (int)(SA_NODEFER | SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_CRASHES; i++) {
        sigaction(crashes[i], &action, &before[i]);
    }
}

void restore_forget(void)
{
    if (!is_prepared) {
        return;
    }
    is_prepared = 0;
    for (int i = 0; i < N_CRASHES; i++) {
        sigaction(crashes[i], &before[i], NULL);
    }
}

void restore_modes_on(bool mouse)
{
    static const char common[] = "\033[?2004h\033[?1004h";
    static const char reports[] = "\033[?1002h\033[?1006h";
    write_all(common, sizeof common - 1);
    if (mouse) {
        write_all(reports, sizeof reports - 1);
    }
}

void restore_modes_off(void)
{
    write_all(modes_off, sizeof modes_off - 1);
}

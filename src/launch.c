#include "src/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 100, PATIENCE_SECONDS = 20 };

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { PASSED_ON = sizeof passed_on / sizeof passed_on[0] };

static volatile sig_atomic_t received;

static void remember(int number)
{
    received = number;
}

/* ---- the terminal --------------------------------------------------------------------------- */

struct terminal {
    bool ours;
    pid_t group;
    struct termios modes;
};

static void terminal_look(struct terminal *terminal)
{
    terminal->group = tcgetpgrp(STDIN_FILENO);
    terminal->ours = terminal->group >= 0 && terminal->group == getpgrp() &&
                     tcgetattr(STDIN_FILENO, &terminal->modes) == 0;
}

static void terminal_give(const struct terminal *terminal, pid_t group)
{
    if (terminal->ours) {
        tcsetpgrp(STDIN_FILENO, group);
        kill(-group, SIGCONT); /* it may have asked for it too early */
    }
}

static void terminal_take_back(const struct terminal *terminal)
{
    if (terminal->ours) {
        tcsetpgrp(STDIN_FILENO, terminal->group);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
    }
}

/* ---- starting ------------------------------------------------------------------------------- */

_Noreturn static void become(const struct launch *launch, int output, int report, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    for (size_t i = 0; i < PASSED_ON; i++) {
        signal(passed_on[i], SIG_DFL);
    }
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* otplan killed outright leaves no server behind */
    if (getppid() == parent && dup2(output, STDERR_FILENO) >= 0 &&
        (launch->keep_output || dup2(output, STDOUT_FILENO) >= 0)) {
        execve(launch->argv[0], (char *const *)launch->argv, launch->environment);
    }
    int why = errno;
    ssize_t written = write(report, &why, sizeof why);
    _exit(written > 0 ? 127 : 126);
}

static bool start(const struct launch *launch, struct child *child, struct error *error)
{
    int output[2];
    int report[2];
    *child = (struct child){.output = -1};
    if (pipe2(output, O_CLOEXEC) != 0) {
        return error_set(error, ERROR_SYSTEM, "%s: cannot start: %s", launch->argv[0],
                         strerror(errno));
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        close(output[0]);
        close(output[1]);
        return error_set(error, ERROR_SYSTEM, "%s: cannot start: %s", launch->argv[0],
                         strerror(errno));
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(launch, output[1], report[1], parent);
    }
    int why = pid < 0 ? errno : 0;
    close(output[1]);
    close(report[1]);
    if (pid > 0) {
        setpgid(pid, pid);
        if (read(report[0], &why, sizeof why) != sizeof why) {
            why = 0;
        }
    }
    close(report[0]);
    child->pid = pid > 0 ? pid : 0;
    child->output = output[0];
    if (why != 0) {
        child_kill(child);
        return error_set(error, ERROR_SYSTEM, "%s: cannot start: %s", launch->argv[0],
                         strerror(why));
    }
    return true;
}

/* ---- the guard ------------------------------------------------------------------------------ */

struct guard {
    pid_t pid;
    int end; /* write end of its pipe: closed without a word, otplan was killed */
};

_Noreturn static void stand_guard(pid_t group, int from, const struct terminal *terminal)
{
    char word = 0;
    ssize_t got = 0;
    setpgid(0, 0); /* the terminal's signals are not its */
    for (size_t i = 0; i < PASSED_ON; i++) {
        signal(passed_on[i], SIG_IGN);
    }
    do {
        got = read(from, &word, 1);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        kill(-group, SIGKILL);
        if (terminal->ours) { /* SIGTTOU is ignored: it may, from the background */
            tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
        }
    }
    _exit(0);
}

static void guard_start(struct guard *guard, const struct child *child,
                        const struct terminal *terminal)
{
    int ends[2];
    *guard = (struct guard){.end = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    guard->pid = fork();
    if (guard->pid == 0) {
        close(ends[1]);
        close(child->output);
        stand_guard(child->pid, ends[0], terminal);
    }
    close(ends[0]);
    guard->end = ends[1];
}

static void guard_end(struct guard *guard)
{
    if (guard->end >= 0) {
        ssize_t written = write(guard->end, "!", 1);
        (void)written;
        close(guard->end);
    }
    while (guard->pid > 0 && waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* ---- running -------------------------------------------------------------------------------- */

static bool has_ended(const struct child *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child->pid;
}

/* Reads to the end; what was asked to end and does not is killed after a while. */
static void listen(const struct launch *launch, struct child *child, struct launch_end *out)
{
    time_t asked = 0;
    for (;;) {
        const char *line = NULL;
        enum child_read got = child_read_line(child, STEP_MS, &line);
        if (got == CHILD_LINE) {
            launch->line(line, launch->payload);
        }
        if (received != 0) {
            out->signal = received;
            received = 0;
            kill(-child->pid, out->signal);
            asked = asked != 0 ? asked : time(NULL);
        }
        bool stuck = asked != 0 && time(NULL) - asked > PATIENCE_SECONDS;
        bool over = got == CHILD_END || (got == CHILD_QUIET && has_ended(child));
        if (over && !stuck && !has_ended(child)) {
            struct timespec moment = {.tv_nsec = STEP_MS * 1000000L};
            nanosleep(&moment, NULL); /* its output is closed and it runs on: a signal may come */
            continue;
        }
        if (over || stuck) {
            return;
        }
    }
}

bool launch_run(const struct launch *launch, struct launch_end *out, struct error *error)
{
    struct sigaction before[PASSED_ON];
    struct sigaction action = {.sa_handler = remember};
    struct child child;
    struct terminal terminal = {0};
    struct guard guard;
    *out = (struct launch_end){0};
    received = 0;
    for (size_t i = 0; i < PASSED_ON; i++) {
        sigaction(passed_on[i], &action, &before[i]);
    }
    void (*stop)(int) = signal(SIGTTOU, SIG_IGN);
    terminal_look(&terminal);
    bool started = start(launch, &child, error);
    if (started) {
        guard_start(&guard, &child, &terminal);
        launch->started(child.pid);
        terminal_give(&terminal, child.pid);
        listen(launch, &child, out);
        out->status = child_kill(&child);
        guard_end(&guard);
        terminal_take_back(&terminal);
    }
    signal(SIGTTOU, stop);
    for (size_t i = 0; i < PASSED_ON; i++) {
        sigaction(passed_on[i], &before[i], NULL);
    }
    return started;
}

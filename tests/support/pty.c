#include "tests/support/pty_state.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { DEADLINE_MILLISECONDS = 30000 };

static const char *const folders[][2] = {{"HOME", ""},
                                         {"XDG_CONFIG_HOME", "/config"},
                                         {"XDG_STATE_HOME", "/state"},
                                         {"XDG_CACHE_HOME", "/cache"},
                                         {"XDG_DATA_HOME", "/data"},
                                         {"XDG_RUNTIME_DIR", "/runtime"}};

static void child_environment(const struct pty *terminal, const struct pty_options *options)
{
    char path[4096], folder[300];
    snprintf(path, sizeof path, "%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    clearenv();
    setenv("PATH", path, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    setenv("TERM", options->term ? options->term : "xterm-256color", 1);
    setenv("ASAN_OPTIONS", "exitcode=99", 1);
    setenv("UBSAN_OPTIONS", "exitcode=99", 1);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(folder, sizeof folder, "%s%s", terminal->directory, folders[i][1]);
        mkdir(folder, 0700);
        setenv(folders[i][0], folder, 1);
    }
    for (const char *const *entry = options->environment; entry && *entry; entry++) {
        if (strchr(*entry, '='))
            putenv(strdup(*entry));
        else
            unsetenv(*entry);
    }
}

static void child_run(const struct pty *terminal, const struct pty_options *options,
                      const char *const argv[])
{
    close(terminal->master);
    login_tty(terminal->slave);
    child_environment(terminal, options);
    /* Criterion's workers block or handle signals of their own. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    if (chdir(terminal->directory) == 0)
        execvp(argv[0], (char *const *)argv);
    dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void vterm_wrote(const char *bytes, size_t length, void *data)
{
    pty_send(data, bytes, length);
}

static int property_changed(VTermProp property, VTermValue *value, void *data)
{
    struct pty *terminal = data;
    switch (property) {
    case VTERM_PROP_ALTSCREEN:
        terminal->alternate = value->boolean != 0;
        break;
    case VTERM_PROP_CURSORVISIBLE:
        terminal->cursor_visible = value->boolean != 0;
        break;
    case VTERM_PROP_MOUSE:
        terminal->mouse = (enum pty_mouse)value->number;
        break;
    default:
        break;
    }
    return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = property_changed};

static void open_vterm(struct pty *terminal)
{
    terminal->vterm = vterm_new(terminal->rows, terminal->columns);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, vterm_wrote, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &screen_callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
    terminal->cursor_visible = true;
}

static bool open_directory(struct pty *terminal, const char *given)
{
    terminal->own_directory = !given;
    snprintf(terminal->directory, sizeof terminal->directory, "%s",
             given ? given : "/tmp/otplan-terminal-XXXXXX");
    return given || mkdtemp(terminal->directory);
}

static bool open_child(struct pty *terminal, const struct pty_options *options,
                       const char *const argv[])
{
    struct winsize size = {.ws_row = (unsigned short)terminal->rows,
                           .ws_col = (unsigned short)terminal->columns};
    if (openpty(&terminal->master, &terminal->slave, NULL, NULL, &size) != 0)
        return false;
    tcgetattr(terminal->slave, &terminal->at_start);
    terminal->child = fork();
    if (terminal->child < 0)
        return false;
    if (terminal->child == 0)
        child_run(terminal, options, argv);
    /* The slave stays open here, so that its settings can be read after the program has ended. */
    terminal->child_handle = pidfd_open(terminal->child, 0);
    fcntl(terminal->master, F_SETFL, O_NONBLOCK);
    return terminal->child_handle >= 0;
}

struct pty *pty_start(const struct pty_options *options, const char *const argv[])
{
    static const struct pty_options defaults = {0};
    if (!options)
        options = &defaults;
    struct pty *terminal = calloc(1, sizeof *terminal);
    terminal->master = terminal->slave = terminal->child_handle = -1;
    terminal->rows = options->rows ? options->rows : 24;
    terminal->columns = options->columns ? options->columns : 80;
    if (!open_directory(terminal, options->directory) || !open_child(terminal, options, argv)) {
        pty_end(terminal);
        return NULL;
    }
    open_vterm(terminal);
    return terminal;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *place)
{
    (void)status, (void)flag, (void)place;
    return remove(path);
}

void pty_end(struct pty *terminal)
{
    if (!terminal)
        return;
    if (terminal->child > 0 && !terminal->ended) {
        kill(-terminal->child, SIGKILL);
        kill(terminal->child, SIGKILL);
        waitpid(terminal->child, &terminal->status, 0);
    }
    int files[] = {terminal->master, terminal->slave, terminal->child_handle};
    for (size_t i = 0; i < 3; i++)
        if (files[i] >= 0)
            close(files[i]);
    if (terminal->vterm)
        vterm_free(terminal->vterm);
    if (terminal->own_directory && strncmp(terminal->directory, "/tmp/otplan-", 12) == 0)
        nftw(terminal->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(terminal->output);
    free(terminal->text);
    free(terminal);
}

const char *pty_directory(const struct pty *terminal)
{
    return terminal->directory;
}

static void keep_output(struct pty *terminal, const char *bytes, size_t length)
{
    if (terminal->output_length + length + 1 > terminal->output_room) {
        terminal->output_room = 2 * (terminal->output_length + length + 1);
        terminal->output = realloc(terminal->output, terminal->output_room);
    }
    memcpy(terminal->output + terminal->output_length, bytes, length);
    terminal->output_length += length;
    terminal->output[terminal->output_length] = '\0';
}

static bool read_once(struct pty *terminal)
{
    char bytes[65536];
    ssize_t length = read(terminal->master, bytes, sizeof bytes);
    if (length <= 0)
        return false;
    keep_output(terminal, bytes, (size_t)length);
    vterm_input_write(terminal->vterm, bytes, (size_t)length);
    return true;
}

void pty_pump(struct pty *terminal, int milliseconds)
{
    struct pollfd waits[] = {{.fd = terminal->master, .events = POLLIN},
                             {.fd = terminal->child_handle, .events = POLLIN}};
    poll(waits, terminal->ended ? 1 : 2, milliseconds);
    if (!terminal->ended && (waits[1].revents & POLLIN) &&
        waitpid(terminal->child, &terminal->status, WNOHANG) == terminal->child)
        terminal->ended = true;
    while (read_once(terminal))
        ;
    vterm_screen_flush_damage(terminal->screen);
}

static long long now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool pty_wait(struct pty *terminal, bool (*condition)(struct pty *, void *), void *data)
{
    long long deadline = now_milliseconds() + DEADLINE_MILLISECONDS;
    for (;;) {
        if (condition(terminal, data))
            return true;
        long long left = deadline - now_milliseconds();
        bool last = terminal->ended || left <= 0;
        pty_pump(terminal, last ? 0 : (int)left);
        if (last)
            return condition(terminal, data);
    }
}

static bool has_ended(struct pty *terminal, void *data)
{
    (void)data;
    return terminal->ended;
}

bool pty_wait_end(struct pty *terminal, int *status)
{
    bool ended = pty_wait(terminal, has_ended, NULL);
    pty_pump(terminal, 0);
    if (status)
        *status = terminal->status;
    return ended;
}

bool pty_settings_restored(const struct pty *terminal)
{
    struct termios now;
    if (tcgetattr(terminal->slave, &now) != 0)
        return false;
    const struct termios *then = &terminal->at_start;
    return now.c_iflag == then->c_iflag && now.c_oflag == then->c_oflag &&
           now.c_lflag == then->c_lflag && memcmp(now.c_cc, then->c_cc, sizeof now.c_cc) == 0;
}

/* libvterm does not report bracketed paste: the last of the two sequences counts. */
bool pty_pasting(const struct pty *terminal)
{
    const char *on = NULL, *off = NULL;
    if (!terminal->output)
        return false;
    for (const char *at = terminal->output; (at = strstr(at, "\033[?2004")); at += 7)
        *(at[7] == 'h' ? &on : &off) = at;
    return on && (!off || on > off);
}

const char *pty_not_restored(const struct pty *terminal)
{
    if (terminal->alternate)
        return "the alternate screen is still on";
    if (terminal->mouse != PTY_MOUSE_OFF)
        return "mouse reports are still on";
    if (!terminal->cursor_visible)
        return "the cursor is still hidden";
    if (pty_pasting(terminal))
        return "bracketed paste is still on";
    return pty_settings_restored(terminal) ? NULL : "the terminal's settings differ";
}

const char *pty_wait_restored(struct pty *terminal)
{
    long long deadline = now_milliseconds() + DEADLINE_MILLISECONDS;
    while (pty_not_restored(terminal) != NULL && now_milliseconds() < deadline)
        pty_pump(terminal, 10); /* settings change without a byte of output */
    return pty_not_restored(terminal);
}

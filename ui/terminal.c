#include "ui/terminal.h"

#include "model/base/memory.h"
#include "ui/palette.h"
#include "ui/terminal_restore.h"
#include "ui/text.h"

/* after our own headers: curses.h defines short names as macros */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

/* One terminal a process; handlers and curses keep theirs at file scope too. */
static SCREEN *screen;
static enum palette_tier tier;
static struct palette theme;
static bool has_theme;
static bool mouse_on;
static struct canvas shown; /* what the terminal shows; no cells: unknown */
static int pairs[INK_COUNT];
static int wake[2] = {-1, -1};
static volatile sig_atomic_t resized, ended, stopped, resumed;

bool terminal_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- signals -------------------------------------------------------------------------------- */

static void on_signal(int number)
{
    int before = errno;
    if (number == SIGWINCH) {
        resized = 1;
    } else if (number == SIGTSTP) {
        stopped = 1;
    } else if (number == SIGCONT) {
        resumed = 1;
    } else {
        ended = number;
    }
    ssize_t ignored = write(wake[1], "!", 1);
    (void)ignored;
    errno = before;
}

static const int handled[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT};
enum { N_HANDLED = sizeof handled / sizeof *handled };
static struct sigaction before_open[N_HANDLED];

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_HANDLED; i++) {
        sigaction(handled[i], &action, &before_open[i]);
    }
}

static void give_signals_back(void)
{
    for (int i = 0; i < N_HANDLED; i++) {
        sigaction(handled[i], &before_open[i], NULL);
    }
}

/* ---- opening and closing -------------------------------------------------------------------- */

static void make_pairs(void)
{
    if (!has_theme) {
        palette_default(&theme);
    }
    for (int ink = 0; ink < INK_COUNT; ink++) {
        struct paint paint = palette_paint_of(&theme, tier, (enum ink)ink);
        pairs[ink] = 0;
        if (tier != PALETTE_MONO && (paint.foreground >= 0 || paint.background >= 0)) {
            int pair = alloc_pair(paint.foreground, paint.background);
            pairs[ink] = pair > 0 ? pair : 0; /* a pair that failed would be black on black */
        }
    }
}

static void start_colors(bool wanted)
{
    tier = PALETTE_MONO;
    if (!wanted || !has_colors() || start_color() == ERR) {
        return;
    }
    if (use_default_colors() == ERR) {
        assume_default_colors(COLOR_WHITE, COLOR_BLACK);
    }
    tier = palette_choose(COLORS, true);
}

static bool check_terminal(struct error *error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return error_set(error, ERROR_SYSTEM,
                         "the planner needs a terminal; `otplan plan MODEL` prints without one");
    }
    const char *term = getenv("TERM");
    int status = 0;
    if (term == NULL || term[0] == '\0' || setupterm(NULL, STDOUT_FILENO, &status) == ERR) {
        return error_set(error, ERROR_SYSTEM,
                         "terminal type '%s' is not known here: try TERM=xterm-256color otplan …",
                         term == NULL ? "" : term);
    }
    const char *address = tigetstr("cup");
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): terminfo's own word for "not a string" */
    bool is_known = address != NULL && address != (char *)-1;
    del_curterm(cur_term); /* newterm makes its own */
    if (!is_known) {
        return error_set(error, ERROR_SYSTEM,
                         "terminal type '%s' cannot move its cursor; `otplan plan MODEL` prints "
                         "without a screen",
                         term);
    }
    return true;
}

bool terminal_open(const struct terminal_options *options, struct error *error)
{
    unsetenv("LINES"); /* they would freeze the size */
    unsetenv("COLUMNS");
    if (!check_terminal(error)) {
        return false;
    }
    if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) != 0) {
        return error_set(error, ERROR_SYSTEM, "no pipe: %s", strerror(errno));
    }
    take_signals();
    restore_prepare(STDOUT_FILENO);
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL) {
        restore_forget();
        give_signals_back();
        return error_set(error, ERROR_SYSTEM, "cannot open a terminal of type '%s'",
                         getenv("TERM"));
    }
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, FALSE);
    start_colors(options->color);
    make_pairs();
    mouse_on = options->mouse;
    resized = ended = stopped = resumed = 0;
    wnoutrefresh(stdscr);
    doupdate();
    restore_modes_on(mouse_on);
    return true;
}

/* The cursor once more after the main screen is back: some terminals keep whether it is hidden with its
 * saved place, and curses saves that place while scrolling. */
static void leave_screen(void)
{
    restore_modes_off();
    curs_set(1);
    endwin();
    if (cursor_normal != NULL) {
        putp(cursor_normal);
        fflush(stdout);
    }
}

void terminal_close(void)
{
    if (screen == NULL) {
        return;
    }
    leave_screen();
    delscreen(screen);
    screen = NULL;
    restore_forget();
    give_signals_back();
    close(wake[0]);
    close(wake[1]);
    wake[0] = wake[1] = -1;
    canvas_clear(&shown);
}

void terminal_suspend(void)
{
    leave_screen();
    struct sigaction ours;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGTSTP, &plain, &ours);
    kill(0, SIGTSTP); /* the whole job, as the shell's own Ctrl-Z would */
    sigaction(SIGTSTP, &ours, NULL);
    stopped = 0;
    resumed = 1; /* also where an orphaned job cannot be stopped */
}

static void resume(void)
{
    resumed = 0;
    resized = 1; /* the size may be another by now */
    restore_modes_on(mouse_on);
    curs_set(0);
    terminal_redraw();
}

/* ---- waiting and reading -------------------------------------------------------------------- */

static void drain_wake(void)
{
    char bytes[64];
    while (read(wake[0], bytes, sizeof bytes) > 0) {
    }
}

static unsigned take_flags(void)
{
    unsigned events = 0;
    if (resumed) {
        resume();
        events |= TERMINAL_RESUMED;
    }
    if (resized) {
        resized = 0;
        struct winsize size;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
            resizeterm(size.ws_row, size.ws_col);
            canvas_clear(&shown);
        }
        events |= TERMINAL_RESIZED;
    }
    events |= stopped ? TERMINAL_STOP : 0U;
    events |= ended ? TERMINAL_GONE : 0U;
    stopped = 0;
    return events;
}

unsigned terminal_wait(int timeout_ms)
{
    struct pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {wake[0], POLLIN, 0}};
    unsigned events = take_flags();
    if (events == 0) {
        poll(watched, 2, timeout_ms);
        drain_wake();
        events = take_flags();
    } else {
        poll(watched, 1, 0);
    }
    if ((watched[0].revents & POLLIN) != 0) {
        events |= TERMINAL_INPUT;
    } else if ((watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
        events |= TERMINAL_GONE;
    }
    return events;
}

void terminal_wake(void)
{
    if (wake[1] >= 0) {
        ssize_t ignored = write(wake[1], "!", 1);
        (void)ignored;
    }
}

size_t terminal_read(char *bytes, size_t n)
{
    struct pollfd watched = {STDIN_FILENO, POLLIN, 0};
    if (poll(&watched, 1, 0) <= 0 || (watched.revents & (POLLIN | POLLHUP)) == 0) {
        return 0;
    }
    ssize_t count = read(STDIN_FILENO, bytes, n);
    if (count > 0) {
        return (size_t)count;
    }
    if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
        ended = ended ? ended : SIGHUP; /* end of file: nobody is there any more */
    }
    return 0;
}

int terminal_end_signal(void)
{
    return ended;
}

bool terminal_has_color(void)
{
    return tier != PALETTE_MONO;
}

int terminal_escape_ms(void)
{
    const char *text = getenv("ESCDELAY");
    long value = text != NULL ? strtol(text, NULL, 10) : 0;
    return value > 0 && value <= 5000 ? (int)value : 25;
}

/* ---- showing -------------------------------------------------------------------------------- */

void terminal_size(int *width, int *height)
{
    *width = COLS;
    *height = LINES;
}

void terminal_redraw(void)
{
    clearok(curscr, TRUE);
    canvas_clear(&shown);
}

void terminal_theme(const struct palette *palette)
{
    theme = *palette;
    has_theme = true;
    if (screen != NULL) {
        make_pairs();
        terminal_redraw();
    }
}

static attr_t attributes_of(const struct cell *cell)
{
    struct paint paint = palette_paint_of(&theme, tier, (enum ink)cell->ink);
    attr_t attributes = A_NORMAL;
    attributes |= paint.bold ? A_BOLD : 0U;
    attributes |= paint.dim ? A_DIM : 0U;
    attributes |= paint.underline || cell->is_underlined ? A_UNDERLINE : 0U;
    attributes |= paint.reverse != cell->is_reversed ? A_REVERSE : 0U;
    return attributes;
}

static int pair_of(const struct cell *cell)
{
    enum ink ink = cell->ink < INK_COUNT ? (enum ink)cell->ink : INK_PLAIN;
    if (cell->back == INK_PLAIN || cell->back >= INK_COUNT || tier == PALETTE_MONO) {
        return pairs[ink];
    }
    int pair = alloc_pair(palette_paint_of(&theme, tier, ink).foreground,
                          palette_paint_of(&theme, tier, (enum ink)cell->back).foreground);
    return pair > 0 ? pair : pairs[ink];
}

static void show_cell(int x, int y, const struct cell *cell)
{
    if (cell->code == 0) {
        return;
    }
    wchar_t text[2] = {(wchar_t)cell->code, L'\0'};
    cchar_t glyph;
    int pair = pair_of(cell);
    setcchar(&glyph, text, attributes_of(cell), (short)(pair < 256 ? pair : 255), &pair);
    mvadd_wch(y, x, &glyph);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->code == b->code && a->ink == b->ink && a->back == b->back &&
           a->is_reversed == b->is_reversed && a->is_underlined == b->is_underlined;
}

void terminal_show(const struct canvas *canvas)
{
    size_t n = (size_t)canvas->width * (size_t)canvas->height;
    bool known =
        shown.cells != NULL && shown.width == canvas->width && shown.height == canvas->height;
    if (!known) {
        werase(stdscr);
    }
    for (int y = 0; y < canvas->height; y++) {
        for (int x = 0; x < canvas->width; x++) {
            size_t i = (size_t)y * (size_t)canvas->width + (size_t)x;
            if (!known || !same_cell(&canvas->cells[i], &shown.cells[i])) {
                show_cell(x, y, &canvas->cells[i]);
            }
        }
    }
    if (!known) {
        canvas_clear(&shown);
        canvas_init(&shown, canvas->width, canvas->height, false);
    }
    memcpy(shown.cells, canvas->cells, n * sizeof *canvas->cells);
    bool cursor = canvas->cursor_x >= 0 && canvas->cursor_y >= 0;
    curs_set(cursor ? 1 : 0);
    if (cursor) {
        move(canvas->cursor_y, canvas->cursor_x);
    }
    wnoutrefresh(stdscr);
    doupdate();
}

void terminal_mouse(bool on)
{
    mouse_on = on;
    restore_modes_off();
    restore_modes_on(on);
}

void terminal_copy(const char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct strbuf out = {0};
    size_t n = strlen(text);
    strbuf_add(&out, "\033]52;c;");
    for (size_t i = 0; i < n; i += 3) {
        uint32_t group = (uint32_t)(unsigned char)text[i] << 16;
        group |= i + 1 < n ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
        group |= i + 2 < n ? (uint32_t)(unsigned char)text[i + 2] : 0;
        strbuf_add_char(&out, alphabet[group >> 18]);
        strbuf_add_char(&out, alphabet[group >> 12 & 63]);
        strbuf_add_char(&out, i + 1 < n ? alphabet[group >> 6 & 63] : '=');
        strbuf_add_char(&out, i + 2 < n ? alphabet[group & 63] : '=');
    }
    strbuf_add(&out, "\a");
    fflush(stdout);
    const char *at = strbuf_text(&out);
    for (size_t left = out.length; left > 0;) {
        ssize_t written = write(STDOUT_FILENO, at, left);
        if (written <= 0) {
            break;
        }
        at += written;
        left -= (size_t)written;
    }
    strbuf_clear(&out);
}

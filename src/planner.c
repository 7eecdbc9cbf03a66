/* The planner's loop: events in, commands and edits applied, one frame out. */
#include "src/planner.h"

#include "src/open_progress.h"
#include "src/planner_state.h"
#include "ui/input.h"
#include "ui/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool wants_color(const struct planner_options *options)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->color == COLOR_AUTO) {
        return no_color == NULL || no_color[0] == '\0';
    }
    return options->color == COLOR_ALWAYS;
}

static void handle_all(struct planner *planner, struct input *input)
{
    struct event event;
    while (!planner->is_done && input_next(input, &event)) {
        planner_handle(planner, &event, now_ms());
        event_clear(&event);
    }
}

/* Everything that has been typed: one evaluation and one frame for all of it. */
static void read_input(struct planner *planner, struct input *input)
{
    char bytes[4096];
    size_t n = terminal_read(bytes, sizeof bytes);
    while (n > 0) {
        input_feed(input, bytes, n);
        n = terminal_read(bytes, sizeof bytes);
    }
    handle_all(planner, input);
}

static void frame(struct planner *planner)
{
    int width = 0;
    int height = 0;
    terminal_size(&width, &height);
    planner_draw(planner, width, height);
    terminal_show(&planner->canvas);
}

/* After the frame: the read-back and the safety copy, unless something was typed meanwhile. */
static bool settle(struct planner *planner)
{
    if (planner->verify != VERIFY_PENDING) {
        return false;
    }
    planner_verify(planner);
    planner_autosave(planner);
    return true;
}

/* What is held at an edge scrolls on without the mouse moving. */
static void scroll_on(struct planner *planner)
{
    struct event again;
    if (ui_scroll_wait_ms(&planner->ui, &again) >= 0) {
        planner_handle(planner, &again, now_ms());
    }
}

/* Until something is due; -1: for ever. */
static int wait_ms(const struct planner *planner, const struct input *input)
{
    struct event again;
    const int waits[] = {input_wait_ms(input), planner_probe_wait_ms(planner),
                         planner_auto_wait_ms(planner), ui_scroll_wait_ms(&planner->ui, &again)};
    int least = -1;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        least = waits[i] >= 0 && (least < 0 || waits[i] < least) ? waits[i] : least;
    }
    return least;
}

static void run(struct planner *planner)
{
    struct input input;
    input_init(&input, terminal_escape_ms());
    frame(planner);
    while (!planner->is_done) {
        bool is_pending = planner->verify == VERIFY_PENDING;
        unsigned events = terminal_wait(is_pending ? 0 : wait_ms(planner, &input));
        if (events == 0 && is_pending) {
            settle(planner);
        } else if (events == 0) {
            input_timeout(&input);
            handle_all(planner, &input);
            scroll_on(planner);
            planner_probe_start_due(planner);
        }
        if ((events & TERMINAL_INPUT) != 0) {
            read_input(planner, &input);
        }
        if ((events & TERMINAL_GONE) != 0 || terminal_end_signal() != 0) {
            break;
        }
        if ((events & TERMINAL_STOP) != 0) {
            planner_autosave(planner);
            terminal_suspend();
        }
        planner_auto_poll(planner);
        planner_probe_poll(planner);
        planner_listing_poll(planner);
        planner_watch_poll(planner);
        if (!planner->is_done) {
            frame(planner);
        }
    }
    input_clear(&input);
}

/* ---- the door ------------------------------------------------------------------------------- */

static int refuse(struct planner *planner, const struct error *error)
{
    fprintf(stderr, "otplan: %s\n", error->text);
    planner_close(planner);
    return (int)error->kind;
}

int planner_run(const struct planner_options *options)
{
    struct planner planner;
    struct error error = {0};
    bool has_blocks = terminal_locale();
    planner_open(&planner, options);
    planner.ui.ascii = options->ascii || !has_blocks;
    struct terminal_options terminal = {.mouse = options->mouse, .color = wants_color(options)};
    if (options->commands_path != NULL &&
        !planner_commands_file(&planner, options->commands_path, &error)) {
        return refuse(&planner, &error);
    }
    if (planner.is_done) { /* the commands quit: a session without a screen */
        planner_close(&planner);
        return 0;
    }
    if (!terminal_open(&terminal, &error)) {
        return refuse(&planner, &error);
    }
    planner.has_terminal = true;
    open_progress_mute();
    planner.ui.has_color = terminal_has_color();
    planner_autosave_find(&planner);
    planner_listing_start(&planner);
    run(&planner);
    if (planner.is_done) {
        planner_autosave_forget(&planner); /* quit on purpose: nothing to recover */
    } else {
        planner_autosave(&planner);
    }
    int signal_number = terminal_end_signal();
    terminal_close();
    planner_close(&planner);
    return signal_number > 0 ? 128 + signal_number : 0;
}

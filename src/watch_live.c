#include "src/watch_live.h"

#include "ui/event.h"
#include "ui/input.h"
#include "ui/terminal.h"
#include "ui/watch_view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct live {
    const struct watch_live *options;
    struct input input;
    struct canvas canvas;
    int top;
    bool is_done;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void draw(struct live *live)
{
    const struct watch *watch = live->options->watch;
    struct watch_view view = {.watch = watch, .note = live->options->note(live->options->payload)};
    int width = 0;
    int height = 0;
    char title[200];
    terminal_size(&width, &height);
    canvas_reset(&live->canvas, width, height);
    struct rect area = {1, 2, width - 2, height - 3};
    int lines = watch_view_draw(&view, area, NULL);
    live->top = live->top > lines - area.height ? lines - area.height : live->top;
    live->top = live->top > 0 ? live->top : 0;
    view.top = live->top;
    snprintf(title, sizeof title, "watch, every %.3g s, %.0f s%s%s", live->options->interval,
             watch->last.seconds, watch->last.server != 0 ? "; the server is " : "",
             watch->last.server != 0 ? watch->last.server_name : "");
    int x = canvas_text(&live->canvas, 1, 0, -1, INK_TITLE, "otplan");
    canvas_text(&live->canvas, x + 2, 0, width - x - 3, INK_STRONG, title);
    watch_view_draw(&view, area, &live->canvas);
    canvas_text(&live->canvas, 1, height - 1, width - 2, INK_DIM,
                "MiB   Up Down scroll  r forget the peaks  q quit");
    terminal_show(&live->canvas);
}

static void press(struct live *live, uint32_t key)
{
    switch (key) {
    case 'q':
    case PRESS_ESCAPE:
    case 'c' & PRESS_CONTROL:
        live->is_done = true;
        break;
    case 'r':
        watch_forget_peaks(live->options->watch);
        break;
    case 'k':
    case PRESS_UP:
        live->top--;
        break;
    case 'j':
    case PRESS_DOWN:
        live->top++;
        break;
    case 'l' & PRESS_CONTROL:
        terminal_redraw();
        break;
    case 'z' & PRESS_CONTROL:
        terminal_suspend();
        break;
    default:
        break;
    }
}

static void handle(struct live *live)
{
    struct event event;
    while (!live->is_done && input_next(&live->input, &event)) {
        if (event.kind == EVENT_KEY) {
            press(live, event.key);
        }
        event_clear(&event);
    }
}

static int wait_ms(const struct live *live, int64_t due)
{
    int64_t left = due - now_ms();
    int escape = input_wait_ms(&live->input);
    left = left > 0 ? left : 0;
    return escape >= 0 && escape < left ? escape : (int)left;
}

static void take_input(struct live *live)
{
    char bytes[1024];
    for (size_t n = terminal_read(bytes, sizeof bytes); n > 0;
         n = terminal_read(bytes, sizeof bytes)) {
        input_feed(&live->input, bytes, n);
    }
    handle(live);
}

static bool run(struct live *live, struct error *error)
{
    int64_t step = (int64_t)(live->options->interval * 1000);
    int64_t due = now_ms();
    while (!live->is_done) {
        if (now_ms() >= due) {
            due = now_ms() + step;
            if (!live->options->sample(live->options->payload, error)) {
                return false;
            }
        }
        draw(live);
        unsigned events = terminal_wait(wait_ms(live, due));
        if ((events & TERMINAL_INPUT) != 0) {
            take_input(live);
        } else if (events == 0) {
            input_timeout(&live->input);
            handle(live);
        }
        live->is_done |= (events & TERMINAL_GONE) != 0 || terminal_end_signal() != 0;
        if ((events & TERMINAL_STOP) != 0) {
            terminal_suspend();
        }
    }
    return true;
}

int watch_live(const struct watch_live *options, struct error *error)
{
    struct live live = {.options = options};
    struct terminal_options terminal = {.mouse = false, .color = options->color};
    bool has_blocks = terminal_locale();
    if (!terminal_open(&terminal, error)) {
        return (int)error->kind;
    }
    live.canvas.ascii = options->ascii || !has_blocks;
    input_init(&live.input, terminal_escape_ms());
    bool fine = run(&live, error);
    int signal_number = terminal_end_signal();
    terminal_close();
    input_clear(&live.input);
    canvas_clear(&live.canvas);
    return !fine ? (int)error->kind : signal_number > 0 ? 128 + signal_number : 0;
}

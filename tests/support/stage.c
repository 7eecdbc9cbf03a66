#include "tests/support/stage.h"

#include "model/base/memory.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage *stage_open(int width, int height, bool ascii)
{
    struct stage *stage = memory_new(sizeof *stage);
    struct error error = {0};
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    stage->width = width;
    stage->height = height;
    stage->options.command = COMMAND_DEMO;
    cr_assert(session_open(&stage->options, true, &stage->session, &error), "%s", error.text);
    stage->planner_options = (struct planner_options){
        .model = stage->session.model,
        .file = stage->session.file,
        .rig = &stage->session.rig,
        .plan = &stage->session.plan,
        .facts = &stage->session.facts,
        .ascii = ascii,
        .mouse = true,
        .is_demo = true,
    };
    planner_open(&stage->planner, &stage->planner_options);
    input_init(&stage->input, 25);
    planner_verify(&stage->planner);
    stage_draw(stage);
    return stage;
}

void stage_close(struct stage *stage)
{
    input_clear(&stage->input);
    planner_close(&stage->planner);
    session_close(&stage->session);
    free(stage);
}

void stage_draw(struct stage *stage)
{
    planner_draw(&stage->planner, stage->width, stage->height);
}

static void handle_all(struct stage *stage)
{
    struct event event;
    while (input_next(&stage->input, &event)) {
        stage->time_ms += 10;
        planner_handle(&stage->planner, &event, stage->time_ms);
        event_clear(&event);
    }
}

void stage_type(struct stage *stage, const char *bytes)
{
    input_feed(&stage->input, bytes, strlen(bytes));
    handle_all(stage);
    if (input_wait_ms(&stage->input) >= 0) {
        input_timeout(&stage->input);
        handle_all(stage);
    }
    stage_draw(stage);
}

void stage_command(struct stage *stage, const char *line)
{
    struct error error = {0};
    cr_assert(planner_command(&stage->planner, line, &error), "%s: %s", line, error.text);
    stage_draw(stage);
}

static void report(struct stage *stage, int code, int x, int y, char final)
{
    char bytes[48];
    stage->time_ms += 1000; /* never a double click by accident */
    snprintf(bytes, sizeof bytes, "\033[<%d;%d;%d%c", code, x + 1, y + 1, final);
    stage_type(stage, bytes);
}

void stage_press(struct stage *stage, int button, int x, int y)
{
    report(stage, button, x, y, 'M');
}

void stage_move(struct stage *stage, int button, int x, int y)
{
    report(stage, button + 32, x, y, 'M');
}

void stage_release(struct stage *stage, int button, int x, int y)
{
    report(stage, button, x, y, 'm');
}

void stage_drag(struct stage *stage, int x, int y, int to_x, int to_y)
{
    stage_press(stage, 0, x, y);
    stage_move(stage, 0, (x + to_x) / 2, (y + to_y) / 2);
    stage_move(stage, 0, to_x, to_y);
    stage_release(stage, 0, to_x, to_y);
}

const char *stage_text(struct stage *stage)
{
    static struct strbuf text;
    strbuf_reset(&text);
    canvas_dump(&stage->planner.canvas, &text);
    return strbuf_text(&text);
}

bool stage_shows(struct stage *stage, const char *text)
{
    return strstr(stage_text(stage), text) != NULL;
}

int stage_column(const struct stage *stage, uint32_t layer)
{
    return (stage->width >= LAYOUT_WIDE ? 15 : 8) + (int)layer;
}

/* Line of the first row that begins so, blanks aside, after `from`. */
static int find_line(struct stage *stage, const char *begin, const char *after)
{
    const char *at = stage_text(stage);
    bool is_past = after == NULL;
    for (int line = 0; *at != '\0'; line++) {
        const char *text = at + strspn(at, " >");
        is_past = is_past || strncmp(text, after, strlen(after)) == 0;
        if (is_past && strncmp(text, begin, strlen(begin)) == 0) {
            return line;
        }
        at += strcspn(at, "\n");
        at += *at == '\n' ? 1 : 0;
    }
    cr_assert(false, "no line %s:\n%s", begin, stage_text(stage));
    return -1;
}

int stage_line(struct stage *stage, const char *label)
{
    return find_line(stage, label, "Map");
}

int stage_bar(struct stage *stage, const char *device)
{
    const struct rig *rig = &stage->planner.steps[stage->planner.at].rig;
    int index = rig_find(rig, device);
    char begin[64];
    if (index == DEVICE_HOST) {
        snprintf(begin, sizeof begin, "c %s", device);
    } else {
        snprintf(begin, sizeof begin, "%d %s", index, device);
    }
    return find_line(stage, begin, NULL);
}

int stage_device(const struct stage *stage, const char *tensor)
{
    int64_t row = model_find_tensor(stage->planner.model, tensor);
    cr_assert(row >= 0, "no tensor %s", tensor);
    return stage->planner.held.device[row];
}

/* The planner on the demo without a terminal: bytes in as a terminal would send them, the canvas out. */
#ifndef OTPLAN_TESTS_STAGE_H
#define OTPLAN_TESTS_STAGE_H

#include "src/planner_state.h"
#include "src/session.h"
#include "ui/input.h"

struct stage {
    struct options options;
    struct session session;
    struct planner_options planner_options;
    struct planner planner;
    struct input input;
    int width, height;
    uint64_t time_ms;
};

/* `ascii` as --ascii. Heap-allocated; the demo with its own arguments. */
struct stage *stage_open(int width, int height, bool ascii);
void stage_close(struct stage *stage);
void stage_draw(struct stage *stage);
/* Types bytes, then draws. A lone escape at the end counts as the Esc key. */
void stage_type(struct stage *stage, const char *bytes);
/* Runs a command as `:` does; the test fails where the planner refuses it. */
void stage_command(struct stage *stage, const char *line);
/* Mouse by cells from 0: press, move and release, SGR-encoded. `button` 0 or 2. */
void stage_press(struct stage *stage, int button, int x, int y);
void stage_move(struct stage *stage, int button, int x, int y);
void stage_release(struct stage *stage, int button, int x, int y);
void stage_drag(struct stage *stage, int x, int y, int to_x, int to_y);
/* Column of a layer and line of a map row ("home", "gate") on screen. */
int stage_column(const struct stage *stage, uint32_t layer);
int stage_line(struct stage *stage, const char *label);
int stage_bar(struct stage *stage, const char *device);
/* The screen as text, borrowed until the next call. */
const char *stage_text(struct stage *stage);
bool stage_shows(struct stage *stage, const char *text);
/* Device of a tensor now. */
int stage_device(const struct stage *stage, const char *tensor);

#endif

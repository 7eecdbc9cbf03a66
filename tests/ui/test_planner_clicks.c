/* The mouse outside the map: hints and answers are clicked, lists are chosen from, and what takes no drag says so. */
#include "tests/support/stage.h"

#include <criterion/criterion.h>
#include <string.h>

static void shows(struct stage *stage, const char *words)
{
    cr_assert(stage_shows(stage, words), "'%s' is not on:\n%s", words, stage_text(stage));
}

/* Where words stand on the screen; the test fails where they do not. */
static void find(struct stage *stage, const char *words, int *x, int *y)
{
    const struct canvas *canvas = &stage->planner.canvas;
    stage_draw(stage);
    for (*y = 0; *y < canvas->height; (*y)++) {
        for (*x = 0; *x < canvas->width; (*x)++) {
            size_t n = 0;
            while (words[n] != '\0' && *x + (int)n < canvas->width &&
                   canvas->cells[*y * canvas->width + *x + (int)n].code ==
                       (uint32_t)(unsigned char)words[n]) {
                n++;
            }
            if (words[n] == '\0') {
                return;
            }
        }
    }
    cr_assert_fail("'%s' is not on:\n%s", words, stage_text(stage));
}

static void click(struct stage *stage, const char *words, int into)
{
    int x = 0;
    int y = 0;
    find(stage, words, &x, &y);
    stage_press(stage, 0, x + into, y);
    stage_release(stage, 0, x + into, y);
}

Test(planner_clicks, a_hint_is_its_key)
{
    struct stage *stage = stage_open(80, 24, false);
    click(stage, ", settings", 4); /* on its label */
    shows(stage, "otplan  Settings");
    click(stage, "q back", 0);
    shows(stage, "NORMAL");
    click(stage, "? help", 3);
    shows(stage, "Keys of the main screen");
    click(stage, "q back", 5);
    click(stage, ": command", 2);
    cr_assert(stage->planner.ui.prompt.is_open);
    stage_close(stage);
    stage = stage_open(120, 40, false); /* at the end of the status line */
    click(stage, ", settings", 0);
    shows(stage, "otplan  Settings");
    stage_close(stage);
}

Test(planner_clicks, an_answer_is_its_key)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "set ctx 65536");
    stage_type(stage, "q");
    click(stage, "q quit without", 7);
    cr_assert(stage->planner.is_done);
    stage_close(stage);
}

Test(planner_clicks, a_message_is_no_hint)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_type(stage, "x");
    click(stage, "? shows the keys", 0);
    cr_assert_eq(ui_screen(&stage->planner.ui), SCREEN_MAIN);
    stage_close(stage);
}

Test(planner_clicks, a_double_click_chooses_from_a_list)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "set ctx 65536");
    stage_type(stage, "S");
    click(stage, "start  ", 0);
    shows(stage, "otplan  Snapshots");
    stage->time_ms -= 1900; /* a press and a release take a second each */
    click(stage, "start  ", 0);
    shows(stage, "before = start, after = this plan");
    int cursor = stage->planner.ui.lists[SCREEN_COMPARE].cursor;
    click(stage, "override rules", 0); /* nothing to choose here: it stays */
    cr_assert_eq(stage->planner.ui.lists[SCREEN_COMPARE].cursor, cursor);
    stage_close(stage);
}

Test(planner_clicks, a_bar_that_is_dragged_says_what_bars_take)
{
    struct stage *stage = stage_open(80, 24, false);
    int from = stage_bar(stage, "CUDA0");
    stage_drag(stage, 20, from, 20, stage_bar(stage, "CUDA2"));
    shows(stage, "a bar takes what is dropped on it");
    cr_assert_eq(stage->planner.n_steps, 1);
    stage_close(stage);
}

Test(planner_clicks, paint_goes_where_a_command_moved_to)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 1 CUDA2");
    int y = stage_line(stage, "gate");
    stage_press(stage, 2, stage_column(stage, 20), y);
    stage_move(stage, 2, stage_column(stage, 22), y);
    shows(stage, "let go  Esc");
    stage_release(stage, 2, stage_column(stage, 22), y);
    cr_assert_eq(stage_device(stage, "blk.21.ffn_gate_exps.weight"), 2);
    stage_close(stage);
}

/* What the screen tells a person who does not know it yet: no key without an answer, no way back cut off, no message
 * that ends in the middle, what would fit where, and what to do when it does not. */
#include "tests/support/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void shows(struct stage *stage, const char *words)
{
    cr_assert(stage_shows(stage, words), "'%s' is not on:\n%s", words, stage_text(stage));
}

/* The last line that is not empty. */
static char *foot(struct stage *stage)
{
    const char *text = stage_text(stage);
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == '\n') {
        end--;
    }
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n') {
        start--;
    }
    return strndup(text + start, end - start);
}

Test(planner_hints, a_key_without_a_meaning_is_answered)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_type(stage, "x");
    shows(stage, "x does nothing here; ? shows the keys");
    stage_type(stage, "j");
    cr_assert_not(stage_shows(stage, "does nothing here"), "%s", stage_text(stage));
    stage_type(stage, ",y");
    shows(stage, "y does nothing here; ? shows the keys");
    stage_close(stage);
}

Test(planner_hints, every_list_screen_says_the_way_back_at_any_width)
{
    static const int widths[] = {60, 80, 120, 200};
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        struct stage *stage = stage_open(widths[k], 24, false);
        for (int screen = SCREEN_HELP; screen < SCREEN_COUNT; screen++) {
            char command[64];
            snprintf(command, sizeof command, "screen %s", screen_name((enum screen)screen));
            stage->planner.message[0] = '\0';
            stage_command(stage, command);
            char *last = foot(stage);
            cr_assert(strstr(last, "q back") != NULL, "%d, %s: %s", widths[k], command, last);
            cr_assert_null(strstr(last, "…"), "%d, %s: %s", widths[k], command, last);
            free(last);
        }
        stage_close(stage);
    }
}

Test(planner_hints, a_question_shows_all_its_answers_at_60_columns)
{
    struct stage *stage = stage_open(60, 16, false);
    stage_command(stage, "set ctx 65536");
    stage_type(stage, "q");
    shows(stage, "not saved:  w write, quit  q quit without  Esc cancel");
    stage_close(stage);
}

Test(planner_hints, the_smallest_screen_says_what_a_move_wants_and_did)
{
    struct stage *stage = stage_open(60, 16, false);
    stage_type(stage, "jjjvlllm");
    shows(stage, "to which device? its key, c CPU, . home; arrows Enter; Esc");
    stage_type(stage, "1");
    shows(stage, "layers 1-3 gate experts to CUDA1; cache stays on CUDA0");
    shows(stage, "SIM  NORMAL");
    stage_close(stage);
}

Test(planner_hints, each_bar_says_what_would_fit_while_something_is_carried)
{
    static const int widths[] = {60, 80, 120, 200};
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        struct stage *stage = stage_open(widths[k], 24, false);
        stage_command(stage, "select experts 10-24");
        stage_type(stage, "m");
        /* 5 of 15 on CUDA0, which has its logits, 6 on the others */
        shows(stage, widths[k] < 100 ? " 5/15" : "fits 5 of 15");
        shows(stage, widths[k] < 100 ? " 6/15" : "fits 6 of 15");
        stage_type(stage, "\033");
        stage_command(stage, "select experts 10-12");
        stage_type(stage, "m");
        shows(stage, "fits 3/3");
        stage_close(stage);
    }
}

Test(planner_hints, over_budget_comes_with_what_to_do)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 1-20 CUDA0");
    stage_type(stage, "j");
    shows(stage, "CUDA0 over budget by ");
    shows(stage, "a auto makes it fit  u undo");
    stage_type(stage, "W"); /* the warning whole: its end, too */
    shows(stage, "CUDA0 is over budget by");
    shows(stage, " MiB)");
    stage_close(stage);
    stage = stage_open(120, 40, false);
    stage_command(stage, "move experts 1-20 CUDA0");
    stage_type(stage, "j");
    shows(stage, "a auto makes it fit  u undo  ? help");
    stage_close(stage);
}

Test(planner_hints, settings_say_what_a_value_would_do_before_it_is_taken)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_type(stage, ",\033[C"); /* twice the context */
    shows(stage, "32768 -> 65536  Enter takes it");
    shows(stage, "would fit");
    shows(stage, " t/s");
    shows(stage, "  1 +608  ");
    stage_type(stage, "\033"); /* not taken */
    cr_assert_not(stage_shows(stage, "would fit"), "%s", stage_text(stage));
    cr_assert_eq(stage->planner.n_steps, 1);
    stage_command(stage, "set units gib");
    stage_type(stage, "\033[C");
    shows(stage, "GiB");
    stage_type(stage, "\033jj\033[C"); /* refused: the reason in full, on two lines */
    shows(stage, "K-only");
    cr_assert_not(stage_shows(stage, "…"), "%s", stage_text(stage));
    stage_close(stage);
}

Test(planner_hints, help_knows_where_the_cursor_is)
{
    struct stage *stage = stage_open(80, 40, false);
    stage_type(stage, "jjjlll?");
    shows(stage, "row gate exps, layer 3, CPU");
    stage_type(stage, "qgj?"); /* attention */
    shows(stage, "row attention, layer 3, CUDA0");
    stage_type(stage, "q1?");
    shows(stage, "the bar of CUDA1");
    stage_type(stage, "q,?");
    shows(stage, "llama.cpp's flags; Left Right try a value, Enter");
    stage_close(stage);
}

Test(planner_hints, a_wide_map_says_what_each_row_holds_where)
{
    struct stage *stage = stage_open(200, 50, false);
    stage_command(stage, "move experts 1-8 CUDA1");
    shows(stage, "all, MiB");
    const char *text = stage_text(stage);
    const char *row = strstr(text, "  gate exps ");
    cr_assert_not_null(row);
    char *line = strndup(row, strcspn(row, "\n"));
    cr_assert_not_null(strstr(line, " 68 376.0 "), "%s", line);           /* all */
    cr_assert_not_null(strstr(line, " 11 088.0 "), "on CUDA1: %s", line); /* 8 layers of 1386 */
    cr_assert_not_null(strstr(line, " 57 288.0"), "on CPU: %s", line);
    free(line);
    stage_close(stage);
}

Test(planner_hints, figures_are_in_the_unit_of_the_user)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "set units gib");
    stage_command(stage, "select blk.12.ffn_down_exps.weight");
    stage_type(stage, "j");
    shows(stage, "selected: 1 tensor, 2.010 GiB");
    stage_command(stage, "unselect");
    cr_assert_not(stage_shows(stage, "MiB"), "%s", stage_text(stage));
    stage_type(stage, "i");
    shows(stage, "GiB");
    cr_assert_not(stage_shows(stage, "MiB"), "%s", stage_text(stage));
    stage_command(stage, "screen overrides");
    cr_assert_not(stage_shows(stage, "MiB"), "%s", stage_text(stage));
    stage_close(stage);
}

/* The number in words, and the cells by a line under them: no colour, and no other glyph. */
Test(planner_hints, locks_are_seen)
{
    struct stage *stage = stage_open(80, 24, false);
    const struct canvas *canvas = &stage->planner.canvas;
    stage_command(stage, "lock experts 10-12");
    stage_type(stage, "j");
    shows(stage, "all cards fit   0 warnings   9 locked");
    int y = stage_line(stage, "gate");
    for (uint32_t layer = 8; layer < 15; layer++) {
        int x = stage_column(stage, layer);
        cr_assert_eq(canvas->cells[y * canvas->width + x].is_underlined, layer >= 10 && layer <= 12,
                     "layer %u", layer);
    }
    stage_command(stage, "unlock experts 10-12");
    cr_assert_not(canvas->cells[y * canvas->width + stage_column(stage, 11)].is_underlined);
    cr_assert_not(stage_shows(stage, "9 locked"));
    stage_close(stage);
}

Test(planner_hints, history_opens_where_the_plan_is_and_export_says_what_does_not_fit)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 1-20 CUDA0");
    stage_command(stage, "set ctx 16384");
    stage_command(stage, "undo");
    stage_type(stage, "H");
    shows(stage, "> now");
    stage_type(stage, "qe");
    shows(stage, "Export: over budget, llama.cpp would fail to load this");
    stage_type(stage, "uq"); /* fits again */
    stage_type(stage, "e");
    cr_assert_not(stage_shows(stage, "Export: over"), "%s", stage_text(stage));
    stage_close(stage);
}

/* Each width has budget and used on the devices screen, and all seven figures from 80 columns. */
Test(planner_hints, devices_show_what_matters_at_any_width)
{
    static const int widths[] = {60, 79, 80, 100, 105, 120, 200};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct stage *stage = stage_open(widths[i], 16, false);
        stage_type(stage, "d");
        shows(stage, "budget");
        shows(stage, "used MiB");
        shows(stage, "30 545");
        shows(stage, "5 854");
        cr_assert_eq(stage_shows(stage, "reserve  "), widths[i] >= 80, "%s", stage_text(stage));
        stage_close(stage);
    }
}

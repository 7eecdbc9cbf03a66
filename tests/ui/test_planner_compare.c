/* The compare screen of any two: snapshots by name, number or mark, plan files, rule files, a plan for another model.
 * Looking changes neither the plan nor its history. */
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/stage.h"

#include "model/base/memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder;
static struct stage *stage;

static void enter(void)
{
    folder = test_folder_make();
    cr_assert_eq(chdir(folder), 0);
    stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 12-14 CUDA1");
    stage_command(stage, "write! a.json");
    stage_command(stage, "move experts 30-31 CUDA2");
    stage_command(stage, "write! b c.json");
}

static void leave(void)
{
    stage_close(stage);
    cr_assert_eq(chdir("/"), 0);
    test_folder_remove(folder);
}

TestSuite(planner_compare, .init = enter, .fini = leave);

static void shows(const char *words)
{
    cr_assert(stage_shows(stage, words), "'%s' is not on:\n%s", words, stage_text(stage));
}

static void refuses(const char *line, const char *words)
{
    struct error error = {0};
    cr_assert_not(planner_command(&stage->planner, line, &error), "%s", line);
    cr_assert_not_null(strstr(error.text, words), "%s: %s", line, error.text);
}

static const char moved_30[] = "layers 30-31 experts: CPU -> CUDA2, 6 tensors";
static const char moved_12[] = "layers 12-14 experts: CPU -> CUDA1, 9 tensors";

Test(planner_compare, two_files_and_the_plan_stays_as_it_is)
{
    size_t steps = stage->planner.n_steps;
    stage_command(stage, "set ctx 65536");
    stage_command(stage, "compare a.json b c.json");
    shows("before = a.json, after = b c.json");
    shows(moved_30);
    cr_assert_not(stage_shows(stage, moved_12));
    shows("        32 768          32 768"); /* the files' context, not the plan's */
    cr_assert_eq(stage->planner.n_steps, steps + 1);
    cr_assert_str_eq(stage->planner.plan_path, "b c.json");
    stage_command(stage, "compare 'b c.json' \"a.json\"");
    shows("before = b c.json, after = a.json");
    shows("layers 30-31 experts: CUDA2 -> CPU");
    stage_command(stage, "compare a.json");
    shows("before = a.json, after = this plan");
    shows("        32 768          65 536");
}

Test(planner_compare, a_file_is_read_again_each_time)
{
    stage_command(stage, "compare start a.json");
    shows(moved_12);
    stage_command(stage, "move experts 12-14 home");
    stage_command(stage, "write! a.json");
    stage_command(stage, "compare start a.json");
    cr_assert_not(stage_shows(stage, moved_12), "%s", stage_text(stage));
    cr_assert_eq(stage->planner.n_snapshots, 2, "the file stands there once");
}

Test(planner_compare, snapshots_by_name_number_and_mark)
{
    stage_command(stage, "snapshot two moves");
    stage_command(stage, "undo");
    stage_command(stage, "snapshot one move");
    stage_command(stage, "compare one move two moves");
    shows("before = one move, after = two moves");
    shows(moved_30);
    stage_command(stage, "compare 0 2");
    shows("before = start, after = one move");
    stage_command(stage, "compare 2 now");
    shows("before = one move, after = this plan");
    shows("no tensor moved");
    stage_type(stage, "S\033[H "); /* Home, mark */
    shows(">* 0  start");
    stage_type(stage, "j\r");
    shows("before = start, after = two moves");
    shows(moved_12);
    stage_command(stage, "screen main");
    stage_type(stage, "b"); /* on the main screen b looks at the plan itself */
    shows("before = start, after = this plan");
}

Test(planner_compare, a_file_is_chosen_by_keys)
{
    stage_type(stage, "SI");
    shows("plan file to compare with:");
    stage_type(stage, "a.json\r");
    shows("1  a.json");
    stage_type(stage, "I");
    stage_type(stage, "b c.json\r");
    stage_type(stage, "j j\r");
    shows("before = a.json, after = b c.json");
    shows(moved_30);
}

Test(planner_compare, rules_in_a_file)
{
    stage_command(stage, "export! lines rules.txt");
    stage_command(stage, "compare start rules.txt");
    shows(moved_30);
    shows(moved_12);
}

Test(planner_compare, forgetting_one_side_leaves_a_comparison_that_is_said)
{
    stage_command(stage, "compare start a.json");
    stage_command(stage, "forget a.json");
    shows("before = start, after = this plan");
    stage_command(stage, "forget start");
    shows("nothing to compare with");
    stage_command(stage, "snapshot");
    stage_command(stage, "compare");
    shows("no tensor moved");
}

Test(planner_compare, a_plan_for_another_model)
{
    struct strbuf head = {0};
    gguf_make_tiny(&head, 3);
    char *model = test_file_write_head(folder, "tiny.gguf", &head);
    static const char text[] =
        "{\"otplan_plan\": 1, \"model\": {\"path\": \"tiny.gguf\", \"n_tensors\": 30}, "
        "\"args\": [\"-c\", \"4096\", \"-ngl\", \"99\"]}";
    char *plan = test_file_write(folder, "other.json", text, strlen(text));
    stage_command(stage, "compare other.json");
    shows("before: ");
    shows("         4 096          32 768");
    refuses("restore other.json", "another model");
    refuses("compare tiny.gguf", "is a model");
    free(plan);
    free(model);
    strbuf_clear(&head);
}

Test(planner_compare, what_is_not_there_is_said)
{
    refuses("compare nothing", "no snapshot and no file 'nothing'");
    refuses("compare start nothing", "no snapshot and no file 'nothing'");
    refuses("read nothing.json", "nothing.json: no such file");
    refuses("snapshot now", "another name");
    cr_assert_eq(ui_screen(&stage->planner.ui), SCREEN_MAIN);
}

Test(planner_compare, figures_in_the_unit_of_the_user)
{
    stage_command(stage, "set units gib");
    stage_command(stage, "compare start a.json");
    shows("Used, GiB");
    shows("12.182 GiB"); /* what moved */
}

Test(planner_compare, tab_completes_the_names_of_files)
{
    stage_type(stage, ":compare a.\t");
    cr_assert_str_eq(stage->planner.ui.prompt.text, "compare a.json");
    stage_type(stage, "\033SI\t");
    shows("a.json");
    shows("b c.json");
    stage_type(stage, "a\t\r");
    shows("1  a.json");
    cr_assert_not(stage_shows(stage, "  b c.json"), "%s", stage_text(stage));
    stage_type(stage, ":set cache-f\t"); /* words of ours first */
    cr_assert_str_eq(stage->planner.ui.prompt.text, "set cache-f");
    stage_type(stage, "\033:export script nothing-\t");
    cr_assert_str_eq(stage->planner.ui.prompt.text, "export script nothing-");
}

/* A line that is longer than the screen goes on in the next. */
Test(planner_compare, what_moved_is_said_whole)
{
    stage_command(stage, "move gate_exps,up_exps 1,3,5,7,9,11,40,42,44,46,48,50 CUDA3");
    stage_command(stage, "compare start");
    stage_type(stage, "\033[6~"); /* page down */
    shows("CPU -> CUDA3, 24 tensors, 28 560.0 MiB");
}

/* A card that was fine and is over now: only the figure that is wrong looks wrong. */
Test(planner_compare, the_side_that_is_over_is_marked_and_not_the_other)
{
    stage_command(stage, "move experts 12-30 CUDA1");
    stage_command(stage, "compare start");
    const struct canvas *canvas = &stage->planner.canvas;
    for (int y = 0; y < canvas->height; y++) {
        const struct cell *row = &canvas->cells[y * canvas->width];
        bool is_device = row[2].code == 'C' && row[6].code == '1' && row[8].code == 'O';
        if (is_device) { /* "CUDA1 OVER" with the ends of both figures */
            cr_assert_eq(row[2].ink, INK_OVER);
            cr_assert_eq(row[23].ink, INK_PLAIN);
            cr_assert_eq(row[34].ink, INK_OVER);
            return;
        }
    }
    cr_assert_fail("%s", stage_text(stage));
}

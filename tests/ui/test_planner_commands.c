/* Every command that `:` lists: an example of each is taken, and something a user sees changes. A command without an
 * example fails. */
#include "tests/support/stage.h"

#include "src/planner_commands.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *before, *line, *shows; /* shows: NULL: any change */
} examples[] = {
    {"move", NULL, "move experts 12-14 CUDA1", "to CUDA1"},
    {"home", NULL, "home 0-20 CUDA0", NULL},
    {"layers", NULL, "layers 16-18 CUDA2", NULL},
    {"lock", NULL, "lock experts 4-8", "lock"},
    {"unlock", "lock experts 4-8", "unlock experts 4-8", "unlock"},
    {"auto", NULL, "auto speed", "u undoes"},
    {"autoprobe", NULL, "autoprobe off", ""},
    {"set", NULL, "set ctx 65536", "ctx 65536"},
    {"device", NULL, "device CUDA1 reserve 3000", NULL},
    {"undo", "set ctx 65536", "undo", "ctx 32768"},
    {"redo", "set ctx 65536\nundo", "redo", "ctx 65536"},
    {"step", "set ctx 65536", "step 0", "ctx 32768"},
    {"snapshot", NULL, "snapshot mine", "mine taken"},
    {"compare", "set ctx 65536", "compare start", "before = start"},
    {"read", "write! plan.json\nscreen snapshots", "read plan.json", "plan.json read"},
    {"restore", "set ctx 65536", "restore start", "ctx 32768"},
    {"forget", "snapshot mine\nscreen snapshots", "forget mine", NULL},
    {"export", NULL, "export args args.txt", "wrote args.txt"},
    {"copy", NULL, "copy", "copied"},
    {"report", NULL, "report plan.svg", "wrote plan.svg"},
    {"write", NULL, "write! plan.json", "wrote plan.json"},
    {"open", "write! plan.json\nset ctx 65536", "open plan.json", "ctx 32768"},
    {"import", "export! lines rules.txt\nmove experts 12-14 CUDA1", "import rules.txt", NULL},
    {"write-quit", NULL, "write-quit", "write the plan to:"},
    {"quit", "set ctx 65536", "quit", "not saved"},
    {"theme", NULL, "theme default", "theme default"},
    {"screen", NULL, "screen settings", "Settings"},
    {"go", "go CUDA2", "screen detail", "Detail: CUDA2"},
    {"go", NULL, "go 12 gate_exps", "Tensors of layer 12"},
    {"select", NULL, "select experts 12-14", "selected: 9 tensors"},
    {"unselect", "select experts 12-14", "unselect", NULL},
    {"filter", NULL, "filter ffn_up_exps", "selected: 60 tensors"},
    {"invert", "select experts 12-14", "invert", "selected: 1087 tensors"},
    {"sort", NULL, "sort name", "by name"},
    {"fold", NULL, "fold 4", NULL},
};
/* Need more than the plan: a llama.cpp, a machine, a log, a faulty rule, a terminal. Tested where these are. */
static const char *const elsewhere[] = {"probe", "replan", "verify", "repair", "redraw", "suspend"};

static bool is_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i], name) == 0)
            return true;
    return false;
}

static void run_lines(struct stage *stage, const char *lines)
{
    char text[256], *rest = NULL;
    snprintf(text, sizeof text, "%s", lines);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        stage_command(stage, line);
}

static void try_example(size_t i)
{
    struct stage *stage = stage_open(120, 40, false);
    if (examples[i].before)
        run_lines(stage, examples[i].before);
    char *before = strdup(stage_text(stage));
    stage_command(stage, examples[i].line);
    if (examples[i].shows)
        cr_assert(stage_shows(stage, examples[i].shows), "%s\n%s", examples[i].line,
                  stage_text(stage));
    else
        cr_assert_str_neq(stage_text(stage), before, "%s: nothing changed", examples[i].line);
    free(before);
    stage_close(stage);
}

Test(planner_commands, each_has_an_example_that_does_something)
{
    char directory[] = "/tmp/otplan-commands-XXXXXX", command[64];
    size_t n = 0;
    const struct scene_item *items = planner_command_items(&n);
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    for (size_t at = 0; at < n; at++) {
        bool found = is_elsewhere(items[at].name);
        for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
            if (strcmp(examples[i].name, items[at].name) == 0) {
                try_example(i);
                found = true;
            }
        }
        cr_assert(found, "no example of :%s", items[at].name);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    cr_assert_eq(system(command), 0);
}

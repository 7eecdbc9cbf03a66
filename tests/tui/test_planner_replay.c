/* A session by keys in the terminal and the same by commands from a file end in the same plan document, byte for
 * byte. */
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each waits for what it did: an Esc or a question must not meet the next one's keys. */
static const struct {
    const char *keys, *shows;
} by_keys[] = {
    {"gjjj<Home>llllllllllllvj<S-Right><S-Right><S-Right><S-Right><S-Right><S-Right><S-Right><S-"
     "Right>m1",
     "to CUDA1"},
    {"<C-g>gj<Home>llllllllllllllllVllm2", "take the cache along?"},
    {"y", "CUDA2"},
    {"<C-g>:unselect<Enter>gjjjj<Home>lllllL", "lock"},
    {"c<C-u>65536<Enter>", "ctx 65536"},
    {":device CUDA3 reserve 2000<Enter>", "reserve 2000"},
    {"u", "undo"},
    {"<C-r>", "redo"},
    {"w<C-u>plan.json<Enter>", "wrote plan.json"},
};

static const char by_commands[] = "move gate_exps,up_exps 12-20 CUDA1\n"
                                  "layers 16-18 CUDA2\n"
                                  "lock up_exps 5\n"
                                  "# the rest\n"
                                  "set ctx 65536\n"
                                  "device CUDA3 reserve 2000\n"
                                  "undo\n"
                                  "redo\n"
                                  "write plan.json\n"
                                  "quit\n";

static char *file_in(const char *directory, const char *name)
{
    char command[256];
    snprintf(command, sizeof command, "cat '%s/%s'", directory, name);
    return shell_output(command, NULL);
}

static char *session_by_keys(void)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    for (size_t i = 0; i < sizeof by_keys / sizeof *by_keys; i++) {
        pty_type(t, by_keys[i].keys);
        cr_assert(pty_wait_for(t, by_keys[i].shows), "%s: %s\n%s", by_keys[i].keys,
                  by_keys[i].shows, pty_screen(t));
    }
    char *plan = file_in(pty_directory(t), "plan.json");
    pty_end(t);
    return plan;
}

static char *session_by_commands(void)
{
    char directory[] = "/tmp/otplan-replay-XXXXXX", path[64], command[512];
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/session", directory);
    FILE *file = fopen(path, "w");
    fputs(by_commands, file);
    fclose(file);
    int status = -1;
    snprintf(command, sizeof command,
             "cd '%s' && HOME='%s' '%s' demo --commands session </dev/null 2>&1", directory,
             directory, OTPLAN_PROGRAM);
    char *said = shell_output(command, &status);
    cr_assert_eq(status, 0, "%s", said);
    char *plan = file_in(directory, "plan.json");
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    cr_assert_eq(system(command), 0);
    free(said);
    return plan;
}

Test(planner_replay, keys_and_commands_write_the_same_plan)
{
    char *keys = session_by_keys(), *commands = session_by_commands(),
         *again = session_by_commands();
    cr_assert_gt(strlen(keys), 1000, "%s", keys);
    cr_assert_str_eq(commands, again);
    cr_assert_str_eq(keys, commands);
    free(keys);
    free(commands);
    free(again);
}

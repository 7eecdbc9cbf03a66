/* A plan's way out: another context, a snapshot, a comparison with it, the export to a file, the plan
 * document; every figure against plan --json of what was exported. */
#include "tests/support/planner_check.h"

#include <criterion/criterion.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* High enough for the whole comparison. */
static struct pty *demo(void)
{
    struct pty *t = planner_demo(60, 120, NULL, NULL);
    cr_assert_not_null(t);
    cr_assert(pty_shows(t, "CUDA3"), "%s", pty_screen(t));
    return t;
}

static void move_experts(struct pty *t, const char *label, const char *right)
{
    planner_go(t, label, 12);
    pty_type(t, "v");
    pty_type(t, right);
    pty_type(t, "m1");
}

static void set_context(struct pty *t, const char *tokens)
{
    pty_type(t, ",");
    cr_assert(pty_wait_for(t, "context size"), "%s", pty_screen(t));
    pty_type(t, "<Home><Enter><C-u>");
    pty_type(t, tokens);
    pty_type(t, "<Enter>q");
    cr_assert(pty_wait_gone(t, "context size"), "%s", pty_screen(t));
}

/* "12 345.6" */
static void write_mib(char out[32], int64_t bytes)
{
    char plain[32];
    size_t length = (size_t)snprintf(plain, sizeof plain, "%.1f", (double)bytes / 1048576), at = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && length - i > 2 && (length - 2 - i) % 3 == 0)
            out[at++] = ' ';
        out[at++] = plain[i];
    }
    out[at] = '\0';
}

/* Is there a line of this device with both sizes? Lines without a name belong to the device above. */
static bool has_line(struct pty *t, const char *device, const char *was, const char *is)
{
    char current[32] = "", first[32];
    for (int row = 0; row < pty_rows(t); row++) {
        const char *text = pty_row(t, row);
        if (strncmp(text, "  ", 2) == 0 && sscanf(text, "%31s", first) == 1 && text[2] != ' ')
            strcpy(current, first);
        const char *before = strcmp(current, device) == 0 ? strstr(text, was) : NULL;
        if (before && strstr(before + strlen(was), is))
            return true;
    }
    return false;
}

static void compares(struct pty *t, const char *device, struct json_object *before,
                     struct json_object *after)
{
    static const char *const sizes[] = {"used", "model", "context", "compute"};
    for (int i = 0; i < 4; i++) {
        char was[32], is[32];
        write_mib(was, plan_bytes(before, device, sizes[i]));
        write_mib(is, plan_bytes(after, device, sizes[i]));
        cr_assert(has_line(t, device, was, is), "%s %s: %s, then %s:\n%s", device, sizes[i], was,
                  is, pty_screen(t));
    }
}

static char *read_file(const struct pty *t, const char *name)
{
    char command[512];
    snprintf(command, sizeof command, "cat '%s/%s'", pty_directory(t), name);
    return shell_output(command, NULL);
}

Test(planner_session, context_snapshot_compare_export)
{
    struct pty *t = demo();
    set_context(t, "65536");
    cr_assert(pty_wait_for(t, "-c 65536"), "%s", pty_screen(t));
    struct json_object *before = planner_checked_plan(t);
    cr_assert_eq(json_object_get_int(
                     json_object_object_get(json_object_object_get(before, "settings"), "n_ctx")),
                 65536);

    pty_type(t, "s");
    cr_assert(pty_wait_for(t, "snapshot"), "%s", pty_screen(t));
    move_experts(t, "gate", "<Down><Right><Right><Right><Right><Right><Right><Right><Right>");
    cr_assert(pty_wait_for(t, "2 rules, verified"), "%s", pty_screen(t));
    struct json_object *after = planner_checked_plan(t);

    pty_type(t, "b");
    cr_assert(pty_wait_for(t, "Compare"), "%s", pty_screen(t));
    cr_assert(pty_wait_for(t, "q back"));
    static const char *const devices[] = {"CUDA0", "CUDA1", "CUDA2", "CUDA3", "CPU"};
    for (size_t i = 0; i < 5; i++)
        compares(t, devices[i], before, after);
    cr_assert(pty_shows(t, "18 900.0"), "what moved:\n%s", pty_screen(t));
    pty_type(t, "q");
    cr_assert(pty_wait_gone(t, "Compare"));

    pty_type(t, "e");
    cr_assert(pty_wait_for(t, "shell-quoted"), "%s", pty_screen(t));
    pty_type(t, "<Enter>out.txt<Enter>");
    cr_assert(pty_wait_for(t, "wrote"), "%s", pty_screen(t));
    char *exported = read_file(t, "out.txt");
    struct json_object *again = planner_plan_json(strtok(exported, "\n"));
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "NORMAL"));
    char difference[512];
    cr_assert(planner_agrees(t, again, difference, sizeof difference), "%s", difference);
    cr_assert_str_eq(json_object_to_json_string(json_object_object_get(again, "tensors")),
                     json_object_to_json_string(json_object_object_get(after, "tensors")));
    free(exported);
    json_object_put(before);
    json_object_put(after);
    json_object_put(again);
    pty_end(t);
}

Test(planner_session, a_written_plan_opens_again)
{
    struct pty *t = demo();
    move_experts(t, "up", "<Right><Right>");
    cr_assert(pty_wait_for(t, "2 rules, verified"), "%s", pty_screen(t));
    char *arguments = planner_arguments(t);
    pty_type(t, "w<C-u>plan.json<Enter>");
    cr_assert(pty_wait_for(t, "wrote plan.json"), "%s", pty_screen(t));
    char path[512];
    snprintf(path, sizeof path, "%s/plan.json", pty_directory(t));
    const char *const argv[] = {OTPLAN_PROGRAM, path, NULL};
    struct pty_options options = {.rows = 40, .columns = 120};
    struct pty *second = pty_start(&options, argv);
    cr_assert(pty_wait_for(second, "2 rules, verified"), "%s", pty_screen(second));
    char *same = planner_arguments(second);
    cr_assert_str_eq(same, arguments);
    free(same);
    free(arguments);
    pty_end(second);
    pty_end(t);
}

Test(planner_session, asks_before_unsaved_work_is_lost)
{
    struct pty *t = demo();
    move_experts(t, "up", "<Right>");
    cr_assert(pty_wait_for(t, "2 rules, verified"), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "without"), "%s", pty_screen(t));
    pty_type(t, "<Esc>");
    cr_assert(pty_wait_gone(t, "without"), "%s", pty_screen(t));
    pty_type(t, "u");
    cr_assert(pty_wait_for(t, "1 rule, verified"), "%s", pty_screen(t));
    pty_end(t);
}

Test(planner_session, pasted_text_never_acts_as_keys)
{
    struct pty *t = demo();
    planner_go(t, "gate", 12);
    pty_paste(t, "m1qqy");
    cr_assert(pty_wait_for(t, "pasted"), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "1 rule, verified"), "%s", pty_screen(t));
    pty_type(t, "<Esc>");
    cr_assert(pty_wait_gone(t, "pasted"), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "1 rule, verified"), "%s", pty_screen(t));
    pty_end(t);
}

/* Golden screens: text files that a person reviews. OTPLAN_GOLDEN_WRITE=1 writes them anew.
 *
 * Compute buffers are set to fixed sizes first, so that these files test drawing and not the estimate.
 */
#include "tests/support/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fix_device(struct device_use *use, uint64_t compute)
{
    int64_t change = (int64_t)compute - (int64_t)use->compute;
    memset(&use->terms, 0, sizeof use->terms);
    use->terms.bytes[COMPUTE_OTHER] = compute;
    use->compute = compute;
    use->used = (uint64_t)((int64_t)use->used + change);
    use->headroom -= change;
    use->fits = use->headroom >= 0;
}

static void fix(struct evaluation *evaluation, size_t n_devices)
{
    for (size_t i = 0; evaluation->devices != NULL && i < n_devices; i++) {
        fix_device(&evaluation->devices[i], i == 0 ? 3626ULL << 20 : 234ULL << 20);
    }
    fix_device(&evaluation->host, 60ULL << 20);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    struct strbuf text = {0};
    char part[4096];
    for (size_t n = fread(part, 1, sizeof part, file); n > 0;
         n = fread(part, 1, sizeof part, file)) {
        strbuf_add_n(&text, part, n);
    }
    fclose(file);
    return strbuf_take(&text);
}

static void compare(struct stage *stage, const char *name, bool with_inks)
{
    struct planner *planner = &stage->planner;
    struct strbuf got = {0};
    char path[512];
    fix(&planner->held, planner_now(planner)->rig.n_devices);
    stage_draw(stage);
    if (planner->is_preview) {
        fix(&planner->preview, planner_now(planner)->rig.n_devices);
        stage_draw(stage);
    }
    canvas_dump(&planner->canvas, &got);
    if (with_inks) {
        canvas_dump_inks(&planner->canvas, &got);
    }
    snprintf(path, sizeof path, "%s/tests/ui/golden/%s.txt", OTPLAN_SOURCE, name);
    if (getenv("OTPLAN_GOLDEN_WRITE") != NULL) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file, "%s", path);
        fputs(strbuf_text(&got), file);
        fclose(file);
    }
    char *wanted = read_file(path);
    cr_assert_not_null(wanted, "%s is missing", path);
    cr_assert_str_eq(strbuf_text(&got), wanted, "%s differs; it is now:\n%s", name,
                     strbuf_text(&got));
    free(wanted);
    strbuf_clear(&got);
}

static void main_screen(int width, int height, bool ascii, const char *name)
{
    struct stage *stage = stage_open(width, height, ascii);
    stage_command(stage, "move gate_exps,up_exps 12-20 CUDA1");
    planner_verify(&stage->planner);
    stage->planner.message[0] = '\0';
    stage_type(stage, "jjj");
    compare(stage, name, false);
    stage_close(stage);
}

Test(screens, main_80x24)
{
    main_screen(80, 24, false, "main-80x24");
}

Test(screens, main_120x40)
{
    main_screen(120, 40, false, "main-120x40");
}

Test(screens, main_60x16)
{
    main_screen(60, 16, false, "main-60x16");
}

Test(screens, main_too_small)
{
    main_screen(40, 12, false, "main-40x12");
}

Test(screens, main_80x24_ascii)
{
    main_screen(80, 24, true, "main-80x24-ascii");
}

Test(screens, over_budget_with_inks)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 12-20 CUDA1");
    planner_verify(&stage->planner);
    compare(stage, "over-budget-80x24", true);
    stage_close(stage);
}

Test(screens, carrying_over_a_bar)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "select gate_exps,up_exps 12-20");
    stage_type(stage, "m\033[B\033[B\033[B");
    compare(stage, "carry-120x40", true);
    stage_close(stage);
}

Test(screens, each_list_screen_80x24)
{
    static const char *const names[] = {"settings",  "devices", "compare",  "overrides", "detail",
                                        "snapshots", "history", "warnings", "export",    "help"};
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move gate_exps,up_exps 12-20 CUDA1");
    stage_command(stage, "set ctx 65536");
    planner_verify(&stage->planner);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char command[64];
        char golden[64];
        snprintf(command, sizeof command, "screen %s", names[i]);
        snprintf(golden, sizeof golden, "%s-80x24", names[i]);
        stage->planner.message[0] = '\0';
        stage_command(stage, command);
        fix(&stage->planner.snapshots[0].evaluation, 4);
        compare(stage, golden, false);
        stage_type(stage, "q");
    }
    stage_close(stage);
}

/* A list as people paste it: what each rule holds, and what is wrong with the one under the cursor. */
static void paste_rules(struct stage *stage)
{
    stage_type(stage, "\033[200~-ot \"blk\\.(1[2-9]|20)\\.ffn_(gate|up)_exps=CUDA1, "
                      "blk\\.21\\.ffn_up_exps=CUDA1,exps=CPU,"
                      "blk\\.[6-10]\\.ffn=CUDA9\"\033[201~y");
    stage->planner.message[0] = '\0';
}

Test(screens, overrides_with_what_is_wrong_80x24)
{
    struct stage *stage = stage_open(80, 24, false);
    paste_rules(stage);
    stage_type(stage, "oj");
    compare(stage, "overrides-blank-80x24", true);
    stage_close(stage);
}

Test(screens, overrides_with_what_is_wrong_120x40)
{
    struct stage *stage = stage_open(120, 40, false);
    paste_rules(stage);
    stage_type(stage, "oG");
    compare(stage, "overrides-range-120x40", false);
    stage_close(stage);
}

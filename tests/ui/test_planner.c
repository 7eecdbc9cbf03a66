/* The planner's session without a terminal: what keys, mouse and commands do to the plan. */
#include "model/plan/setting_list.h"
#include "tests/support/stage.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char gate_15[] = "blk.15.ffn_gate_exps.weight";

static size_t count_moved(const struct stage *stage)
{
    const struct plan *plan = &stage->planner.steps[stage->planner.at].plan;
    size_t n = 0;
    for (size_t row = 0; row < plan->n_rows; row++) {
        n += plan->moved[row] != PLAN_UNMOVED ? 1 : 0;
    }
    return n;
}

static void select_experts(struct stage *stage)
{
    int gate = stage_line(stage, stage->width >= LAYOUT_WIDE ? "gate exps" : "gate");
    stage_drag(stage, stage_column(stage, 12), gate, stage_column(stage, 20), gate + 1);
}

Test(planner, mouse_keys_and_commands_give_the_same_plan)
{
    struct stage *stage = stage_open(120, 40, false);
    select_experts(stage);
    stage_drag(stage, stage_column(stage, 15), stage_line(stage, "up exps"), 40,
               stage_bar(stage, "CUDA1"));
    cr_assert_eq(stage_device(stage, gate_15), 1);
    cr_assert_eq(count_moved(stage), 18);
    struct plan by_mouse;
    plan_copy(&by_mouse, &stage->planner.steps[stage->planner.at].plan);

    stage_type(stage, "u");
    cr_assert_eq(count_moved(stage), 0);
    stage_type(stage, "\033");
    stage_type(stage, "gjjj\033[H");
    for (int i = 0; i < 12; i++) {
        stage_type(stage, "l");
    }
    stage_type(stage, "vjllllllllm1");
    cr_assert(plan_equal(&by_mouse, &stage->planner.steps[stage->planner.at].plan));

    stage_type(stage, "u");
    stage_command(stage, "move gate_exps,up_exps 12-20 CUDA1");
    cr_assert(plan_equal(&by_mouse, &stage->planner.steps[stage->planner.at].plan));
    plan_clear(&by_mouse);
    stage_close(stage);
}

Test(planner, over_budget_is_said_in_words_with_exact_bytes)
{
    for (int width = 80; width <= 120; width += 40) {
        struct stage *stage = stage_open(width, width == 80 ? 24 : 40, false);
        stage_command(stage, "move experts 12-20 CUDA1");
        int64_t over = -stage->planner.held.devices[1].headroom;
        char bytes[64];
        char grouped[96];
        cr_assert_gt(over, 0);
        snprintf(bytes, sizeof bytes, "%lld", (long long)over);
        size_t at = 0;
        size_t n = strlen(bytes);
        for (size_t i = 0; i < n; i++) {
            if (i > 0 && (n - i) % 3 == 0) {
                grouped[at++] = ' ';
            }
            grouped[at++] = bytes[i];
        }
        grouped[at] = '\0';
        char words[160];
        snprintf(words, sizeof words, "CUDA1 over budget by %s bytes", grouped);
        cr_assert(stage_shows(stage, words), "%s\n%s", words, stage_text(stage));
        stage_close(stage);
    }
}

Test(planner, a_carried_selection_previews_and_a_drop_elsewhere_forgets_it)
{
    struct stage *stage = stage_open(120, 40, false);
    select_experts(stage);
    char before[64 * 1024];
    snprintf(before, sizeof before, "%s", stage_text(stage));
    int x = stage_column(stage, 15);
    stage_press(stage, 0, x, stage_line(stage, "up exps"));
    stage_move(stage, 0, 40, stage_bar(stage, "CUDA2"));
    cr_assert(stage->planner.is_preview);
    cr_assert_gt(stage->planner.preview.devices[2].used,
                 stage->planner.held.devices[2].used + (18000ULL << 20));
    cr_assert(stage_shows(stage, "fits 9 of 9 layers"));
    stage_move(stage, 0, 40, 0);
    cr_assert_not(stage->planner.is_preview);
    stage_release(stage, 0, 40, 0);
    cr_assert_eq(count_moved(stage), 0);
    stage_close(stage);
}

Test(planner, keys_between_m_and_the_device_walk_over_the_bars)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "select experts 12-20");
    stage_type(stage, "m");
    stage_type(stage, "\033[B\033[B");
    cr_assert_eq(stage->planner.ui.carry, 1);
    cr_assert(stage->planner.is_preview);
    stage_type(stage, "\033");
    cr_assert_not(stage->planner.is_preview);
    cr_assert_eq(count_moved(stage), 0);
    stage_type(stage, "m\033[B\r");
    cr_assert_eq(stage_device(stage, gate_15), 0);
    stage_type(stage, "m.");
    cr_assert_eq(stage_device(stage, gate_15), stage->planner.held.layers[15].home);
    stage_close(stage);
}

Test(planner, a_home_boundary_takes_caches_along)
{
    struct stage *stage = stage_open(120, 40, false);
    int home = stage_line(stage, "home");
    uint64_t before = stage->planner.held.devices[0].context;
    stage_drag(stage, stage_column(stage, 16), home, stage_column(stage, 20), home);
    for (uint32_t il = 0; il < 20; il++) {
        cr_assert_eq(stage->planner.held.layers[il].home, 0, "layer %u", il);
    }
    cr_assert_eq(stage->planner.held.layers[20].home, 1);
    cr_assert_gt(stage->planner.held.devices[0].context, before);
    stage_type(stage, "u");
    cr_assert_eq(stage->planner.held.devices[0].context, before);
    stage_type(stage, "g\033[H");
    stage_type(stage, ">");
    cr_assert_eq(stage->planner.held.layers[16].home, 0);
    stage_close(stage);
}

Test(planner, homes_sent_to_a_device_take_everything_between)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "home 50-52 CUDA1");
    for (uint32_t il = 16; il <= 52; il++) {
        cr_assert_eq(stage->planner.held.layers[il].home, 1, "layer %u", il);
    }
    cr_assert_eq(stage->planner.held.layers[53].home, 3);
    cr_assert_eq(stage->planner.held.layers[61].home, 3, "the output layer");
    stage_command(stage, "home 20 CPU");
    for (uint32_t il = 0; il <= 20; il++) {
        cr_assert_eq(stage->planner.held.layers[il].home, DEVICE_HOST);
    }
    stage_command(stage, "home 10-60 CUDA0");
    cr_assert_eq(stage->planner.held.layers[60].home, 0);
    cr_assert_eq(stage->planner.held.layers[61].home, 0,
                 "the output goes with the last device that has layers");
    planner_verify(&stage->planner);
    cr_assert_eq(stage->planner.verify, VERIFY_DONE, "%s", stage->planner.verify_error.text);
    stage_close(stage);
}

Test(planner, whole_layers_ask_once_about_the_cache)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_type(stage, "Vllm1");
    cr_assert(stage_shows(stage, "take the cache along?"));
    stage_type(stage, "n");
    cr_assert_eq(stage_device(stage, "blk.1.attn_output.weight"), 1);
    cr_assert_eq(stage->planner.held.layers[1].cache, 0, "the cache stays");
    cr_assert(stage_shows(stage, "cache stays on CUDA0"), "%s", stage_text(stage));
    stage_type(stage, "u\033Vm2");
    cr_assert_not(stage_shows(stage, "take the cache along?"), "it was answered");
    stage_type(stage, "u\033");
    stage_command(stage, "set cache-follows yes");
    stage_type(stage, "Vm2");
    cr_assert_eq(stage->planner.held.layers[2].home, 2);
    cr_assert_eq(stage->planner.held.layers[2].cache, 2);
    stage_close(stage);
}

Test(planner, locked_weights_stay_when_others_move)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "lock gate_exps 15");
    stage_command(stage, "move experts 12-20 CUDA1");
    cr_assert_eq(stage_device(stage, gate_15), DEVICE_HOST);
    cr_assert_eq(stage_device(stage, "blk.16.ffn_gate_exps.weight"), 1);
    stage_command(stage, "lock attn 3");
    stage_command(stage, "home 0-10 CUDA1");
    cr_assert_eq(stage_device(stage, "blk.3.attn_output.weight"), 0, "also when its home goes");
    cr_assert_eq(stage_device(stage, "blk.4.attn_output.weight"), 1);
    stage_command(stage, "unlock gate_exps 15");
    stage_command(stage, "move experts 15 CUDA1");
    cr_assert_eq(stage_device(stage, gate_15), 1);
    planner_verify(&stage->planner);
    cr_assert_eq(stage->planner.verify, VERIFY_DONE, "%s", stage->planner.verify_error.text);
    stage_close(stage);
}

Test(planner, a_value_that_is_tried_shows_its_effect_and_is_not_taken)
{
    struct stage *stage = stage_open(120, 40, false);
    uint64_t before = stage->planner.held.devices[1].context;
    stage_type(stage, ",\033[C");
    cr_assert(stage->planner.is_preview);
    cr_assert_eq(stage->planner.preview.devices[1].context, 2 * before);
    stage_type(stage, "\033");
    cr_assert_eq(stage->planner.held.devices[1].context, before);
    stage_type(stage, "\033[C\rq");
    cr_assert_eq(stage->planner.held.devices[1].context, 2 * before);
    stage_type(stage, "c");
    stage_type(stage, "\025"
                      "16384");
    cr_assert_eq(stage->planner.preview.devices[1].context, before / 2, "%s", stage_text(stage));
    stage_type(stage, "\r");
    cr_assert_eq(stage->planner.held.resolved.n_ctx, 16384);
    stage_type(stage, "uu");
    cr_assert_eq(stage->planner.held.devices[1].context, before);
    stage_close(stage);
}

Test(planner, devices_are_edited_and_edits_undone)
{
    struct stage *stage = stage_open(120, 40, false);
    struct planner *planner = &stage->planner;
    stage_command(stage, "device CUDA1 free 20000");
    cr_assert_eq(planner_now(planner)->rig.devices[1].free, 20000ULL << 20);
    stage_command(stage, "device CUDA1 margin 0");
    cr_assert_eq(planner->held.devices[1].budget, 20000ULL << 20);
    stage_command(stage, "move gate_exps 12-20 CUDA2");
    stage_command(stage, "device CUDA0 remove");
    cr_assert_eq(planner_now(planner)->rig.n_devices, 3);
    int64_t row = model_find_tensor(planner->model, gate_15);
    cr_assert_str_eq(rig_name(&planner_now(planner)->rig, planner->held.device[row]), "CUDA2",
                     "what was sent to a card stays on it");
    stage_command(stage, "device CUDA2 up");
    cr_assert_str_eq(planner_now(planner)->plan.devices, "CUDA2,CUDA1,CUDA3");
    stage_command(stage, "device add 24G");
    cr_assert_eq(planner_now(planner)->rig.n_devices, 4);
    stage_command(stage, "device CUDA3 copy");
    cr_assert_eq(planner_now(planner)->rig.n_devices, 5);
    stage_type(stage, "uuuuuuu");
    cr_assert_eq(planner_now(planner)->rig.n_devices, 4);
    cr_assert_eq(planner->held.devices[1].budget, (31292ULL - 1024) << 20);
    stage_close(stage);
}

Test(planner, every_screen_at_many_sizes)
{
    static const char *const keys[] = {"?", ",", "d", "o", "i", "W", "S", "b", "H", "e"};
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 12-20 CUDA1");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (int width = 1; width < 210; width += 13) {
            stage->width = width;
            stage->height = 1 + width / 3;
            stage_type(stage, keys[i]);
            stage_type(stage, "G\033[5~k\033[6~");
            stage_type(stage, "\033");
            while (stage->planner.ui.depth > 0) {
                stage_type(stage, "q");
            }
        }
    }
    stage_close(stage);
}

Test(planner, unsaved_work_is_not_left_without_asking)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_command(stage, "move experts 12-20 CUDA1");
    stage_type(stage, "q");
    cr_assert_not(stage->planner.is_done);
    cr_assert(stage_shows(stage, "not saved"));
    stage_type(stage, "\033");
    cr_assert_not(stage->planner.is_done);
    stage_type(stage, "uq");
    cr_assert(stage->planner.is_done, "nothing was changed any more");
    stage_close(stage);
}

Test(planner, the_optimiser_is_one_undoable_step_and_leaves_locks)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "lock gate_exps 15");
    double before = stage->planner.speed.tokens_per_second;
    stage_type(stage, "a");
    cr_assert_gt(stage->planner.speed.tokens_per_second, before);
    cr_assert_eq(stage_device(stage, gate_15), DEVICE_HOST);
    cr_assert(stage->planner.held.all_fit);
    planner_verify(&stage->planner);
    cr_assert_eq(stage->planner.verify, VERIFY_DONE, "%s", stage->planner.verify_error.text);
    stage_type(stage, "u");
    cr_assert_float_eq(stage->planner.speed.tokens_per_second, before, 1e-9);
    stage_close(stage);
}

Test(planner, pasted_arguments_are_imported_once_asked)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_type(stage, "\033[200~sudo env A=1 llama-server -m x.gguf -t 16 \\\n"
                      "-ot \"blk\\.[0-9]\\.ffn_.*_exps=CUDA0\" -ot 'exps=CPU' # a comment -ngl 3\n"
                      "\033[201~");
    cr_assert(stage_shows(stage, "pasted text?"), "%s", stage_text(stage));
    stage_type(stage, "y");
    cr_assert_eq(stage_device(stage, "blk.9.ffn_up_exps.weight"), 0, "%s", stage_text(stage));
    cr_assert_eq(stage_device(stage, "blk.10.ffn_up_exps.weight"), DEVICE_HOST);
    cr_assert_eq(stage->planner.held.layers[16].home, 1, "homes stay where the text is silent");
    planner_verify(&stage->planner);
    cr_assert_eq(stage->planner.verify, VERIFY_DONE, "%s", stage->planner.verify_error.text);
    stage_type(stage, "u");
    cr_assert_eq(stage_device(stage, "blk.9.ffn_up_exps.weight"), DEVICE_HOST);
    stage_type(stage, "\033[200~hello there\033[201~y");
    cr_assert_eq(stage->planner.at, 0, "nothing in it: nothing changes");
    stage_type(stage, "\033[200~command:\n  - -ot\n  - 'exps=CUDA1'\n\033[201~y");
    cr_assert_eq(stage_device(stage, "blk.9.ffn_up_exps.weight"), 1, "%s", stage_text(stage));
    stage_close(stage);
}

Test(planner, painting_sends_what_it_passes_to_the_last_target)
{
    struct stage *stage = stage_open(120, 40, false);
    int gate = stage_line(stage, "gate exps");
    stage_press(stage, 2, stage_column(stage, 30), gate);
    cr_assert(stage_shows(stage, "no target yet"));
    stage_release(stage, 2, stage_column(stage, 30), gate);
    stage_command(stage, "select gate_exps 15");
    stage_type(stage, "m2");
    stage_press(stage, 2, stage_column(stage, 30), gate);
    for (uint32_t il = 31; il < 34; il++) {
        stage_move(stage, 2, stage_column(stage, il), gate);
    }
    stage_release(stage, 2, stage_column(stage, 33), gate);
    cr_assert_eq(stage_device(stage, "blk.33.ffn_gate_exps.weight"), 2);
    cr_assert_eq(stage_device(stage, "blk.34.ffn_gate_exps.weight"), DEVICE_HOST);
    cr_assert_eq(stage->planner.n_steps, 3, "one gesture, one step");
    stage_type(stage, "\033gjjj\033[HllPllll\r");
    cr_assert_eq(stage_device(stage, "blk.6.ffn_gate_exps.weight"), 2);
    cr_assert_eq(stage_device(stage, "blk.7.ffn_gate_exps.weight"), DEVICE_HOST);
    stage_close(stage);
}

/* The file is the user's: another program may have written it meanwhile. */
Test(planner, a_plan_file_that_somebody_else_changed_is_not_replaced_silently)
{
    char path[] = "/tmp/otplan-test-XXXXXX";
    int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0);
    close(descriptor);
    struct stage *stage = stage_open(80, 24, false);
    struct error error = {0};
    char command[128];
    snprintf(command, sizeof command, "write! %s", path);
    stage_command(stage, command);
    cr_assert_not(planner_is_unsaved(&stage->planner));
    stage_command(stage, "move experts 12-15 CUDA1");
    stage_command(stage, "write");
    cr_assert_not(planner_is_unsaved(&stage->planner));
    FILE *file = fopen(path, "a");
    fputs("\n", file);
    fclose(file);
    struct timespec later[2] = {{.tv_sec = 4000000000}, {.tv_sec = 4000000000}};
    utimensat(AT_FDCWD, path, later, 0);
    stage_command(stage, "move experts 16 CUDA1");
    cr_assert_not(planner_command(&stage->planner, "write", &error), "it was replaced");
    cr_assert(planner_is_unsaved(&stage->planner));
    snprintf(command, sizeof command, "open %s", path);
    stage_command(stage, command);
    cr_assert_eq(stage_device(stage, "blk.15.ffn_up_exps.weight"), 1);
    cr_assert_eq(stage_device(stage, "blk.16.ffn_up_exps.weight"), DEVICE_HOST);
    unlink(path);
    stage_close(stage);
}

Test(planner, a_log_is_held_against_the_plan)
{
    char path[] = "/tmp/otplan-test-XXXXXX";
    int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0);
    close(descriptor);
    FILE *file = fopen(path, "w");
    fputs("llama_model_loader: loaded meta data with 1 key-value pairs and 1096 tensors\n"
          "load_tensors: offloaded 62/62 layers to GPU\n"
          "load_tensors:        CUDA0 model buffer size =  1000.00 MiB\n",
          file);
    fclose(file);
    struct stage *stage = stage_open(100, 30, false);
    char command[64];
    snprintf(command, sizeof command, "verify %s", path);
    stage_command(stage, command);
    cr_assert(stage_shows(stage, "planned"), "%s", stage_text(stage));
    cr_assert(stage_shows(stage, "1 000.0"), "%s", stage_text(stage));
    stage_type(stage, "jjq");
    unlink(path);
    stage_close(stage);
}

Test(planner, pasted_text_never_acts_as_keys)
{
    struct stage *stage = stage_open(80, 24, false);
    stage_type(stage, "\033[200~Vm1q\rq\033[201~");
    cr_assert_eq(count_moved(stage), 0);
    cr_assert_not(stage->planner.is_done);
    stage_close(stage);
}

/* Five thousand events at random: no crash, no leak, and undo still leads back to the start. */
Test(planner, random_events_leave_a_plan_that_can_be_undone)
{
    struct stage *stage = stage_open(80, 24, false);
    struct plan start;
    plan_copy(&start, &stage->planner.steps[0].plan);
    uint32_t random = 2463534242U;
    static const char *const keys[] = {
        "h", "j",   "k",    "l",    "v",         "V",      "m",     "M", "0", "1", "c",
        ".", "u",   "z",    "L",    "<",         ">",      "f",     "g", "G", " ", "!",
        "U", "P",   "\033", "\t",   ",",         "d",      "o",     "i", "s", "S", "b",
        "?", "H",   "W",    "\r",   "\033[C",    "\033[D", "y",     "n", "e", "a", "x",
        "/", "exp", ":",    "\022", "\033[1;2C", "C",      "16384", "r", "a"};
    for (int i = 0; i < 5000 && !stage->planner.is_done; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        int x = (int)(random >> 8) % 90;
        int y = (int)(random >> 20) % 30;
        switch (random % 8) {
        case 0:
            stage_press(stage, (int)(random >> 6) % 3, x, y);
            break;
        case 1:
        case 2:
            stage_move(stage, (int)(random >> 6) % 4, x, y);
            break;
        case 3:
            stage_release(stage, 0, x, y);
            break;
        case 4:
            if (random % 40 == 4) {
                stage->width = 1 + x * 2;
                stage->height = 1 + y * 2;
                stage_draw(stage);
            }
            break;
        default:
            stage_type(stage, keys[(random >> 9) % (sizeof keys / sizeof *keys)]);
            break;
        }
        if (stage->planner.ui.question.is_open && random % 3 == 0) {
            stage_type(stage, "\033");
        }
    }
    planner_verify(&stage->planner);
    cr_assert(stage->planner.verify == VERIFY_DONE ||
                  stage->planner.held.refused.kind != ERROR_NONE,
              "%s", stage->planner.verify_error.text);
    planner_go_to(&stage->planner, 0);
    cr_assert(plan_equal(&start, &stage->planner.steps[stage->planner.at].plan));
    plan_clear(&start);
    stage_close(stage);
}

static void expect_rule(struct stage *stage, const char *keys, int rule)
{
    stage_type(stage, keys);
    cr_assert_eq(ui_screen(&stage->planner.ui), SCREEN_OVERRIDES, "%s", stage_text(stage));
    cr_expect_eq(stage->planner.ui.lists[SCREEN_OVERRIDES].cursor, rule, "%s", stage_text(stage));
    stage_type(stage, "q");
}

Test(planner, o_opens_on_the_rule_that_decided_what_is_under_the_cursor)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, "move gate_exps,up_exps 12-20 CUDA1");
    int gate = stage_line(stage, "gate exps");
    stage_press(stage, 0, stage_column(stage, 30), gate);
    stage_release(stage, 0, stage_column(stage, 30), gate);
    expect_rule(stage, "o", 1);
    stage_press(stage, 0, stage_column(stage, 15), gate);
    stage_release(stage, 0, stage_column(stage, 15), gate);
    expect_rule(stage, "o", 0);
    stage_type(stage, "\t"); /* the tensors: down experts of layer 15 stand first */
    expect_rule(stage, "o", 1);
    expect_rule(stage, "jo", 0);
    stage_close(stage);
}

Test(planner, r_takes_the_repair_of_a_rule)
{
    struct stage *stage = stage_open(120, 40, false);
    stage_type(stage, "\033[200~-ot \"exps=CPU, blk\\.1\\.attn=CUDA1\" -cmoe\033[201~yoj");
    cr_assert(stage_shows(stage, "write blk\\.1\\.attn=CUDA1"), "%s", stage_text(stage));
    stage_type(stage, "r");
    const struct override_list *given = planner_now(&stage->planner)->plan.given;
    cr_assert_str_eq(given->arguments[0].value, "exps=CPU,blk\\.1\\.attn=CUDA1");
    cr_assert_str_eq(given->arguments[1].flag, "-cmoe");
    cr_assert_eq(stage_device(stage, "blk.1.attn_output.weight"), 1, "%s", stage_text(stage));
    stage_type(stage, "r");
    cr_assert(stage_shows(stage, "there is no repair to take"), "%s", stage_text(stage));
    stage_type(stage, "u");
    cr_assert_str_eq(planner_now(&stage->planner)->plan.given->arguments[0].value,
                     "exps=CPU, blk\\.1\\.attn=CUDA1");
    stage_close(stage);
}

Test(planner, a_double_click_on_a_tensor_opens_its_rule_and_enter_selects_all_of_it)
{
    struct stage *stage = stage_open(120, 40, false);
    int gate = stage_line(stage, "gate exps");
    stage_press(stage, 0, stage_column(stage, 15), gate);
    stage_release(stage, 0, stage_column(stage, 15), gate);
    int tensor = stage_line(stage, "blk.15.ffn_down_exps.weight");
    char clicks[128];
    snprintf(clicks, sizeof clicks, "\033[<0;7;%dM\033[<0;7;%dm\033[<0;7;%dM\033[<0;7;%dm",
             tensor + 1, tensor + 1, tensor + 1, tensor + 1);
    stage_type(stage, clicks);
    cr_assert_eq(ui_screen(&stage->planner.ui), SCREEN_OVERRIDES, "%s", stage_text(stage));
    cr_assert(stage_shows(stage, "matches 180 tensors"), "%s", stage_text(stage));
    stage_type(stage, "\r");
    cr_assert_eq(stage->planner.ui.selection.n_marked, 180, "%s", stage_text(stage));
    stage_close(stage);
}

/* L on the settings screen; the lock is a step, is written with the plan, and comes back with it. */
Test(planner, a_locked_setting_stays_until_it_is_unlocked)
{
    char path[] = "/tmp/otplan-lock-XXXXXX";
    char command[64];
    struct stage *stage = stage_open(120, 40, false);
    const struct setting *context = setting_find("ctx");
    cr_assert_eq(close(mkstemp(path)), 0);
    unlink(path);
    stage_type(stage, ",gL");
    cr_assert(stage_shows(stage, "32768 L"), "%s", stage_text(stage));
    stage_type(stage, "\033[C\r"); /* tries the next value and takes it */
    cr_assert(stage_shows(stage, "is locked"), "%s", stage_text(stage));
    cr_assert_eq(planner_now(&stage->planner)->plan.settings.n_ctx, 32768);
    stage_command(stage, "auto context");
    cr_assert_eq(planner_now(&stage->planner)->plan.settings.n_ctx, 32768);
    snprintf(command, sizeof command, "write %s", path);
    stage_command(stage, command);
    stage_command(stage, "unlock ctx");
    cr_assert_not(setting_is_locked(context, &planner_now(&stage->planner)->plan));
    stage_command(stage, "set ctx 8192");
    snprintf(command, sizeof command, "open %s", path);
    stage_command(stage, command);
    cr_assert(setting_is_locked(context, &planner_now(&stage->planner)->plan));
    stage_type(stage, "u");
    cr_assert_not(setting_is_locked(context, &planner_now(&stage->planner)->plan));
    unlink(path);
    stage_close(stage);
}

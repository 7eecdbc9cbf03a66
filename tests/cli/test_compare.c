/* `otplan compare`: before and after, and what moved between them. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *at(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
    return value;
}

/* A plan document for the demo with one -ot argument. */
static char *plan_file(const char *folder, const char *name, const char *rules)
{
    char *text =
        memory_format("{\"otplan_plan\": 1, \"model\": {\"path\": \"%s\"}, \"args\": [\"-c\", "
                      "\"32768\", \"-ngl\", \"62\", \"-ts\", \"16,16,15,15\", \"-ot\", "
                      "\"%s\"]}",
                      demo_model(), rules);
    char *path = test_file_write(folder, name, text, strlen(text));
    free(text);
    return path;
}

Test(compare, tells_what_moved_in_words_a_person_uses)
{
    char *folder = test_folder_make();
    char *before = plan_file(folder, "before.json", "exps=CPU");
    char *after =
        plan_file(folder, "after.json", "blk.(1[2-9]|20).ffn_(gate|up)_exps=CUDA1,exps=CPU");
    struct program_result result =
        otplan_run("compare", before, after, "--devices", demo_devices(), "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *moves = at(object, "moved");
    cr_assert_eq(json_object_array_length(moves), 1);
    struct json_object *move = json_object_array_get_idx(moves, 0);
    cr_assert_str_eq(json_object_get_string(at(move, "what")),
                     "layers 12-20 gate experts, up experts");
    cr_assert_eq(json_object_get_int(at(move, "tensors")), 18);
    cr_assert_eq(json_object_get_uint64(at(move, "bytes")), 18900ULL << 20);
    cr_assert_str_eq(json_object_get_string(at(move, "from")), "CPU");
    cr_assert_str_eq(json_object_get_string(at(move, "to")), "CUDA1");
    struct json_object *device = json_object_array_get_idx(at(object, "devices"), 1);
    cr_assert_eq(json_object_get_int64(at(at(device, "delta"), "model")), 18900LL << 20);
    cr_assert_eq(json_object_get_int(at(at(object, "before"), "experts_on_devices")), 0);
    cr_assert_eq(json_object_get_int(at(at(object, "after"), "experts_on_devices")), 18);
    cr_assert_eq(json_object_array_length(at(at(object, "overrides"), "added")), 1);
    cr_assert_eq(json_object_array_length(at(at(object, "overrides"), "removed")), 0);
    json_object_put(object);
    program_result_clear(&result);
    free(before);
    free(after);
    test_folder_remove(folder);
}

Test(compare, with_one_file_takes_the_flags_as_before)
{
    char *folder = test_folder_make();
    char *after = plan_file(folder, "after.json", "exps=CPU");
    struct program_result result = otplan_run("compare", "-m", demo_model(), "-c", "4096", "-ngl",
                                              "0", after, "--devices", demo_devices(), "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_eq(json_object_get_int(at(at(object, "before"), "context")), 4096);
    cr_assert_eq(json_object_get_int(at(at(object, "after"), "context")), 32768);
    cr_assert_eq(json_object_get_int(at(at(object, "after"), "devices_used")), 4);
    json_object_put(object);
    program_result_clear(&result);
    free(after);
    test_folder_remove(folder);
}

Test(compare, opens_what_llama_cpp_refuses_and_says_so)
{
    char *folder = test_folder_make();
    char *before = plan_file(folder, "before.json", "exps=CPU");
    char *after = plan_file(folder, "after.json", "blk.[6-10].ffn=CPU,exps=CPU");
    struct program_result result =
        otplan_run("compare", before, after, "--devices", demo_devices());
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "llama.cpp refuses it"), "%s", result.output);
    program_result_clear(&result);
    free(before);
    free(after);
    test_folder_remove(folder);
}

/* ---- plan documents ------------------------------------------------------------------------- */

static void expect_refused(const char *text, const char *words)
{
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "plan.json", text, strlen(text));
    struct program_result result = otplan_run("plan", "--plan", path);
    cr_assert_eq(result.status, 2, "%s: %s", text, result.errors);
    cr_assert_not_null(strstr(result.errors, words), "%s: %s", text, result.errors);
    program_result_clear(&result);
    free(path);
    test_folder_remove(folder);
}

Test(plan_document, says_what_is_wrong_with_it)
{
    expect_refused("{\"args\": []}", "no plan document");
    expect_refused("{\"otplan_plan\": 2}", "version 2");
    expect_refused("{\"otplan_plan\": 1, \"args\": {}}", "args: must be a list");
    expect_refused("{\"otplan_plan\": 1, \"args\": [1]}", "args");
    expect_refused("{\"otplan_plan\": 1, \"target\": \"x\"}", "target");
    expect_refused("{\"otplan\": \"0.1\", \"overrides\": [], \"tensors\": []}",
                   "output of otplan plan --json");
    expect_refused("{\"otplan_plan\": 1, \"model\": {\"path\": \"/nowhere.gguf\"}}",
                   "/nowhere.gguf");
}

Test(plan_document, gives_way_to_flags)
{
    char *folder = test_folder_make();
    char *plan = plan_file(folder, "plan.json", "exps=CPU");
    struct program_result result = otplan_run("export", plan, "--devices", demo_devices(), "-c",
                                              "8192", "-ot", "blk.5.ffn_up_exps=CUDA0");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_str_eq(result.output, "-c 8192 -ngl 62 -ts 16,16,15,15 -fit off -ot "
                                    "'blk.5.ffn_up_exps=CUDA0' -ot 'exps=CPU'\n");
    program_result_clear(&result);
    free(plan);
    test_folder_remove(folder);
}

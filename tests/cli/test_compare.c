/* `otplan compare`: before and after, and what moved between them. */
#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
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
    result = otplan_run("compare", before, after, "--devices", demo_devices(), "--json");
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *refused = at(object, "after");
    cr_assert(json_object_get_boolean(at(refused, "fits")));
    cr_assert_geq(json_object_get_int(at(refused, "largest_context")), 32768);
    json_object_put(object);
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
    expect_refused("{\"otplan_plan\": -1}", "otplan_plan: must be the version");
    expect_refused("{\"otplan_plan\": 1, \"args\": [\"--frob\"]}", "plan.json: args: --frob");
    expect_refused("{\"otplan_plan\": 1, \"args\": [\"-c\"]}", "plan.json: args: -c");
    expect_refused("{\"otplan_plan\": 1, \"args\": {}}", "args: must be a list");
    expect_refused("{\"otplan_plan\": 1, \"args\": [1]}", "args");
    expect_refused("{\"otplan_plan\": 1, \"target\": \"x\"}", "target");
    expect_refused("{\"otplan\": \"0.1\", \"overrides\": [], \"tensors\": []}",
                   "output of otplan plan --json");
    expect_refused("{\"otplan_plan\": 1, \"model\": {\"path\": \"/nowhere.gguf\"}}",
                   "/nowhere.gguf");
}

static struct program_result plan_text(const char *folder, const char *version, const char *model)
{
    char *text = memory_format("{\"otplan_plan\": %s, \"model\": {\"path\": \"%s\"%s}, \"args\": "
                               "[\"-c\", \"4096\"]}",
                               version, demo_model(), model);
    char *path = test_file_write(folder, "plan.json", text, strlen(text));
    struct program_result result = otplan_run("plan", path, "--devices", demo_devices(), "--json");
    cr_assert_eq(result.status, 0, "%s: %s", text, result.errors);
    free(path);
    free(text);
    return result;
}

Test(plan_document, of_an_older_version_opens)
{
    char *folder = test_folder_make();
    struct program_result result = plan_text(folder, "0", "");
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_eq(json_object_get_int(at(at(object, "settings"), "n_ctx")), 4096);
    json_object_put(object);
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(plan_document, for_another_file_is_used_but_never_unnoticed)
{
    static const char *const models[] = {", \"n_tensors\": 5", ", \"head_hash\": \"12ab\""};
    char *folder = test_folder_make();
    for (size_t i = 0; i < 2; i++) {
        struct program_result result = plan_text(folder, "1", models[i]);
        cr_expect_not_null(strstr(result.errors, "the plan was made for"), "%s", result.errors);
        cr_expect_eq(result.output[0], '{');
        program_result_clear(&result);
    }
    test_folder_remove(folder);
}

Test(plan_document, is_written_back_with_its_notes_and_locks)
{
    char *folder = test_folder_make();
    char *text = memory_format("{\"otplan_plan\": 0, \"model\": {\"path\": \"%s\"}, \"args\": [], "
                               "\"locks\": [\"blk.1.ffn_up_exps.weight\"], \"notes\": \"mine\"}",
                               demo_model());
    char *plan = test_file_write(folder, "plan.json", text, strlen(text));
    char *written = memory_format("%s/written.json", folder);
    char *commands = memory_format(":open %s\n:write %s\n:quit\n", plan, written);
    char *script = test_file_write(folder, "commands", commands, strlen(commands));
    struct program_result result =
        otplan_run(demo_model(), "--devices", demo_devices(), "--commands", script);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_object_from_file(written);
    cr_assert_eq(json_object_get_int(at(object, "otplan_plan")), 1);
    cr_assert_str_eq(json_object_get_string(at(object, "notes")), "mine");
    cr_assert_eq(json_object_array_length(at(object, "locks")), 1);
    json_object_put(object);
    program_result_clear(&result);
    free(script);
    free(commands);
    free(written);
    free(plan);
    free(text);
    test_folder_remove(folder);
}

Test(plan_document, is_no_log)
{
    char *folder = test_folder_make();
    char *plan = plan_file(folder, "plan.json", "exps=CPU");
    struct program_result result = otplan_run("verify", plan);
    cr_assert_eq(result.status, 1, "%s", result.output);
    cr_assert_not_null(strstr(result.errors, "which log?"), "%s", result.errors);
    program_result_clear(&result);
    free(plan);
    test_folder_remove(folder);
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

/* A llama of 8 layers, 1024 wide, whose matrices have `type`. */
static char *quantised_file(const char *folder, const char *name, uint32_t type)
{
    static const struct {
        const char *name;
        uint64_t ne0, ne1;
    } tensors[] = {
        {"attn_norm", 1024, 0},   {"attn_q", 1024, 1024},      {"attn_k", 1024, 1024},
        {"attn_v", 1024, 1024},   {"attn_output", 1024, 1024}, {"ffn_norm", 1024, 0},
        {"ffn_gate", 1024, 4096}, {"ffn_down", 4096, 1024},    {"ffn_up", 1024, 4096},
    };
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_string(&writer, "general.architecture", "llama");
    gguf_write_string(&writer, "general.name", "pair");
    gguf_write_u32(&writer, "llama.block_count", 8);
    gguf_write_u32(&writer, "llama.context_length", 131072);
    gguf_write_u32(&writer, "llama.embedding_length", 1024);
    gguf_write_u32(&writer, "llama.feed_forward_length", 4096);
    gguf_write_u32(&writer, "llama.attention.head_count", 8);
    gguf_write_f32(&writer, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_write_u32(&writer, "llama.vocab_size", 2048);
    gguf_write_string(&writer, "tokenizer.ggml.model", "none");
    gguf_write_tensor(&writer, "token_embd.weight", type, (uint64_t[]){1024, 2048}, 2);
    gguf_write_tensor(&writer, "output_norm.weight", GGML_F32, (uint64_t[]){1024}, 1);
    gguf_write_tensor(&writer, "output.weight", type, (uint64_t[]){1024, 2048}, 2);
    for (unsigned il = 0; il < 8; il++) {
        for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
            char full[64];
            bool flat = tensors[i].ne1 == 0;
            snprintf(full, sizeof full, "blk.%u.%s.weight", il, tensors[i].name);
            gguf_write_tensor(&writer, full, flat ? GGML_F32 : type,
                              (uint64_t[]){tensors[i].ne0, tensors[i].ne1}, flat ? 1 : 2);
        }
    }
    gguf_write_finish(&writer, &head);
    char *path = test_file_write_head(folder, name, &head);
    strbuf_clear(&head);
    return path;
}

static bool plan_fits(const char *model, const char *devices, unsigned context)
{
    char *tokens = memory_format("%u", context);
    struct program_result result =
        otplan_run("plan", model, "--devices", devices, "-c", tokens, "--check");
    free(tokens);
    cr_assert(result.status == 0 || result.status == 3, "%s", result.errors);
    bool fits = result.status == 0;
    program_result_clear(&result);
    return fits;
}

/* What compare calls the largest context fits by `plan --check`, and 256 tokens more do not. */
static void expect_largest(struct json_object *side, const char *model, const char *devices)
{
    unsigned largest = (unsigned)json_object_get_int(at(side, "largest_context"));
    cr_assert(largest > 0 && largest < 131072, "%u", largest);
    cr_expect(plan_fits(model, devices, largest), "%u", largest);
    cr_expect_not(plan_fits(model, devices, largest + 256), "%u", largest);
}

Test(compare, two_quantisations_of_a_model_side_by_side)
{
    static const char machine[] =
        "{\"devices\": [{\"name\": \"CUDA0\", \"description\": \"NVIDIA GeForce RTX 3090\", "
        "\"free_mib\": 1600, \"link_gb_s\": 25}], \"host\": {\"free_mib\": 64000, "
        "\"bandwidth_gb_s\": 50}}";
    char *folder = test_folder_make();
    char *devices = test_file_write(folder, "devices.json", machine, strlen(machine));
    char *four = quantised_file(folder, "four.gguf", 12 /* q4_K */);
    char *eight = quantised_file(folder, "eight.gguf", GGML_Q8_0);
    struct program_result result =
        otplan_run("compare", four, eight, "-c", "4096", "--devices", devices, "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *before = at(object, "before");
    struct json_object *after = at(object, "after");
    cr_expect_str_eq(json_object_get_string(at(before, "mostly")), "q4_K");
    cr_expect_str_eq(json_object_get_string(at(after, "mostly")), "q8_0");
    cr_expect_lt(json_object_get_int64(at(before, "model_bytes")),
                 json_object_get_int64(at(after, "model_bytes")));
    cr_expect_gt(json_object_get_double(at(before, "tokens_per_second")),
                 1.5 * json_object_get_double(at(after, "tokens_per_second")));
    cr_expect_gt(json_object_get_double(at(before, "prompt_tokens_per_second")), 0);
    cr_expect_gt(json_object_get_int(at(before, "largest_context")),
                 json_object_get_int(at(after, "largest_context")));
    cr_expect(json_object_get_boolean(at(before, "fits")));
    expect_largest(before, four, devices);
    expect_largest(after, eight, devices);
    cr_expect_eq(json_object_array_length(at(object, "moved")), 0);
    json_object_put(object);
    program_result_clear(&result);

    result = otplan_run("compare", four, eight, "-c", "4096", "--devices", devices);
    cr_expect(strstr(result.output, "mostly q4_K"), "%s", result.output);
    cr_expect(strstr(result.output, "largest context"), "%s", result.output);
    cr_expect(strstr(result.output, "prompt tokens/s"), "%s", result.output);
    program_result_clear(&result);

    result = otplan_run("compare", four, eight, "--auto", "--devices", devices, "--json");
    object = json_tokener_parse(result.output);
    cr_expect_gt(json_object_get_int(at(at(object, "after"), "largest_context")), 16384,
                 "with --auto the placement follows the context");
    json_object_put(object);
    program_result_clear(&result);
    free(four);
    free(eight);
    free(devices);
    test_folder_remove(folder);
}

Test(compare, and_plan_send_no_escapes_of_a_device_s_name_to_the_terminal)
{
    static const char file[] =
        "{\"devices\": [{\"name\": \"CU\\u001b[31mDA\\n0\", \"free_mib\": 2000}]}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "devices.json", file, sizeof file - 1);
    struct program_result plan = otplan_run("plan", demo_model(), "--devices", path, "-c", "4096");
    struct program_result compare =
        otplan_run("compare", demo_model(), demo_model(), "--devices", path, "-c", "4096");
    cr_assert_eq(plan.status, 0, "%s", plan.errors);
    cr_assert_eq(compare.status, 0, "%s", compare.errors);
    cr_assert_not_null(strstr(plan.output, ": move "), "%s", plan.output);
    cr_assert_null(strchr(plan.output, '\033'));
    cr_assert_null(strchr(compare.output, '\033'));
    cr_assert_null(strstr(plan.output, "DA\n0"));
    cr_assert_null(strstr(compare.output, "DA\n0"));
    program_result_clear(&plan);
    program_result_clear(&compare);
    free(path);
    test_folder_remove(folder);
}

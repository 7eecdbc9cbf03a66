// What llama.cpp would refuse is said before anything is loaded: exit 2, one line that names the setting or
// the rule, nothing on standard output.
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/oracle.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_refused(const char *const *arguments, const char *words)
{
    struct program_result result = otplan_run_with(NULL, arguments);
    cr_expect(result.status == 2, "%s: exit %d: %s", words, result.status, result.errors);
    cr_expect(strstr(result.errors, words) != NULL, "wanted '%s', got '%s'", words, result.errors);
    cr_expect(result.output_bytes == 0, "%s: standard output is not empty", words);
    cr_expect(strchr(result.errors, '\n') == result.errors + strlen(result.errors) - 1,
              "%s: more than one line", words);
    program_result_clear(&result);
}

#define DEMO(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        "plan", demo_model(), "--devices", demo_devices(), "--json", __VA_ARGS__, NULL             \
    }

Test(refusals, of_the_cache)
{
    expect_refused(DEMO("-ctk", "q8_0"),
                   "llama.cpp wants one type for both: give -ctk and -ctv the same");
    expect_refused(DEMO("-ctk", "q8_0", "-ctv", "q8_0", "-fa", "off"),
                   "V cache quantization requires flash_attn");
    expect_refused(DEMO("-np", "300"), "llama.cpp takes at most 256 sequences");
}

Test(refusals, of_the_devices)
{
    expect_refused(DEMO("-dev", "CUDA0,CUDA7"), "invalid device: CUDA7 (this rig has CUDA0, CUDA1");
    expect_refused(DEMO("-dev", "CUDA0,CUDA0"), "-dev CUDA0,CUDA0: CUDA0 is named twice");
    expect_refused(DEMO("-sm", "none", "-mg", "4"),
                   "invalid value for main_gpu: 4 (available devices: 4)");
    expect_refused(DEMO("-sm", "row"), "device CUDA0 does not support split buffers");
    expect_refused(DEMO("-sm", "row", "-dev", "CUDA2"), "device CUDA2 does not support split");
    expect_refused(DEMO("-sm", "tensor"), "-sm tensor is not modelled yet");
    expect_refused(DEMO("-ts", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), "-ts");
}

Test(refusals, of_the_rules)
{
    expect_refused(
        DEMO("-ot", "_exps=CPU", "-ot", "blk\\.[6-10]\\.=CUDA0"),
        "-ot rule 2 'blk\\.[6-10]\\.=CUDA0': not a regular expression (range 6-1 is backwards");
    struct program_result result =
        otplan_run_with(NULL, DEMO("-ot", ".*=CPU", "-ot", "blk\\.[6-10]\\.=CUDA0"));
    cr_expect_eq(result.status, 0, "no tensor gets to the second rule: %s", result.errors);
    program_result_clear(&result);
    expect_refused(DEMO("-ot", ".*=CPU", "-ot", "blk\\.[6-10]\\.=CUDA9"),
                   "unknown buffer type CUDA9");
    expect_refused(DEMO("-ot", "attn=CUDA9"),
                   "unknown buffer type CUDA9 (this rig has CPU, CUDA0, CUDA1");
    expect_refused(DEMO("-ot", "attn=CUDA_Host"), "unknown buffer type CUDA_Host");
    expect_refused(DEMO("-dev", "CUDA0", "-ot", "attn=CUDA1"),
                   "CUDA1 is left out of this plan by -dev or -sm none");
    expect_refused(DEMO("-sm", "none", "-ot", "attn=CUDA1"),
                   "CUDA1 is left out of this plan by -dev or -sm none");
    expect_refused(DEMO("-ot", "blk.{1,3}.attn=CPU"), "'blk.{1,3}.attn=CPU'");
    expect_refused(DEMO("-ot", "attn=CPU,"), "invalid value");
    expect_refused(DEMO("-ncmoe", "5000"), "llama.cpp takes 4095");
}

Test(refusals, of_a_cache_type_that_does_not_divide_the_head)
{
    if (!oracle_present()) {
        cr_skip_test("no ../shared/oracle");
    }
    /* recorded: "K cache type q8_0 with block size 32 does not divide n_embd_head_k=80" */
    expect_refused((const char *const[]){"plan", OTPLAN_SHARED "/oracle/archs/laguna-moe.gguf",
                                         "-c", "32768", "-np", "4", "-ctk", "q8_0", "-ctv", "q8_0",
                                         "-fa", "on", NULL},
                   "K cache type q8_0 with block size 32 does not divide n_embd_head_k=80");
}

Test(refusals, of_more_devices_than_llama_cpp_has_slots_for)
{
    struct strbuf file = {0};
    strbuf_add(&file, "{\"devices\":[");
    for (int i = 0; i < 16; i++) {
        strbuf_format(&file, "%s{\"name\":\"CUDA%d\",\"free_mib\":24000}", i > 0 ? "," : "", i);
    }
    strbuf_add(&file, "],\"host\":{\"free_mib\":64000}}");
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "sixteen.json", strbuf_text(&file), file.length);
    expect_refused((const char *const[]){"plan", demo_model(), "--devices", path, NULL},
                   "16 devices in use: a stock llama.cpp takes 15 beside the CPU and aborts");
    free(path);
    test_folder_remove(folder);
    strbuf_clear(&file);
}

// A ternary type has no kernel on CUDA: the card's layers leave it to the host, a rule that insists aborts.
static char *ternary_model(const char *folder)
{
    struct gguf_writer writer = {0};
    const uint64_t square[2] = {256, 256};
    gguf_write_tiny_values(&writer, 1);
    gguf_write_tensor(&writer, "token_embd.weight", 0, square, 2);
    gguf_write_tensor(&writer, "blk.0.attn_q.weight", 34, square, 2); /* tq1_0 */
    gguf_write_tensor(&writer, "output.weight", 0, square, 2);
    struct strbuf head = {0};
    gguf_write_finish(&writer, &head);
    char *path = test_file_write_head(folder, "ternary.gguf", &head);
    strbuf_clear(&head);
    return path;
}

Test(refusals, of_an_operation_the_device_cannot_run)
{
    char *folder = test_folder_make();
    char *path = ternary_model(folder);
    expect_refused(
        (const char *const[]){"plan", path, "--devices", demo_devices(), "-ot", "attn_q=CUDA0",
                              NULL},
        "-ot rule 1 'attn_q=CUDA0': CUDA0 cannot run MUL_MAT on blk.0.attn_q.weight (tq1_0): "
        "llama.cpp aborts");
    struct program_result result =
        otplan_run("plan", path, "--devices", demo_devices(), "-ngl", "99", "--json");
    cr_expect(result.status == 0, "%s", result.errors);
    const char *row = strstr(result.output, "\"blk.0.attn_q.weight\"");
    const char *device = row == NULL ? NULL : strstr(row, "\"device\"");
    cr_assert(device != NULL);
    cr_expect(strncmp(device + strlen("\"device\""), ": \"CPU\"", 7) == 0 ||
                  strncmp(device + strlen("\"device\""), ":\"CPU\"", 6) == 0,
              "%.40s", device);
    program_result_clear(&result);
    free(path);
    test_folder_remove(folder);
}

// ggml_vk_create_buffer takes no more than the driver's largest allocation, and a layer's K is one
Test(refusals, of_a_single_allocation_above_what_vulkan_takes)
{
    static const char RIG[] = "{\"devices\":[{\"name\":\"Vulkan0\",\"free_mib\":64000}],"
                              "\"host\":{\"free_mib\":64000}}";
    char *folder = test_folder_make();
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    char *model = test_file_write(folder, "tiny.gguf", head.text, head.length);
    char *rig = test_file_write(folder, "vulkan.json", RIG, sizeof RIG - 1);
    expect_refused((const char *const[]){"plan", model, "--devices", rig, "-np", "1", "-c",
                                         "33554432", "--json", NULL},
                   "in one allocation and Vulkan0 takes 4 GiB on most drivers");
    struct program_result result =
        otplan_run("plan", model, "--devices", rig, "-np", "1", "-c", "1048576", "--json");
    cr_expect_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    strbuf_clear(&head);
    free(model);
    free(rig);
    test_folder_remove(folder);
}

Test(refusals, are_warnings_where_llama_cpp_only_warns)
{
    struct program_result result =
        otplan_run("plan", demo_model(), "--devices", demo_devices(), "-c", "262144", "--json");
    cr_expect(result.status == 0, "%s", result.errors);
    cr_expect(strstr(result.output, "context-above-training") != NULL);
    program_result_clear(&result);
}

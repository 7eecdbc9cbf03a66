/* Detection, by way of `otplan devices`, with a library that answers like NVIDIA's. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIBRARY "OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so"
#define FOUR_ALIKE                                                                                 \
    "FAKE_NVML=RTX 5090|GPU-aaaa1111|c1|32607|32090|12.0;RTX "                                     \
    "5090|GPU-aaaa2222|01|32607|31569|12.0;"                                                       \
    "RTX 5090|GPU-bbbb3333|41|32607|31292|12.0;RTX 5090|GPU-cccc4444|81|32607|32090|12.0"
#define TWO_KINDS "FAKE_NVML=RTX 3090|GPU-1|01|24576|24000|8.6;RTX 5090|GPU-2|02|32607|32000|12.0"

static struct json_object *devices(const char *fake, const char *more)
{
    const char *const environment[] = {LIBRARY, fake, more, NULL};
    const char *const arguments[] = {"devices", "--json", NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object);
    program_result_clear(&result);
    return object;
}

static size_t count(struct json_object *object)
{
    struct json_object *list = NULL;
    json_object_object_get_ex(object, "devices", &list);
    return json_object_array_length(list);
}

static const char *field(struct json_object *object, size_t index, const char *key)
{
    struct json_object *list = NULL;
    struct json_object *value = NULL;
    json_object_object_get_ex(object, "devices", &list);
    json_object_object_get_ex(json_object_array_get_idx(list, index), key, &value);
    return json_object_get_string(value);
}

static bool uncertain(struct json_object *object)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, "order_uncertain", &value);
    return json_object_get_boolean(value) != 0;
}

Test(devices, are_named_by_bus_and_not_by_the_library_s_order)
{
    struct json_object *found = devices(FOUR_ALIKE, NULL);
    cr_assert_eq(count(found), 4);
    cr_assert_str_eq(field(found, 0, "name"), "CUDA0");
    cr_assert_str_eq(field(found, 0, "pci"), "0000:01:00.0");
    cr_assert_str_eq(field(found, 0, "free_mib"), "31569");
    cr_assert_str_eq(field(found, 3, "pci"), "0000:c1:00.0");
    cr_assert_str_eq(field(found, 0, "compute_capability"), "12.0");
    cr_assert_eq((int)atof(field(found, 0, "bandwidth_gb_s")), 1792);
    cr_assert_not(uncertain(found));
    json_object_put(found);
}

Test(devices, are_cut_down_by_cuda_visible_devices)
{
    static const struct {
        const char *variable;
        size_t n;
        const char *first;
    } cases[] = {
        {"CUDA_VISIBLE_DEVICES=2,0", 2, "0000:81:00.0"},
        {"CUDA_VISIBLE_DEVICES=", 0, NULL},
        {"CUDA_VISIBLE_DEVICES=-1", 0, NULL},
        {"CUDA_VISIBLE_DEVICES=1,9,0", 1, "0000:41:00.0"},
        {"CUDA_VISIBLE_DEVICES=1,-1,0", 1, "0000:41:00.0"},
        {"CUDA_VISIBLE_DEVICES=GPU-bbbb", 1, "0000:41:00.0"},
        {"CUDA_VISIBLE_DEVICES=GPU-cccc4444,GPU-aaaa2222", 2, "0000:81:00.0"},
        {"CUDA_VISIBLE_DEVICES=GPU-aaaa", 0, NULL},
        {"CUDA_VISIBLE_DEVICES=NoDevFiles", 0, NULL},
        {"CUDA_VISIBLE_DEVICES=0,1,1", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_object *found = devices(FOUR_ALIKE, cases[i].variable);
        cr_assert_eq(count(found), cases[i].n, "%s: %zu", cases[i].variable, count(found));
        if (cases[i].first != NULL) {
            cr_assert_str_eq(field(found, 0, "pci"), cases[i].first, "%s", cases[i].variable);
            cr_assert_str_eq(field(found, 0, "name"), "CUDA0");
        }
        json_object_put(found);
    }
}

Test(devices, of_several_kinds_have_an_order_that_nvml_cannot_know)
{
    struct json_object *found = devices(TWO_KINDS, NULL);
    cr_assert(uncertain(found));
    json_object_put(found);
    found = devices(TWO_KINDS, "CUDA_DEVICE_ORDER=PCI_BUS_ID");
    cr_assert_not(uncertain(found));
    json_object_put(found);
    found = devices(TWO_KINDS, "CUDA_VISIBLE_DEVICES=GPU-2,GPU-1");
    cr_assert_not(uncertain(found));
    json_object_put(found);
}

Test(devices, of_uncertain_order_are_warned_of_and_the_exports_settle_it)
{
    const char *const environment[] = {LIBRARY, TWO_KINDS, NULL};
    const char *const plan[] = {"plan", demo_model(), "-cmoe", NULL};
    struct program_result result = otplan_run_with(environment, plan);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "device-order"));
    cr_assert_not_null(strstr(result.output, "CUDA_DEVICE_ORDER=PCI_BUS_ID llama-server"));
    program_result_clear(&result);
    const char *const script[] = {"export", demo_model(), "-cmoe", "--format=script", NULL};
    result = otplan_run_with(environment, script);
    cr_assert_not_null(strstr(result.output, "export CUDA_DEVICE_ORDER=PCI_BUS_ID\n"));
    program_result_clear(&result);
}

Test(devices, come_from_nvidia_smi_where_the_library_is_missing)
{
    char *folder = test_folder_make();
    static const char script[] = "#!/bin/sh\n"
                                 "echo '00000000:41:00.0, GPU-2, 24576, 24000, 8.6, NVIDIA A, B'\n"
                                 "echo '00000000:01:00.0, GPU-1, 24576, 23000, 8.6, NVIDIA A, B'\n";
    char *path = test_file_write(folder, "nvidia-smi", script, sizeof script - 1);
    chmod(path, 0755);
    char *search = memory_format("PATH=%s:/usr/bin:/bin", folder);
    const char *const environment[] = {"OTPLAN_NVML=/nowhere/lib.so", search, NULL};
    const char *const arguments[] = {"devices", "--json", NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *found = json_tokener_parse(result.output);
    cr_assert_eq(count(found), 2);
    cr_assert_str_eq(field(found, 0, "pci"), "0000:01:00.0");
    cr_assert_str_eq(field(found, 0, "description"), "NVIDIA A, B");
    cr_assert_str_eq(field(found, 0, "free_mib"), "23000");
    json_object_put(found);
    program_result_clear(&result);
    free(search);
    free(path);
    test_folder_remove(folder);
}

Test(devices, that_are_not_there_leave_a_plan_on_the_cpu_and_a_way_to_describe_them)
{
    const char *const environment[] = {"OTPLAN_NVML=/nowhere/lib.so", "PATH=/nowhere", NULL};
    const char *const arguments[] = {"plan", demo_model(), NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "--devices"));
    program_result_clear(&result);
}

/* ---- the device file ------------------------------------------------------------------------ */

static void expect_refused(const char *text, const char *words)
{
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "rig.json", text, strlen(text));
    struct program_result result = otplan_run("plan", demo_model(), "--devices", path);
    cr_assert_eq(result.status, 2, "%s: %d %s", text, result.status, result.errors);
    cr_assert_str_eq(result.output, "");
    cr_assert_not_null(strstr(result.errors, words), "%s: %s", text, result.errors);
    cr_assert_eq(strchr(result.errors, '\n'), result.errors + strlen(result.errors) - 1);
    program_result_clear(&result);
    free(path);
    test_folder_remove(folder);
}

Test(device_file, says_what_is_wrong_and_where)
{
    expect_refused("{", "not JSON");
    expect_refused("[]", "object");
    expect_refused("{}", "devices: missing");
    expect_refused("{\"devices\": {}}", "devices: must be a list");
    expect_refused("{\"devices\": [{\"name\": \"CUDA0\"}]}", "devices[0].free_mib: missing");
    expect_refused("{\"devices\": [{\"free_mib\": 1}]}", "devices[0].name: missing");
    expect_refused("{\"devices\": [{\"name\": \"CPU\", \"free_mib\": 1}]}", "host");
    expect_refused("{\"devices\": [{\"name\": \"A\", \"free_mib\": -1}]}", "devices[0].free_mib");
    expect_refused("{\"devices\": [{\"name\": \"A\", \"free_mib\": \"8\"}]}", "must be a number");
    expect_refused("{\"devices\": [{\"name\": \"A\", \"free_mib\": 9, \"total_mib\": 8}]}",
                   "more than total_mib");
    expect_refused("{\"devices\": [{\"name\": \"A\", \"free_mb\": 9}]}", "did you mean free_mib");
    expect_refused("{\"devices\": [{\"name\": \"A\", \"free_mib\": 1}, {\"name\": \"A\", "
                   "\"free_mib\": 1}]}",
                   "devices[1].name: there is a device of that name");
    expect_refused("{\"devices\": [], \"host\": 3}", "host");
}

Test(device_file, is_not_what_dev_takes)
{
    struct program_result result = otplan_run("plan", demo_model(), "--devices", "CUDA0,CUDA1");
    cr_assert_eq(result.status, 1);
    cr_assert_not_null(strstr(result.errors, "-dev CUDA0,CUDA1"));
    program_result_clear(&result);
}

Test(device_file, that_devices_printed_is_read_back)
{
    struct program_result first = otplan_run("devices", "--devices", demo_devices(), "--json");
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "rig.json", first.output, first.output_bytes);
    struct program_result second = otplan_run("devices", "--devices", path, "--json");
    cr_assert_eq(second.status, 0, "%s", second.errors);
    struct json_object *a = json_tokener_parse(first.output);
    struct json_object *b = json_tokener_parse(second.output);
    json_object_object_del(a, "found_by");
    json_object_object_del(b, "found_by");
    cr_assert(json_object_equal(a, b));
    json_object_put(a);
    json_object_put(b);
    program_result_clear(&first);
    program_result_clear(&second);
    free(path);
    test_folder_remove(folder);
}

Test(device_file, is_saved_and_never_over_another)
{
    char *folder = test_folder_make();
    char *path = memory_format("%s/rig.json", folder);
    struct program_result result =
        otplan_run("devices", "--rig", "2x RTX 3090 + 64G", "--save", path);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    result = otplan_run("plan", demo_model(), "--devices", path, "-cmoe");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    result = otplan_run("devices", "--save", path);
    cr_assert_eq(result.status, 4);
    cr_assert_not_null(strstr(result.errors, "--force"));
    program_result_clear(&result);
    free(path);
    test_folder_remove(folder);
}

/* Detection, by way of `otplan devices`, with a library that answers like NVIDIA's. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

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

/* A card that is split (MIG) beside a whole one. */
#define SPLIT                                                                                      \
    "FAKE_NVML=A100|GPU-aaaa|01|40960|30000|8.0||MIG-1111+2+4864+4700,MIG-2222+1+9984+9000;"       \
    "A100|GPU-bbbb|41|40960|40000|8.0;A100|GPU-cccc|81|40960|39000|8.0||none"

/* MIG user guide: one instance is seen, the first, and no card beside it. */
Test(devices, that_are_split_show_one_instance)
{
    static const struct {
        const char *variable;
        size_t n;
        const char *free;
    } cases[] = {
        {NULL, 1, "9000"}, /* instances by number, not by the driver's order */
        {"CUDA_VISIBLE_DEVICES=0", 1, "9000"},
        {"CUDA_VISIBLE_DEVICES=MIG-1111", 1, "4700"},
        {"CUDA_VISIBLE_DEVICES=MIG-2222,MIG-1111", 1, "9000"},
        {"CUDA_VISIBLE_DEVICES=MIG-GPU-aaaa/2/0", 1, "4700"},
        {"CUDA_VISIBLE_DEVICES=MIG-GPU-aaaa/7/0", 0, NULL},
        {"CUDA_VISIBLE_DEVICES=GPU-bbbb", 1, "40000"},
        {"CUDA_VISIBLE_DEVICES=1", 1, "40000"},
        {"CUDA_VISIBLE_DEVICES=1,0", 1, "9000"},
        {"CUDA_VISIBLE_DEVICES=2", 0, NULL}, /* split, and without an instance */
        {"CUDA_VISIBLE_DEVICES=MIG-", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_object *found = devices(SPLIT, cases[i].variable);
        cr_expect_eq(count(found), cases[i].n, "%s: %zu", cases[i].variable, count(found));
        if (cases[i].free != NULL && count(found) == 1) {
            cr_expect_str_eq(field(found, 0, "free_mib"), cases[i].free, "%s", cases[i].variable);
            cr_expect_str_eq(field(found, 0, "name"), "CUDA0");
            cr_expect_str_eq(field(found, 0, "compute_capability"), "8.0");
        }
        json_object_put(found);
    }
    struct json_object *found = devices(SPLIT, "CUDA_VISIBLE_DEVICES=MIG-2222");
    cr_expect_str_eq(field(found, 0, "description"), "A100 MIG 1g.5gb");
    cr_expect_not_null(strstr(field(found, 0, "found_by"), "MIG instance 1/0"));
    cr_expect_eq((int)atof(field(found, 0, "bandwidth_gb_s")), 1792 * 9984 / 40960);
    json_object_put(found);
}

Test(devices, say_how_each_fact_was_found_and_who_is_on_them)
{
    const char *const environment[] = {
        LIBRARY, "OTPLAN_PROC=/nowhere", "CUDA_VISIBLE_DEVICES=0",
        "FAKE_NVML=RTX 5090|GPU-1|01|32607|20000|12.0|4321=11000,77=500g,78=?", NULL};
    const char *const words[] = {"devices", "--json", NULL};
    struct program_result result = otplan_run_with(environment, words);
    struct json_object *found = json_tokener_parse(result.output);
    const char *how = field(found, 0, "found_by");
    cr_expect_not_null(strstr(how, "NVML: name, memory, compute capability"), "%s", how);
    cr_expect_not_null(strstr(how, "bandwidth from 14001 MHz x 512 bits"), "%s", how);
    cr_expect_not_null(strstr(how, "PCIe 5.0 x16"), "%s", how);
    cr_expect_not_null(strstr(how, "CUDA_VISIBLE_DEVICES=0"), "%s", how);
    cr_expect_eq((int)atof(field(found, 0, "link_gb_s")), 63);
    struct json_object *list = json_tokener_parse(field(found, 0, "processes"));
    cr_expect_eq(json_object_array_length(list), 3, "%s", field(found, 0, "processes"));
    json_object_put(list);
    json_object_put(found);
    program_result_clear(&result);
    const char *const plain[] = {"devices", NULL};
    result = otplan_run_with(environment, plain);
    cr_expect_not_null(strstr(result.output, "process 4321: 11000 MiB\n"), "%s", result.output);
    cr_expect_not_null(strstr(result.output, "process 78\n"), "%s", result.output);
    program_result_clear(&result);
}

/* How fast is nobody's business here: a figure is found, said and kept. */
Test(devices, have_their_memory_bandwidth_measured_on_demand)
{
    char *folder = test_folder_make();
    char *path = memory_format("%s/rig.json", folder);
    tree_write(folder, "meminfo", "MemTotal: 400000 kB\nMemAvailable: 140000 kB\n");
    char *proc = memory_format("OTPLAN_PROC=%s", folder);
    const char *const environment[] = {"OTPLAN_NVML=/nowhere", "OTPLAN_ROOT=/nowhere", proc, NULL};
    const char *const words[] = {"devices", "--measure", "--save", path, NULL};
    struct program_result result = otplan_run_with(environment, words);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_expect_not_null(strstr(result.output, "bandwidth measured: "), "%s", result.output);
    program_result_clear(&result);
    struct json_object *saved = json_object_from_file(path);
    struct json_object *host = NULL;
    struct json_object *figure = NULL;
    cr_assert(json_object_object_get_ex(saved, "host", &host));
    cr_assert(json_object_object_get_ex(host, "bandwidth_gb_s", &figure));
    cr_expect(json_object_get_double(figure) > 0 && json_object_get_double(figure) < 100000);
    json_object_put(saved);
    result = otplan_run("plan", demo_model(), "--devices", path, "--json");
    cr_expect_eq(result.status, 0, "what was saved is read: %s", result.errors);
    program_result_clear(&result);
    tree_write(folder, "meminfo", "MemTotal: 400000 kB\nMemAvailable: 40000 kB\n");
    const char *const little[] = {"devices", "--measure", NULL};
    result = otplan_run_with(environment, little);
    cr_expect_eq(result.status, 4);
    cr_expect_str_eq(result.output, "");
    program_result_clear(&result);
    free(proc);
    free(path);
    test_folder_remove(folder);
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

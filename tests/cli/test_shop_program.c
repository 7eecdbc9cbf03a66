/* `otplan shop`: what it says of a rig is what planning for that rig says. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define PART "4x RTX 5090 + 512G DDR5-4800x8"
#define ALL  "8x H100 SXM 80GB + 1024G DDR5-4800x8"
#define NONE "RTX 3060 12GB + 32G DDR4-3200x2"

static struct json_object *at(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
    return value;
}

static struct json_object *json_of(struct program_result result)
{
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object, "%s", result.output);
    program_result_clear(&result);
    return object;
}

static struct json_object *rig_of(struct json_object *shop, const char *spec)
{
    struct json_object *rigs = at(shop, "rigs");
    for (size_t i = 0; i < json_object_array_length(rigs); i++) {
        struct json_object *rig = json_object_array_get_idx(rigs, i);
        if (strcmp(json_object_get_string(at(rig, "rig")), spec) == 0) {
            return rig;
        }
    }
    cr_expect_fail("no %s", spec);
    return NULL;
}

static bool is_null(struct json_object *object, const char *key)
{
    return json_object_is_type(at(object, key), json_type_null);
}

static const char *text(struct json_object *object, const char *key)
{
    return json_object_get_string(at(object, key));
}

/* The same rig by `plan --auto`. */
static void expect_same_as_plan(struct json_object *rig, const char *spec, const char *context)
{
    struct json_object *plan =
        json_of(otplan_run("plan", demo_model(), "--rig", spec, "-c", context, "--auto", "--json"));
    struct json_object *throughput = at(plan, "throughput");
    cr_expect_float_eq(json_object_get_double(at(rig, "tokens_per_second")),
                       json_object_get_double(at(throughput, "tokens_per_second")), 1e-9);
    cr_expect_float_eq(json_object_get_double(at(rig, "prompt_tokens_per_second")),
                       json_object_get_double(at(throughput, "prompt_tokens_per_second")), 1e-9);
    json_object_put(plan);
}

Test(shop, says_what_planning_for_each_rig_says)
{
    struct json_object *shop = json_of(
        otplan_run("shop", demo_model(), "--rig", PART, "--rig", NONE, "--rig", ALL, "--json"));
    struct json_object *part = rig_of(shop, PART);
    struct json_object *all = rig_of(shop, ALL);
    struct json_object *none = rig_of(shop, NONE);
    cr_expect_str_eq(text(all, "fits"), "whole");
    cr_expect_str_eq(text(part, "fits"), "with-cpu");
    cr_expect_str_eq(text(none, "fits"), "not");
    expect_same_as_plan(all, ALL, "8192");
    expect_same_as_plan(part, PART, "8192");
    cr_expect_eq(json_object_get_int64(at(all, "on_host")), 0);
    cr_expect_gt(json_object_get_int64(at(part, "on_host")), 100LL << 30);
    cr_expect_gt(json_object_get_int64(at(none, "missing")), 200LL << 30);
    cr_expect(is_null(none, "tokens_per_second"));
    cr_expect(is_null(none, "largest_context"));
    cr_expect(strstr(text(part, "limit"), "CPU takes"), "%s", text(part, "limit"));
    json_object_put(shop);
}

Test(shop, the_fastest_comes_first_and_what_does_not_fit_last)
{
    struct program_result result =
        otplan_run("shop", demo_model(), "--rig", NONE, "--rig", PART, "--rig", ALL);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    const char *all = strstr(result.output, ALL);
    const char *part = strstr(result.output, PART);
    const char *none = strstr(result.output, NONE);
    cr_assert(all != NULL && part != NULL && none != NULL, "%s", result.output);
    cr_expect(all < part && part < none, "%s", result.output);
    cr_expect_str_eq(result.errors, "", "progress is for terminals");
    program_result_clear(&result);
}

/* The largest context is one that `plan` finds to fit whole, and a step more does not. */
Test(shop, finds_the_largest_context_that_fits_as_well)
{
    static const char spec[] = "2x H200 SXM + 64G DDR5-4800x8"; /* 282 GB for 262 GiB */
    struct json_object *shop = json_of(otplan_run("shop", demo_model(), "--rig", spec, "--json"));
    struct json_object *rig = rig_of(shop, spec);
    unsigned largest = (unsigned)json_object_get_int(at(rig, "largest_context"));
    cr_assert_str_eq(text(rig, "fits"), "whole");
    cr_assert(largest >= 8192 && largest <= 131072, "%u", largest);
    for (unsigned i = 0; i < 2 && (i == 0 || largest < 131072); i++) {
        char *context = memory_format("%u", largest + 256 * i);
        struct json_object *one =
            json_of(otplan_run("shop", demo_model(), "--rig", spec, "-c", context, "--json"));
        cr_expect_str_eq(text(rig_of(one, spec), "fits"), i == 0 ? "whole" : "with-cpu");
        json_object_put(one);
        free(context);
    }
    json_object_put(shop);
}

Test(shop, the_bundled_rigs_all_read_and_a_list_of_ones_own)
{
    struct json_object *shop = json_of(otplan_run("shop", demo_model(), "-c", "4096", "--json"));
    cr_expect_geq(json_object_array_length(at(shop, "rigs")), 20);
    cr_expect_eq(
        json_object_get_int(at(json_object_array_get_idx(at(shop, "rigs"), 0), "largest_context")),
        4096);
    json_object_put(shop);

    static const char list[] = "# mine\n\n  " PART "   # the big one\r\n" NONE "\n";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "rigs.txt", list, strlen(list));
    shop = json_of(otplan_run("shop", demo_model(), "--rigs", path, "-c", "4096", "--json"));
    cr_expect_eq(json_object_array_length(at(shop, "rigs")), 2);
    json_object_put(shop);
    free(path);
    test_folder_remove(folder);
}

static void expect_refused(struct program_result result, int status, const char *why)
{
    cr_expect_eq(result.status, status, "%s", result.errors);
    cr_expect(strstr(result.errors, why), "%s", result.errors);
    cr_expect_eq(result.output_bytes, 0);
    program_result_clear(&result);
}

Test(shop, a_rig_that_cannot_be_read_is_named_by_its_line)
{
    static const char list[] = PART "\nRTX 9999 + 32G\n";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "rigs.txt", list, strlen(list));
    char *empty = test_file_write(folder, "empty.txt", "# nothing\n", 10);
    expect_refused(otplan_run("shop", demo_model(), "--rigs", path), 1, "rigs.txt: line 2");
    expect_refused(otplan_run("shop", demo_model(), "--rigs", empty), 2, "no rig in it");
    expect_refused(otplan_run("shop", demo_model(), "--rig", "RTX 9999"), 1, "RTX 9999");
    expect_refused(otplan_run("shop"), 1, "no model given");
    expect_refused(otplan_run("plan", demo_model(), "--rigs", path), 1, "--rigs is no option");
    free(empty);
    free(path);
    test_folder_remove(folder);
}

/* Where the host reads as fast as the device, the device is used all the same. */
Test(shop, memory_that_is_shared_counts_for_the_device)
{
    static const char spec[] = "M3 Ultra 512G + 128G @ 819";
    struct json_object *shop =
        json_of(otplan_run("shop", demo_model(), "--rig", spec, "-c", "4096", "--json"));
    cr_expect_str_eq(text(rig_of(shop, spec), "fits"), "whole");
    json_object_put(shop);
}

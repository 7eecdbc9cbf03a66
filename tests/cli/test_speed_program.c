/* Speeds as the program prints them: what they amount to, and what each figure rests on. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *at(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
    return value;
}

static double number(struct json_object *object, const char *key)
{
    return json_object_get_double(at(object, key));
}

static const char *text(struct json_object *object, const char *key)
{
    return json_object_get_string(at(object, key));
}

static struct json_object *plan(struct program_result result)
{
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object);
    program_result_clear(&result);
    return object;
}

static void expect_sums(struct json_object *throughput, const char *list, double seconds)
{
    struct json_object *parts = at(throughput, list);
    double sum = 0;
    for (size_t i = 0; i < json_object_array_length(parts); i++) {
        sum += number(json_object_array_get_idx(parts, i), "seconds");
    }
    cr_expect_float_eq(sum, seconds, seconds * 1e-9, "%s", list);
}

Test(speed_program, devices_and_layers_each_sum_up_to_the_token)
{
    struct json_object *object =
        plan(otplan_run("plan", demo_model(), "--devices", demo_devices(), "-c", "32768", "-ot",
                        "exps=CPU", "--depth", "4096", "--json"));
    struct json_object *throughput = at(object, "throughput");
    double seconds = 1 / number(throughput, "tokens_per_second");
    expect_sums(throughput, "per_device", seconds);
    expect_sums(throughput, "per_layer", seconds);
    cr_expect_eq(json_object_array_length(at(throughput, "per_layer")), 62);
    cr_expect_eq(json_object_get_int(at(throughput, "depth")), 4096);
    cr_expect_gt(number(throughput, "prompt_tokens_per_second"), 0);
    struct json_object *prompt = at(throughput, "prompt");
    cr_expect_str_eq(text(prompt, "offload_device"), "CUDA0");
    struct json_object *first = json_object_array_get_idx(at(prompt, "per_device"), 0);
    /* every byte of the experts, but for those that 512 tokens never choose */
    double copied = number(first, "bytes_copied");
    cr_expect_float_eq(number(first, "copy_seconds"), copied / (63e9 * 0.75), 1e-3);
    json_object_put(object);
}

Test(speed_program, each_figure_says_what_it_rests_on)
{
    static const char file[] =
        "{\"devices\": [{\"name\": \"CUDA0\", \"description\": \"NVIDIA GeForce RTX 3090\", "
        "\"free_mib\": 24000}, {\"name\": \"CUDA1\", \"free_mib\": 24000, \"bandwidth_gb_s\": 500, "
        "\"efficiency\": 0.6}], \"host\": {\"free_mib\": 640000, \"bandwidth_gb_s\": 80, "
        "\"bandwidth_source\": \"measured\"}}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "devices.json", file, strlen(file));
    struct json_object *object = plan(otplan_run("plan", demo_model(), "--devices", path, "-c",
                                                 "4096", "-ot", "exps=CPU", "--json"));
    struct json_object *list = at(at(object, "throughput"), "per_device");
    static const char *const expected[][2] = {
        {"database", "default"}, {"device file", "device file"}, {"measured", "default"}};
    for (size_t i = 0; i < 3; i++) {
        struct json_object *device = json_object_array_get_idx(list, i);
        cr_expect_str_eq(text(device, "bandwidth_source"), expected[i][0]);
        cr_expect_str_eq(text(device, "efficiency_source"), expected[i][1]);
    }
    cr_expect_float_eq(number(json_object_array_get_idx(list, 0), "bandwidth_gb_s"), 936, 1e-9);
    cr_expect_float_eq(number(json_object_array_get_idx(list, 1), "efficiency"), 0.6, 1e-9);
    json_object_put(object);
    free(path);
    test_folder_remove(folder);
}

Test(speed_program, an_unknown_bandwidth_is_said_and_no_speed_is_made_up)
{
    static const char file[] = "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}], "
                               "\"host\": {\"free_mib\": 640000}}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "devices.json", file, strlen(file));
    struct json_object *object = plan(otplan_run("plan", demo_model(), "--devices", path, "-c",
                                                 "4096", "-ot", "exps=CPU", "--json"));
    cr_expect(json_object_is_type(at(object, "throughput"), json_type_null));
    struct json_object *device = json_object_array_get_idx(at(object, "devices"), 0);
    cr_expect_str_eq(text(device, "bandwidth_source"), "unknown");
    cr_expect(json_object_is_type(at(device, "bandwidth_gb_s"), json_type_null));
    json_object_put(object);
    free(path);
    test_folder_remove(folder);
}

Test(speed_program, prompts_without_a_link_speed_are_null_with_the_reason)
{
    static const char file[] =
        "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000, \"bandwidth_gb_s\": 500, "
        "\"tflops\": 100}], \"host\": {\"free_mib\": 640000, \"bandwidth_gb_s\": 80}}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "devices.json", file, strlen(file));
    struct json_object *object = plan(otplan_run("plan", demo_model(), "--devices", path, "-c",
                                                 "4096", "-ot", "exps=CPU", "--json"));
    struct json_object *throughput = at(object, "throughput");
    cr_expect_gt(number(throughput, "tokens_per_second"), 0);
    cr_expect(json_object_is_type(at(throughput, "prompt_tokens_per_second"), json_type_null));
    cr_expect_str_eq(text(at(throughput, "prompt"), "unknown_because"), "no link speed of CUDA0");
    json_object_put(object);
    free(path);
    test_folder_remove(folder);
}

/* The model is twice what the cards hold: each card is full, and says what did not fit any more. */
Test(speed_program, auto_fills_every_card_and_says_what_did_not_fit)
{
    struct json_object *object =
        plan(otplan_run("plan", demo_model(), "--devices", demo_devices(), "-c", "132000", "-ctk",
                        "q4_0", "-ctv", "q4_0", "--auto", "--json"));
    struct json_object *devices = at(object, "devices");
    struct json_object *cards = at(at(object, "advice"), "devices");
    cr_assert_eq(json_object_array_length(cards), 4);
    for (size_t i = 0; i < 4; i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        struct json_object *card = json_object_array_get_idx(cards, i);
        double used = number(device, "used");
        double left = number(card, "left");
        cr_expect(used / (used + left) > 0.99, "card %zu: %f of %f", i, used, used + left);
        cr_expect_float_eq(left, number(device, "headroom"), 0.5);
        cr_expect(left < number(card, "smallest_bytes"));
        cr_expect_not_null(strstr(text(card, "smallest"), "_exps.weight"));
        cr_expect_str_eq(text(card, "reason"), "no-room");
    }
    json_object_put(object);
}

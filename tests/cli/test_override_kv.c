// --override-kv through the program: what it changes in the plan, and what is refused.
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json.h>
#include <string.h>

static struct json_object *plan_with(const char *override)
{
    struct program_result result =
        override == NULL ? otplan_run("plan", demo_model(), "--devices", demo_devices(), "--json")
                         : otplan_run("plan", demo_model(), "--devices", demo_devices(), "--json",
                                      "--override-kv", override);
    cr_assert(result.status == 0, "%s", result.errors);
    struct json_object *plan = json_tokener_parse(result.output);
    cr_assert_not_null(plan);
    program_result_clear(&result);
    return plan;
}

static uint64_t host_context(struct json_object *plan)
{
    uint64_t sum = 0;
    struct json_object *devices = json_object_object_get(plan, "devices");
    for (size_t i = 0; i < json_object_array_length(devices); i++) {
        sum += json_object_get_uint64(
            json_object_object_get(json_object_array_get_idx(devices, i), "context"));
    }
    return sum + json_object_get_uint64(
                     json_object_object_get(json_object_object_get(plan, "host"), "context"));
}

Test(override_kv, a_context_length_is_the_context_that_is_planned)
{
    struct json_object *plain = plan_with(NULL);
    struct json_object *shorter = plan_with("deepseek2.context_length=int:8192");
    cr_expect(host_context(shorter) < host_context(plain));
    cr_expect(strstr(json_object_to_json_string(shorter), "deepseek2.context_length=int:8192") !=
                  NULL,
              "the plan's arguments carry it");
    json_object_put(plain);
    json_object_put(shorter);
}

static double speed(struct json_object *plan)
{
    return json_object_get_double(
        json_object_object_get(json_object_object_get(plan, "throughput"), "tokens_per_second"));
}

Test(override_kv, fewer_experts_a_token_are_read_faster)
{
    struct json_object *plain = plan_with(NULL);
    struct json_object *fewer = plan_with("deepseek2.expert_used_count=int:4");
    cr_assert(speed(plain) > 0, "%s", json_object_to_json_string(plain));
    cr_expect(speed(fewer) > speed(plain));
    json_object_put(plain);
    json_object_put(fewer);
}

Test(override_kv, refusals_are_one_line_and_status_2)
{
    static const char *const CASES[][2] = {
        {"deepseek2.context_length", "malformed KV override"},
        {"deepseek2.context_length=8192", "invalid type"},
        {"deepseek2.block_count=int:4", "wrong number of tensors"},
        {"deepseek2.block_count=int:400", "missing tensor"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct program_result result = otplan_run("plan", demo_model(), "--devices", demo_devices(),
                                                  "--override-kv", CASES[i][0]);
        cr_expect_eq(result.status, 2, "%s: %d", CASES[i][0], result.status);
        cr_expect(strstr(result.errors, CASES[i][1]) != NULL, "%s", result.errors);
        const char *end = strchr(result.errors, '\n');
        cr_expect(end != NULL && end[1] == '\0', "one line: %s", result.errors);
        program_result_clear(&result);
    }
}

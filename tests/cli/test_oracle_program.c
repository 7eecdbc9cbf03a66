/* Every reference case, asked of the program as a user would: `otplan plan HEAD --devices … FLAGS --json`. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FLAGS = 32 };

static struct json_object *at(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

/* The case's cards as a device file; new path. */
static char *device_file(const char *folder, struct json_object *free_mib)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(free_mib); i++) {
        char *name = memory_format("CUDA%zu", i);
        struct json_object *device = json_object_new_object();
        json_object_object_add(device, "name", json_object_new_string(name));
        json_object_object_add(device, "kernels", json_object_new_string("none"));
        json_object_object_add(device, "free_mib",
                               json_object_get(json_object_array_get_idx(free_mib, i)));
        json_object_array_add(list, device);
        free(name);
    }
    struct json_object *host = json_object_new_object();
    json_object_object_add(host, "free_mib", json_object_new_int(524288));
    struct json_object *rig = json_object_new_object();
    json_object_object_add(rig, "devices", list);
    json_object_object_add(rig, "host", host);
    const char *text = json_object_to_json_string(rig);
    char *path = test_file_write(folder, "rig.json", text, strlen(text));
    json_object_put(rig);
    return path;
}

static struct program_result ask(struct json_object *one, const char *group, const char *target,
                                 const char *rig)
{
    char *head = memory_format("%s/oracle/%s/%s.gguf", OTPLAN_SHARED, group,
                               json_object_get_string(at(one, "model")));
    const char *words[MOST_FLAGS + 8] = {"plan",     head,   "--devices", rig,
                                         "--target", target, "--json"};
    size_t n = 7;
    struct json_object *flags = at(one, "flags");
    cr_assert_lt(json_object_array_length(flags), MOST_FLAGS);
    for (size_t i = 0; i < json_object_array_length(flags); i++) {
        words[n++] = json_object_get_string(json_object_array_get_idx(flags, i));
    }
    struct program_result result = otplan_run_with(NULL, words);
    free(head);
    return result;
}

static struct json_object *device_of(struct json_object *plan, const char *name)
{
    struct json_object *devices = at(plan, "devices");
    for (size_t i = 0; i < json_object_array_length(devices); i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        if (strcmp(json_object_get_string(at(device, "name")), name) == 0) {
            return device;
        }
    }
    return at(plan, "host"); /* "Host" */
}

static void compare_bytes(struct json_object *plan, struct json_object *expected, const char *name)
{
    static const char *const figures[] = {"model", "context"};
    json_object_object_foreach(expected, device, bytes)
    {
        struct json_object *found = device_of(plan, device);
        for (size_t i = 0; i < 2; i++) {
            cr_expect_eq(json_object_get_int64(at(found, figures[i])),
                         json_object_get_int64(at(bytes, figures[i])), "%s %s %s", name, device,
                         figures[i]);
        }
    }
}

static void check_case(struct json_object *one, const char *group, const char *target,
                       const char *folder)
{
    char *rig = device_file(folder, at(one, "free_mib"));
    char *name = memory_format("%s %s", json_object_get_string(at(one, "model")),
                               json_object_get_string(at(one, "case")));
    struct program_result result = ask(one, group, target, rig);
    bool refused = at(one, "error") != NULL;
    cr_expect_eq(result.status, refused ? 2 : 0, "%s: %d %s", name, result.status, result.errors);
    if (!refused && result.status == 0) {
        struct json_object *plan = json_tokener_parse(result.output);
        compare_bytes(plan, at(one, "expect"), name);
        json_object_put(plan);
    }
    program_result_clear(&result);
    free(name);
    free(rig);
}

static void check_file(const char *group, const char *file, const char *target)
{
    char *path = memory_format("%s/oracle/%s/%s", OTPLAN_SHARED, group, file);
    if (access(path, R_OK) != 0) {
        free(path);
        cr_skip_test("the reference data is not here");
    }
    struct json_object *cases = json_object_from_file(path);
    char *folder = test_folder_make();
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        check_case(json_object_array_get_idx(cases, i), group, target, folder);
    }
    json_object_put(cases);
    test_folder_remove(folder);
    free(path);
}

Test(oracle_program, gives_the_bytes_of_public_models)
{
    check_file("models", "cases.json", "llama-fit-params");
}

Test(oracle_program, gives_the_bytes_of_a_server)
{
    check_file("models", "cases-server.json", "llama-server");
}

Test(oracle_program, gives_the_bytes_of_every_architecture)
{
    check_file("archs", "cases.json", "llama-fit-params");
}

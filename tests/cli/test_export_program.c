/* What is exported says what was planned: read back by otplan, by sh, and by a program in llama.cpp's place. */
#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The parts of `plan --json` that must not change on the way through an export. */
static struct json_object *placement(const char *text)
{
    static const char *const keys[] = {"settings", "devices", "host",     "layers",
                                       "tensors",  "args",    "overrides"};
    struct json_object *object = json_tokener_parse(text);
    struct json_object *out = json_object_new_object();
    cr_assert_not_null(object, "%s", text);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct json_object *value = NULL;
        json_object_object_get_ex(object, keys[i], &value);
        json_object_object_add(out, keys[i], json_object_get(value));
    }
    json_object_put(object);
    return out;
}

static char *with_shell(const char *command)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct program_result result = program_run(argv, NULL, NULL);
    cr_assert_eq(result.status, 0, "%s: %s", command, result.errors);
    free(result.errors);
    return result.output;
}

static const char *const placements[] = {
    "-c 8192",
    "-ngl 20",
    "-c 0 -ngl 0",
    "-ngl 62 -ts 3,1,1 -cmoe",
    "-ngl 40 -ts 1,2,3,4 -ncmoe 12 -ctk q8_0 -ctv q8_0",
    "-dev CUDA2,CUDA0 -ngl all -nkvo -ub 1024 -b 4096",
    "-sm none -mg 1 -ncffn 1 -fa off -np 2",
    "-ot 'blk\\.(1|2)\\.ffn_up_exps=CUDA3,exps=CPU' -lm none -nr --no-host --no-op-offload",
    "-kvu -np 3 --swa-full -c 4000 --host 0.0.0.0 -t 16 --temp 0.7",
    "--kv-unified-per-slot 4096 -fitt 512 --log-disable",
};

#define FAR                                                                                        \
    "RTX 3090 + RPC[192.168.1.5:50052] RTX 3090 @ 1.25 + RPC[b.lan:50052] P40 + 64G DDR4-3200x2"

/* llama.cpp knows an RPC device only where --rpc named its server before, so every export says it. */
Test(exports, of_rpc_devices_name_their_servers_first_and_are_read_back)
{
    static const char *const formats[] = {"args", "env", "ini", "script", "llama-swap", "ik"};
    static const char rig[] = "--rig '" FAR "'";
    static const char flags[] =
        "-c 4096 -ngl 62 -ts 30,20,12 -ot "
        "'blk\\.(3|4)\\.ffn_(gate|up)_exps=RPC0[192.168.1.5:50052],exps=CPU'";
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char *before =
            memory_format("'%s' plan '%s' %s %s --json", otplan_path(), demo_model(), rig, flags);
        char *after = memory_format("'%s' export '%s' %s %s --format=%s 2>/dev/null | "
                                    "'%s' plan '%s' %s --import - --json 2>/dev/null",
                                    otplan_path(), demo_model(), rig, flags, formats[i],
                                    otplan_path(), demo_model(), rig);
        char *first = with_shell(before);
        char *second = with_shell(after);
        struct json_object *planned = json_tokener_parse(first);
        struct json_object *read = json_tokener_parse(second);
        cr_assert(planned != NULL && read != NULL, "%s: %s", formats[i], second);
        struct json_object *args = json_object_object_get(planned, "args");
        const char *tensors =
            json_object_to_json_string(json_object_object_get(planned, "tensors"));
        cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(args, 0)), "--rpc");
        cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(args, 1)),
                         "192.168.1.5:50052,b.lan:50052");
        cr_expect(strstr(tensors, "RPC0[192.168.1.5:50052]") != NULL, "the host is used");
        cr_expect_str_eq(tensors,
                         json_object_to_json_string(json_object_object_get(read, "tensors")), "%s",
                         formats[i]);
        json_object_put(planned);
        json_object_put(read);
        free(first);
        free(second);
        free(before);
        free(after);
    }
}

/* Of servers that were given only those that the rig adds are new. */
Test(exports, keep_the_servers_that_were_given)
{
    char *command = memory_format("'%s' export '%s' -c 4096 --rig '" FAR
                                  "' --rpc x:1 --rpc b.lan:50052 --format=args",
                                  otplan_path(), demo_model());
    char *args = with_shell(command);
    cr_expect(strncmp(args, "--rpc x:1,b.lan:50052,192.168.1.5:50052 ", 40) == 0, "%s", args);
    cr_expect_null(strstr(args + 5, "--rpc"), "%s", args);
    free(args);
    free(command);
}

Test(exports, of_arguments_give_the_same_plan_again)
{
    for (size_t i = 0; i < sizeof placements / sizeof placements[0]; i++) {
        char *common = memory_format("'%s' --devices '%s'", demo_model(), demo_devices());
        char *before =
            memory_format("'%s' plan %s %s --json", otplan_path(), common, placements[i]);
        char *first = with_shell(before);
        char *through =
            memory_format("args=$('%s' export %s %s) && eval \"'%s' plan %s $args --json\"",
                          otplan_path(), common, placements[i], otplan_path(), common);
        char *second = with_shell(through);
        struct json_object *a = placement(first);
        struct json_object *b = placement(second);
        cr_assert(json_object_equal(a, b), "%s", placements[i]);
        json_object_put(a);
        json_object_put(b);
        free(common);
        free(before);
        free(first);
        free(through);
        free(second);
    }
}

Test(exports, of_compact_rules_place_every_tensor_the_same)
{
    static const char rules[] =
        "-ngl 62 -ts 16,16,15,15 -ot 'blk\\.([1-9]|1[0-9])\\.ffn_(gate|up|down)_exps=CPU' -ot "
        "'blk\\.(2[0-9]|3[0-9])\\.ffn_down_exps=CPU' -ot 'blk\\.4[0-9]\\.ffn_.*_exps=CUDA1'";
    char *command = memory_format("'%s' plan '%s' --devices '%s' %s --json", otplan_path(),
                                  demo_model(), demo_devices(), rules);
    char *compact = memory_format("%s --compact", command);
    char *first = with_shell(command);
    char *second = with_shell(compact);
    struct json_object *a = json_tokener_parse(first);
    struct json_object *b = json_tokener_parse(second);
    struct json_object *list[2] = {NULL, NULL};
    json_object_object_get_ex(a, "tensors", &list[0]);
    json_object_object_get_ex(b, "tensors", &list[1]);
    for (size_t i = 0; i < json_object_array_length(list[0]); i++) {
        struct json_object *device[2] = {NULL, NULL};
        for (int k = 0; k < 2; k++) {
            json_object_object_get_ex(json_object_array_get_idx(list[k], i), "device", &device[k]);
        }
        cr_assert(json_object_equal(device[0], device[1]), "row %zu", i);
    }
    json_object_put(a);
    json_object_put(b);
    free(command);
    free(compact);
    free(first);
    free(second);
}

/* A llama-server that prints its variables of interest and its words, one a line. */
static const char stub[] = "#!/bin/sh\n"
                           "echo \"order=$CUDA_DEVICE_ORDER rules=$LLAMA_ARG_OVERRIDE_TENSOR\"\n"
                           "for word in \"$@\"; do printf '%s\\n' \"$word\"; done\n";

Test(exports, of_a_script_start_the_server_with_the_very_words)
{
    static const char *const names[] = {"model.gguf", "it's; $(rm -rf x) `y` \"z\" &.gguf",
                                        "-model with\nnewline.gguf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *folder = test_folder_make();
        char *server = test_file_write(folder, "llama-server", stub, sizeof stub - 1);
        chmod(server, 0755);
        char *model = memory_format("%s/%s", folder, names[i]);
        const char *const copy[] = {"cp", "--", demo_model(), model, NULL};
        struct program_result copied = program_run(copy, NULL, NULL);
        cr_assert_eq(copied.status, 0, "%s", copied.errors);
        program_result_clear(&copied);
        char *script = memory_format("%s/start.sh", folder);
        const char *const environment[] = {"LLAMA_ARG_OVERRIDE_TENSOR=x=CPU", NULL};
        const char *const arguments[] = {"export", model,         "--devices", demo_devices(),
                                         "-ngl",   "62",          "-ot",       "a'b|\"$c=CPU",
                                         "-o",     script,        "--format",  "script",
                                         "--host", "0.0.0.0; id", NULL};
        struct program_result result = otplan_run_with(environment, arguments);
        cr_assert_eq(result.status, 0, "%s", result.errors);
        program_result_clear(&result);
        char *path = memory_format("PATH=%s:/usr/bin:/bin", folder);
        const char *const own[] = {path, "LLAMA_ARG_OVERRIDE_TENSOR=x=CPU", NULL};
        const char *const run[] = {"sh", script, "--port", "99", NULL};
        result = program_run(run, own, NULL);
        cr_assert_eq(result.status, 0, "%s", result.errors);
        char *expected = memory_format("order= rules=\n-m\n%s\n", model);
        cr_assert_eq(strncmp(result.output, expected, strlen(expected)), 0, "%s", result.output);
        cr_assert_not_null(strstr(result.output, "\n-ot\na'b|\"$c=CPU\n"), "%s", result.output);
        cr_assert_not_null(strstr(result.output, "\n--host\n0.0.0.0; id\n"));
        cr_assert_not_null(strstr(result.output, "\n--port\n99\n"));
        program_result_clear(&result);
        free(expected);
        free(path);
        free(script);
        free(model);
        free(server);
        test_folder_remove(folder);
    }
}

Test(exports, of_ot_and_lines_hold_every_rule)
{
    struct program_result result = otplan_run("export", demo_model(), "--devices", demo_devices(),
                                              "-ot", "a\\.b=CPU,c=CUDA1", "-cmoe", "--format=ot");
    cr_assert_str_eq(result.output,
                     "a\\.b=CPU,c=CUDA1,\\.ffn_(up|down|gate|gate_up)_(ch|)exps=CPU\n");
    program_result_clear(&result);
    result = otplan_run("export", demo_model(), "--devices", demo_devices(), "-ot", "a\\.b=CPU",
                        "--format=lines");
    cr_assert_not_null(strstr(result.output, "\n-ot \"a\\.b=CPU\"\n"), "%s", result.output);
    cr_assert_eq(result.output[0], '#');
    program_result_clear(&result);
}

/* otplan verify as a command: what it prints, and what it exits with. */
#include "src/commands.h"

#include "src/log_file.h"
#include "src/options.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char loaded[] = "load_tensors: offloaded 3/3 layers to GPU\n"
                             "load_tensors: CUDA0 model buffer size = 100.00 MiB\n";
static const char fallback[] = "load_tensors: CPU model buffer size = 100.00 MiB\n";

static int run(const char *const *words, size_t n, struct error *error)
{
    struct options options;
    int status = (int)error->kind;

    if (options_read((int)n, words, &options, error))
        status = command_verify(&options, error);
    else
        status = (int)error->kind;
    options_clear(&options);
    return status;
}

static int run_on(const char *text, bool json)
{
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "load.log", text, strlen(text));
    const char *words[] = {"verify", path, "--json"};
    struct error error = {.kind = ERROR_NONE};
    int status = run(words, json ? 3 : 2, &error);

    cr_expect_eq(error.kind, ERROR_NONE, "%s", error.text);
    free(path);
    test_folder_remove(folder);
    return status;
}

Test(command_verify, exits_with_the_verdict, .init = cr_redirect_stdout)
{
    cr_expect_eq(run_on(loaded, false), 0);
    cr_expect_eq(run_on("", false), 0);
    cr_expect_eq(run_on(fallback, false), 3);
    cr_expect_eq(run_on("llama_model_load: error loading model: no\n", false), 3);
}

Test(command_verify, prints_the_document_of_the_interface, .init = cr_redirect_stdout)
{
    char text[1 << 14];
    struct json_object *verdict, *loads, *checks, *value;

    run_on(loaded, true);
    fflush(stdout);
    FILE *out = cr_get_redirected_stdout();
    size_t n = fread(text, 1, sizeof text - 1, out);
    text[n] = '\0';
    struct json_object *document = json_tokener_parse(text);
    cr_assert(document, "%s", text);
    cr_assert(json_object_object_get_ex(document, "verdict", &verdict));
    cr_expect_str_eq(json_object_get_string(verdict), "loaded");
    cr_assert(json_object_object_get_ex(document, "loads", &loads));
    cr_expect_eq(json_object_array_length(loads), 1);
    cr_assert(json_object_object_get_ex(document, "checks", &checks));
    struct json_object *check = json_object_array_get_idx(checks, 1);
    json_object_object_get_ex(check, "what", &value);
    cr_expect_str_eq(json_object_get_string(value), "CUDA0 model buffer");
    cr_expect(json_object_object_get_ex(check, "planned", &value) && !value);
    json_object_object_get_ex(check, "actual", &value);
    cr_expect_eq(json_object_get_int64(value), 104857600);
    json_object_put(document);
}

Test(command_verify, says_what_is_missing)
{
    static const char *const none[] = {"verify"};
    static const char *const absent[] = {"verify", "/nowhere/load.log"};
    static const char *const plan[] = {"verify", "/nowhere/plan.json", "/nowhere/load.log"};
    static const char *const option[] = {"verify", "a.log", "--check"};
    struct error error = {.kind = ERROR_NONE};

    cr_expect_eq(run(none, 1, &error), 1);
    error.kind = ERROR_NONE;
    cr_expect_eq(run(absent, 2, &error), 2);
    error.kind = ERROR_NONE;
    cr_expect_eq(run(plan, 3, &error), 2);
    error.kind = ERROR_NONE;
    cr_expect_eq(run(option, 3, &error), 1);
}

// What it shows is what llama.cpp will do: weights and context of every device and of the host equal, to
// the byte, what llama.cpp's own dry run answered.
#include "model/base/memory.h"
#include "model/text/arguments.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    size_t cases, wrong;
    struct strbuf misses;
};

static void read_flags(json_object *entry, struct plan *plan, struct error *error)
{
    json_object *flags = json_object_object_get(entry, "flags");
    size_t n = json_object_array_length(flags);
    const char **text = memory_array(n + 1, sizeof *text);
    for (size_t i = 0; i < n; i++) {
        text[i] = json_object_get_string(json_object_array_get_idx(flags, i));
    }
    struct argument_facts facts = {0};
    arguments_read(plan, &facts, text, n, NULL, error);
    argument_facts_clear(&facts);
    free(text);
}

static void read_rig(json_object *entry, struct rig *rig)
{
    json_object *free_mib = json_object_object_get(entry, "free_mib");
    uint32_t mib[16] = {0};
    size_t n = json_object_array_length(free_mib);
    for (size_t i = 0; i < n && i < 16; i++) {
        mib[i] = (uint32_t)json_object_get_int(json_object_array_get_idx(free_mib, i));
    }
    stand_in_rig(mib, n, rig);
}

static uint64_t expected(json_object *expect, const char *device, const char *what)
{
    json_object *row = NULL;
    json_object *value = NULL;
    if (!json_object_object_get_ex(expect, device, &row) ||
        !json_object_object_get_ex(row, what, &value)) {
        return 0;
    }
    return json_object_get_uint64(value);
}

static void compare(struct tally *tally, const char *label, json_object *expect, const char *device,
                    const struct device_use *use, bool *right)
{
    uint64_t model = expected(expect, device, "model");
    uint64_t context = expected(expect, device, "context");
    if (use->model == model && use->context == context) {
        return;
    }
    *right = false;
    strbuf_format(&tally->misses,
                  "%s %s: model %llu (llama.cpp %llu), context %llu (llama.cpp %llu)\n", label,
                  device, (unsigned long long)use->model, (unsigned long long)model,
                  (unsigned long long)use->context, (unsigned long long)context);
}

static void check_case(struct tally *tally, const char *folder, json_object *entry,
                       enum target target)
{
    const char *name = json_object_get_string(json_object_object_get(entry, "model"));
    const char *which = json_object_get_string(json_object_object_get(entry, "case"));
    char *path = memory_format("%s/oracle/%s/%s.gguf", OTPLAN_SHARED, folder, name);
    char *label = memory_format("%s %s", name, which);
    struct open_model open;
    open_model(path, &open);
    struct plan plan;
    plan_init(&plan, open.model);
    plan.settings.target = target;
    struct error error = {0};
    read_flags(entry, &plan, &error);
    struct rig rig;
    read_rig(entry, &rig);
    struct evaluation evaluation;
    plan_evaluate(open.model, &rig, &plan, NULL, &evaluation);
    json_object *expect = NULL;
    bool right = true;
    if (json_object_object_get_ex(entry, "expect", &expect) && expect != NULL) {
        if (error.kind != ERROR_NONE || evaluation.refused.kind != ERROR_NONE) {
            strbuf_format(&tally->misses, "%s: refused: %s%s\n", label, error.text,
                          evaluation.refused.text);
            right = false;
        }
        for (size_t i = 0; i < rig.n_devices; i++) {
            compare(tally, label, expect, rig.devices[i].name, &evaluation.devices[i], &right);
        }
        compare(tally, label, expect, "Host", &evaluation.host, &right);
    } else if (error.kind == ERROR_NONE && evaluation.refused.kind == ERROR_NONE) {
        strbuf_format(&tally->misses, "%s: not refused; llama.cpp: %s\n", label,
                      json_object_get_string(json_object_object_get(entry, "error")));
        right = false;
    }
    tally->cases++;
    tally->wrong += right ? 0 : 1;
    evaluation_clear(&evaluation);
    rig_clear(&rig);
    plan_clear(&plan);
    close_model(&open);
    free(label);
    free(path);
}

static void check_file(const char *folder, const char *file, enum target target)
{
    if (!oracle_present()) {
        cr_skip_test("no ../shared/oracle");
    }
    char *path = memory_format("%s/oracle/%s/%s", OTPLAN_SHARED, folder, file);
    json_object *cases = json_object_from_file(path);
    cr_assert(cases != NULL, "cannot read %s", path);
    struct tally tally = {0};
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        check_case(&tally, folder, json_object_array_get_idx(cases, i), target);
    }
    if (tally.wrong > 0) {
        fprintf(stderr, "%s", strbuf_text(&tally.misses));
    }
    cr_expect(tally.cases > 0 && tally.wrong == 0, "%s: %zu of %zu cases differ", path, tally.wrong,
              tally.cases);
    strbuf_clear(&tally.misses);
    json_object_put(cases);
    free(path);
}

Test(oracle_memory, models)
{
    check_file("models", "cases.json", TARGET_LLAMA_FIT_PARAMS);
}

Test(oracle_memory, models_as_llama_server)
{
    check_file("models", "cases-server.json", TARGET_LLAMA_SERVER);
}

Test(oracle_memory, architectures)
{
    check_file("archs", "cases.json", TARGET_LLAMA_FIT_PARAMS);
}

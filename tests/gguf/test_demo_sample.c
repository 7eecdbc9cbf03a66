/* The bundled sample and its machine: what the picture in the README and the first test drive rest on. */
#include "src/assets.h"
#include "src/model_file.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

static struct model_file *open_sample(void)
{
    struct model_file *file = NULL;
    struct error error = {0};
    char *path = NULL;
    cr_assert(asset_path(ASSET_DEMO_MODEL, &path, &error), "%s", error.text);
    cr_assert(model_file_open(path, &file, &error), "%s", error.text);
    free(path);
    return file;
}

static const struct gguf_tensor *find(const struct gguf *gguf, const char *name)
{
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        if (strcmp(gguf->tensors[i].name, name) == 0) {
            return &gguf->tensors[i];
        }
    }
    cr_assert(false, "no tensor %s", name);
    return NULL;
}

static bool is_of_layer(const char *name, int layer)
{
    char prefix[16];
    snprintf(prefix, sizeof prefix, "blk.%d.", layer);
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

Test(demo_sample, is_kimi_k2_at_about_262_gib)
{
    struct model_file *file = open_sample();
    const struct gguf *gguf = file->gguf;
    cr_assert_eq(gguf->n_tensors, 1096);
    cr_assert_eq(gguf->tensor_bytes / (1024 * MIB), 261);
    cr_assert_str_eq(gguf_string(gguf, "general.name", ""), "Kimi-K2-Instruct UD-IQ1_S");
    cr_assert_str_eq(gguf_string(gguf, "general.architecture", ""), "deepseek2");
    cr_assert_eq(gguf_u64(gguf, "deepseek2.block_count", 0), 61);
    cr_assert_eq(gguf_u64(gguf, "deepseek2.expert_count", 0), 384);
    cr_assert_eq(gguf_u64(gguf, "deepseek2.expert_used_count", 0), 8);
    cr_assert_not(gguf->complete);
    model_file_close(&file);
}

Test(demo_sample, layer_16_is_what_the_screen_shows)
{
    static const struct {
        const char *name, *type;
        uint64_t bytes;
    } SHOWN[] = {
        {"blk.16.ffn_down_exps.weight", "iq3_xxs", 2058 * MIB},
        {"blk.16.ffn_gate_exps.weight", "iq1_s", 1050 * MIB},
        {"blk.16.ffn_up_exps.weight", "iq1_s", 1050 * MIB},
        {"blk.16.attn_output.weight", "q4_K", 63 * MIB / 2},
        {"blk.16.ffn_down_shexp.weight", "q6_K", 12042240},
    };
    struct model_file *file = open_sample();
    for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
        const struct gguf_tensor *tensor = find(file->gguf, SHOWN[i].name);
        cr_assert_str_eq(tensor->type->name, SHOWN[i].type);
        cr_assert_eq(tensor->bytes, SHOWN[i].bytes, "%s", SHOWN[i].name);
    }
    uint64_t n = 0;
    for (uint64_t i = 0; i < file->gguf->n_tensors; i++) {
        n += is_of_layer(file->gguf->tensors[i].name, 16);
    }
    cr_assert_eq(n, 18);
    model_file_close(&file);
}

Test(demo_sample, gate_and_up_experts_of_layers_12_to_20_are_18900_mib)
{
    struct model_file *file = open_sample();
    uint64_t bytes = 0;
    for (int layer = 12; layer <= 20; layer++) {
        for (uint64_t i = 0; i < file->gguf->n_tensors; i++) {
            const struct gguf_tensor *tensor = &file->gguf->tensors[i];
            bool moved = strstr(tensor->name, "ffn_gate_exps") != NULL ||
                         strstr(tensor->name, "ffn_up_exps") != NULL;
            bytes += moved && is_of_layer(tensor->name, layer) ? tensor->bytes : 0;
        }
    }
    cr_assert_eq(bytes, 18900 * MIB);
    model_file_close(&file);
}

static void assert_same_values(const struct gguf *sample, const struct gguf *reference)
{
    for (uint64_t i = 0; i < reference->n_values; i++) {
        const struct gguf_value *wanted = &reference->values[i];
        const struct gguf_value *have = gguf_find(sample, wanted->key);
        cr_assert(have != NULL, "%s is missing", wanted->key);
        cr_assert_eq(have->type, wanted->type, "%s", wanted->key);
        if (wanted->type != GGUF_STRING) {
            cr_assert_eq(have->as.u, wanted->as.u, "%s", wanted->key);
        } else if (strcmp(wanted->key, "general.name") != 0) {
            cr_assert_str_eq(have->as.string, wanted->as.string, "%s", wanted->key);
        }
    }
}

Test(demo_sample, agrees_with_the_reference_head)
{
    static const char REFERENCE[] = OTPLAN_SHARED "/oracle/models/kimi-k2-262gib-UD-IQ1_S.gguf";
    if (access(REFERENCE, R_OK) != 0) {
        cr_skip_test("the reference data is not here");
    }
    struct model_file *sample = open_sample();
    struct model_file *reference = NULL;
    struct error error = {0};
    cr_assert(model_file_open(REFERENCE, &reference, &error), "%s", error.text);
    cr_assert_eq(sample->gguf->n_tensors, reference->gguf->n_tensors);
    for (uint64_t i = 0; i < sample->gguf->n_tensors; i++) {
        const struct gguf_tensor *a = &sample->gguf->tensors[i];
        const struct gguf_tensor *b = &reference->gguf->tensors[i];
        cr_assert_str_eq(a->name, b->name);
        cr_assert_eq(a->type, b->type, "%s", a->name);
        cr_assert_eq(a->offset, b->offset, "%s", a->name);
        cr_assert_arr_eq(a->ne, b->ne, sizeof a->ne, "%s", a->name);
    }
    assert_same_values(sample->gguf, reference->gguf);
    model_file_close(&sample);
    model_file_close(&reference);
}

static int64_t number(struct json_object *object, const char *key)
{
    return json_object_get_int64(json_object_object_get(object, key));
}

Test(demo_sample, its_machine_is_four_rtx_5090_with_512_gib)
{
    static const int64_t FREE[] = {31569, 31292, 32090, 32090};
    struct error error = {0};
    char *path = NULL;
    cr_assert(asset_path(ASSET_DEMO_DEVICES, &path, &error), "%s", error.text);
    struct json_object *root = json_object_from_file(path);
    cr_assert(root != NULL, "%s", json_util_get_last_err());
    struct json_object *devices = json_object_object_get(root, "devices");
    cr_assert_eq(json_object_array_length(devices), 4);
    for (size_t i = 0; i < 4; i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        char name[8];
        snprintf(name, sizeof name, "CUDA%u", (unsigned)i);
        cr_assert_str_eq(json_object_get_string(json_object_object_get(device, "name")), name);
        cr_assert_eq(number(device, "total_mib"), 32607);
        cr_assert_eq(number(device, "free_mib"), FREE[i]);
    }
    struct json_object *host = json_object_object_get(root, "host");
    cr_assert_eq(number(host, "total_mib"), 512 * 1024);
    cr_assert_eq(number(host, "free_mib"), 500000);
    json_object_put(root);
    free(path);
}

Test(demo_sample, an_asset_that_is_nowhere_says_where_it_was_looked_for)
{
    struct error error = {0};
    char *path = NULL;
    cr_assert_not(asset_path("none.json", &path, &error));
    cr_assert(path == NULL);
    cr_assert_eq(error.kind, ERROR_SYSTEM);
    cr_assert(strstr(error.text, "none.json: this file of otplan's own is not installed") != NULL);
}

Test(demo_sample, the_environment_can_point_to_other_assets)
{
    struct error error = {0};
    char *path = NULL;
    setenv("OTPLAN_ASSETS", OTPLAN_SOURCE "/assets", 1);
    cr_assert(asset_path(ASSET_DEMO_DEVICES, &path, &error), "%s", error.text);
    cr_assert_str_eq(path, OTPLAN_SOURCE "/assets/" ASSET_DEMO_DEVICES);
    free(path);
}

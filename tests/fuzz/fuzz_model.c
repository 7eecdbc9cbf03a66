/* A hostile model behind a well-formed head: any architecture, any hyper-parameters, any tensors, under any
 * arguments. Written as text so that a mutation keeps the head whole:
 *
 *   -ngl 3 -ot exps=CPU            the first line: llama.cpp's arguments, and `@N`: sends row N elsewhere
 *   general.architecture s llama   a value: its kind (s u f b, a for numbers, t for words) and what it is
 *   =blk.0.attn_q.weight q4_K 256 256
 *
 * What is checked: no crash, and a placement that llama.cpp would not refuse survives its own rules.
 */
#include "model/base/memory.h"
#include "model/gguf/gguf_write.h"
#include "model/text/arguments.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 64, MOST_NUMBERS = 256 };

static size_t split(char *line, const char *blanks, char **words)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, blanks, &rest); word != NULL && n < MOST_WORDS;
         word = strtok_r(NULL, blanks, &rest)) {
        words[n++] = word;
    }
    return n;
}

/* ---- the head ------------------------------------------------------------------------------- */

static void write_tensor(struct gguf_writer *writer, char **words, size_t n)
{
    const struct ggml_type_info *type = n > 1 ? ggml_type_by_name(words[1]) : NULL;
    uint64_t ne[4] = {0};
    uint32_t n_dims = 0;
    for (size_t i = 2; i < n && n_dims < 4; i++) {
        ne[n_dims++] = strtoull(words[i], NULL, 10);
    }
    if (type != NULL && n_dims > 0) {
        gguf_write_tensor(writer, words[0] + 1, type->id, ne, n_dims);
    }
}

static void write_numbers(struct gguf_writer *writer, const char *key, char **words, size_t n)
{
    uint32_t numbers[MOST_NUMBERS];
    size_t count = 0;
    for (size_t i = 0; i < n && count < MOST_NUMBERS; i++) {
        char *end = NULL;
        uint32_t number = (uint32_t)strtoul(words[i], &end, 10);
        size_t times = *end == 'x' ? strtoul(end + 1, NULL, 10) : 1;
        for (size_t k = 0; k < times && count < MOST_NUMBERS; k++) {
            numbers[count++] = number;
        }
    }
    gguf_write_u32_array(writer, key, numbers, count);
}

static void write_value(struct gguf_writer *writer, char **words, size_t n)
{
    switch (words[1][0]) {
    case 's':
        gguf_write_string(writer, words[0], n > 2 ? words[2] : "");
        break;
    case 'u':
        gguf_write_u32(writer, words[0], n > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 0);
        break;
    case 'f':
        gguf_write_f32(writer, words[0], n > 2 ? strtof(words[2], NULL) : 0);
        break;
    case 'b':
        gguf_write_bool(writer, words[0], n > 2 && words[2][0] == '1');
        break;
    case 'a':
        write_numbers(writer, words[0], words + 2, n - 2);
        break;
    case 't':
        gguf_write_string_array(writer, words[0], (const char *const *)words + 2, n - 2);
        break;
    default:
        break;
    }
}

static void write_head(char *text, struct strbuf *head)
{
    struct gguf_writer writer = {0};
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *words[MOST_WORDS];
        size_t n = split(line, " ", words);
        if (n > 0 && words[0][0] == '=') {
            write_tensor(&writer, words, n);
        } else if (n > 1) {
            write_value(&writer, words, n);
        }
    }
    gguf_write_finish(&writer, head);
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void add_device(struct rig *rig, size_t at, const char *name, uint64_t gib)
{
    rig->devices[at] = (struct device){
        .name = memory_text(name),
        .device_name = memory_text(name),
        .description = memory_text(""),
        .backend = backend_of_name(name),
        .has_kernels = true,
        .total = gib << 30,
        .free = gib << 30,
        .margin = -1,
        .bandwidth_gb_s = 900,
        .numa_node = -1,
    };
}

static void make_rig(struct rig *rig)
{
    *rig = (struct rig){.devices = memory_array(3, sizeof *rig->devices), .n_devices = 3};
    add_device(rig, 0, "CUDA0", 24);
    add_device(rig, 1, "CUDA1", 8);
    add_device(rig, 2, "Vulkan0", 16);
    rig_init_host(&rig->host, 64ULL << 30, 60ULL << 30);
}

static void move_rows(struct plan *plan, const struct model *model, char **words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t row = (uint32_t)strtoul(words[i] + 1, NULL, 10);
        if (words[i][0] == '@' && row < model->n_tensors) {
            plan_move_rows(plan, model, &row, 1, (int)(row % 4) - 1);
        }
    }
}

/* Names that hide a second layer in their middle are no names of any model: for those the list may fail its
 * reading back, which is said and keeps it from being exported. */
static bool names_are_plain(const struct model *model)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        const char *name = model->tensors[i].name;
        const char *block = strstr(name, "blk.");
        if (block != NULL && strstr(block + 1, "blk.") != NULL) {
            return false;
        }
    }
    return true;
}

static void see(const struct model *model, const struct rig *rig, const struct plan *plan)
{
    struct evaluation evaluation;
    struct error error = {.kind = ERROR_NONE};
    plan_evaluate(model, rig, plan, NULL, &evaluation);
    if (evaluation.refused.kind == ERROR_NONE) {
        bool reads_back = evaluation_verify(model, rig, plan, &evaluation, &error);
        if (!reads_back && names_are_plain(model)) {
            fprintf(stderr, "%s\n", error.text);
            for (size_t i = 0; i < evaluation.rules.n; i++) {
                fprintf(stderr, "  %s=%s\n", evaluation.rules.rules[i].pattern,
                        rig_name(rig, evaluation.rules.rules[i].device));
            }
            abort();
        }
        size_t n = 0;
        char **arguments = arguments_write(model, rig, plan, &evaluation, &n);
        arguments_free(&arguments);
    }
    evaluation_clear(&evaluation);
}

static void place(const struct gguf *gguf, char **words, size_t n)
{
    struct model *model = NULL;
    struct error error = {.kind = ERROR_NONE};
    struct argument_facts facts = {0};
    const char *arguments[MOST_WORDS];
    size_t n_arguments = 0;
    for (size_t i = 0; i < n; i++) {
        if (words[i][0] != '@') {
            arguments[n_arguments++] = words[i];
        }
    }
    struct plan plan;
    plan_init(&plan, NULL);
    if (arguments_read(&plan, &facts, arguments, n_arguments, NULL, &error) &&
        model_describe(gguf, "fuzzed.gguf", n % 2 == 1, &model, &error)) {
        struct rig rig;
        make_rig(&rig);
        plan_attach(&plan, model);
        move_rows(&plan, model, words, n);
        see(model, &rig, &plan);
        rig_clear(&rig);
    }
    plan_clear(&plan);
    argument_facts_clear(&facts);
    model_free(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = memory_new(size + 1);
    if (size > 0) {
        memcpy(text, bytes, size);
    }
    char *body = text + strcspn(text, "\n");
    body += *body == '\n' ? 1 : 0;
    if (body > text) {
        body[-1] = '\0';
    }
    struct strbuf head = {0};
    write_head(body, &head);
    struct gguf_part part = {.path = "fuzzed.gguf",
                             .bytes = (const uint8_t *)strbuf_text(&head),
                             .available = head.length,
                             .file_bytes = head.length};
    struct gguf *gguf = NULL;
    struct error error = {.kind = ERROR_NONE};
    char *words[MOST_WORDS];
    if (gguf_parse(&part, 1, &gguf, &error)) {
        place(gguf, words, split(text, " ", words));
    }
    gguf_free(&gguf);
    strbuf_clear(&head);
    free(text);
    return 0;
}

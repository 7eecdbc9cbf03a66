#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/flags.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>

enum translation {
    KEEP,        /* llama.cpp has nothing like it */
    AS_FLAG,     /* the same under another name */
    AS_SPLIT,    /* several words behind it become one with commas */
    AS_QUANT,    /* --quantkv */
    AS_COUNT,    /* the value may be left out: `instead` is then used with 999 */
    AS_FLASH_ON, /* a switch that is `-fa on` */
};

struct foreign_flag {
    enum import_dialect dialect;
    const char *names; /* between blanks */
    int n_values;
    enum translation translation;
    const char *instead; /* llama.cpp's flag */
    const char *note;    /* NULL: nothing to say */
};

static const struct foreign_flag foreign_flags[] = {
    {DIALECT_IK, "-fmoe --fused-moe -no-fmoe --no-fused-moe", 0, KEEP, NULL, NULL},
    {DIALECT_IK, "-rtr --run-time-repack", 0, KEEP, NULL,
     "-rtr repacks the tensors that stay on the CPU, and turns mmap off"},
    {DIALECT_IK, "-mla --mla-use", 1, KEEP, NULL,
     "-mla: ik_llama.cpp's cache of MLA models has another size than llama.cpp's"},
    {DIALECT_IK, "-amb --attention-max-batch", 1, KEEP, NULL,
     "-amb limits a compute buffer that llama.cpp does not have"},
    {DIALECT_IK, "-ser --smart-expert-reduction", 1, KEEP, NULL, NULL},
    {DIALECT_IK, "-muge --merge-up-gate-experts", 0, KEEP, NULL,
     "-muge merges tensors at load: patterns then see blk.N.ffn_gate_up_exps"},
    {DIALECT_IK, "-mqkv --merge-qkv", 0, KEEP, NULL,
     "-mqkv merges tensors at load: names and sizes change"},
    {DIALECT_IK, "-ger --grouped-expert-routing -op --offload-policy", 1, KEEP, NULL, NULL},
    {DIALECT_IK, "-no-ooae --no-offload-only-active-experts -smgs --split-mode-graph-scheduling", 0,
     KEEP, NULL, NULL},
    {DIALECT_IK, "-khad --k-cache-hadamard -gr --graph-reuse -thp --transparent-huge-pages", 0,
     KEEP, NULL, NULL},
    {DIALECT_IK, "--fit-margin -gfm", 1, KEEP, NULL, NULL},
    {DIALECT_KOBOLD, "--overridetensors", 1, AS_FLAG, "-ot", NULL},
    {DIALECT_KOBOLD, "--gpulayers", 1, AS_FLAG, "-ngl",
     "--gpulayers without a GPU backend switch is ignored by KoboldCpp, and so are the overrides"},
    {DIALECT_KOBOLD, "--contextsize", 1, AS_FLAG, "-c", NULL},
    {DIALECT_KOBOLD, "--model", 1, AS_FLAG, "-m", NULL},
    {DIALECT_KOBOLD, "--mmproj", 1, AS_FLAG, "--mmproj", NULL},
    {DIALECT_KOBOLD, "--blasbatchsize --batchsize", 1, AS_FLAG, "-ub",
     "KoboldCpp's batch size is llama.cpp's micro-batch, -ub"},
    {DIALECT_KOBOLD, "--threads", 1, AS_FLAG, "-t", NULL},
    {DIALECT_KOBOLD, "--tensor_split --tensorsplit", 99, AS_SPLIT, "-ts", NULL},
    {DIALECT_KOBOLD, "--moecpu", 1, AS_COUNT, "-ncmoe", NULL},
    {DIALECT_KOBOLD, "--quantkv", 1, AS_QUANT, NULL, NULL},
    {DIALECT_KOBOLD, "--flashattention", 0, AS_FLASH_ON, NULL, NULL},
    {DIALECT_KOBOLD, "--noflashattention", 0, KEEP, NULL, NULL},
    {DIALECT_KOBOLD, "--usecublas --usecuda --usehipblas --usevulkan --useclblast", 99, KEEP, NULL,
     "which cards KoboldCpp uses is in this switch; one it does not use has no buffer type for "
     "overrides"},
    {DIALECT_KOBOLD,
     "--usemmap --usemlock --lowvram --noshift --quiet --skiplauncher --noavx2 "
     "--smartcontext --multiuser --useswa --autofit",
     0, KEEP, NULL, NULL},
    {DIALECT_KOBOLD, "--maingpu", 1, AS_FLAG, "-mg", NULL},
    {DIALECT_KOBOLD,
     "--port --host --parallelrequests --config --ropeconfig --overridekv "
     "--draftmodel --chatcompletionsadapter",
     1, KEEP, NULL, NULL},
};

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at != '\0'; at += *at == ' ') {
        size_t n = strcspn(at, " ");
        if (n == length && strncmp(at, word, n) == 0) {
            return true;
        }
        at += n;
    }
    return false;
}

/* In its own dialect a flag comes before llama.cpp's of the same name (--model, --threads). */
static const struct foreign_flag *find_foreign(enum import_dialect dialect, const char *word)
{
    for (size_t i = 0; i < sizeof foreign_flags / sizeof foreign_flags[0]; i++) {
        if ((foreign_flags[i].dialect == dialect ||
             (dialect != DIALECT_KOBOLD && foreign_flags[i].dialect == DIALECT_IK)) &&
            listed(foreign_flags[i].names, word)) {
            return &foreign_flags[i];
        }
    }
    return NULL;
}

enum import_dialect import_dialect_of(const char *program, const struct shell_word *words, size_t n)
{
    if (program != NULL && strstr(program, "koboldcpp") != NULL) {
        return DIALECT_KOBOLD;
    }
    if (program != NULL && strstr(program, "llama-bench") != NULL) {
        return DIALECT_BENCH;
    }
    for (size_t i = 0; i < n; i++) {
        if (listed("--overridetensors --gpulayers --contextsize --quantkv --moecpu",
                   words[i].text)) {
            return DIALECT_KOBOLD;
        }
        if (find_foreign(DIALECT_IK, words[i].text) != NULL) {
            return DIALECT_IK;
        }
    }
    return program != NULL && strstr(program, "ik_llama") != NULL ? DIALECT_IK : DIALECT_LLAMA;
}

bool import_knows_flag(const char *word)
{
    return flag_find(word, NULL) != NULL || find_foreign(DIALECT_IK, word) != NULL ||
           find_foreign(DIALECT_KOBOLD, word) != NULL;
}

static bool is_one_of(const char *word, const char *const *flags, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(flags[i]);
        if (strncmp(word, flags[i], length) == 0 && (word[length] == '\0' || word[length] == '=')) {
            return true;
        }
    }
    return false;
}

bool import_is_override(const char *word)
{
    static const char *const flags[] = {"-ot", "--override-tensor", "--override_tensor",
                                        "--overridetensors"};
    return is_one_of(word, flags, sizeof flags / sizeof flags[0]);
}

bool import_is_placing(const char *word)
{
    static const char *const flags[] = {"-ngl",          "--n-gpu-layers", "--gpu-layers", "-m",
                                        "--model",       "--gpulayers",    "-hf",          "-ncmoe",
                                        "-cmoe",         "--cpu-moe",      "--n-cpu-moe",  "-ts",
                                        "--tensor-split"};
    return import_is_override(word) || is_one_of(word, flags, sizeof flags / sizeof flags[0]);
}

/* --- values ------------------------------------------------------------------------------------- */

static bool is_buffer(const char *text, size_t length)
{
    static const char *const kinds[] = {"CPU",  "CUDA", "ROCm", "Vulkan", "SYCL", "MTL",
                                        "MUSA", "CANN", "GPU",  "RPC",    "HTP"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t kind = strlen(kinds[i]);
        if (length >= kind && strncmp(text, kinds[i], kind) == 0 &&
            strspn(text + kind, "0123456789") == length - kind) {
            return true;
        }
    }
    return false;
}

static void add_piece(struct strbuf *out, const char *piece, size_t length, bool *changed)
{
    const char *colon = memrchr(piece, ':', length);
    if (memchr(piece, '=', length) == NULL && colon != NULL &&
        is_buffer(colon + 1, (size_t)(piece + length - colon - 1))) {
        strbuf_add_n(out, piece, (size_t)(colon - piece));
        strbuf_add_char(out, '=');
        strbuf_add_n(out, colon + 1, (size_t)(piece + length - colon - 1));
        *changed = true;
        return;
    }
    strbuf_add_n(out, piece, length);
}

char *import_colon_value(const char *value, bool *changed)
{
    struct strbuf out = {0};
    for (;;) {
        size_t length = strcspn(value, ",");
        add_piece(&out, value, length, changed);
        if (value[length] == '\0') {
            return strbuf_take(&out);
        }
        strbuf_add_char(&out, ',');
        value += length + 1;
    }
}

static char *with_commas(const char *value, char separator)
{
    char *copy = memory_text(value);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == separator ? ',' : *at;
    }
    return copy;
}

/* --- words -------------------------------------------------------------------------------------- */

struct reader {
    const struct shell_word *words;
    size_t n, at;
    bool colons;
    bool said_colons, said_eaten, said_parenthesis;
    struct imported *out;
};

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && strchr("0123456789.", word[1]) == NULL;
}

static const struct shell_word *next_value(struct reader *reader)
{
    return reader->at < reader->n ? &reader->words[reader->at++] : NULL;
}

static void warn_word(struct reader *reader, const struct shell_word *word)
{
    if (word->ate_backslash && !reader->said_eaten) {
        reader->said_eaten = true;
        imported_note(reader->out, word->line,
                      "outside quotes the shell eats backslashes: '%s' is what arrives",
                      word->text);
    }
    if (word->open_parenthesis && !reader->said_parenthesis) {
        reader->said_parenthesis = true;
        imported_note(reader->out, word->line,
                      "a shell stops at the parenthesis outside quotes in '%s'; read as if it were "
                      "quoted",
                      word->text);
    }
}

static void add_overrides(struct reader *reader, const struct shell_word *word)
{
    bool changed = false;
    char *value = memory_text(word->text);
    warn_word(reader, word);
    if (reader->out->dialect == DIALECT_BENCH) {
        char *commas = with_commas(value, ';');
        free(value);
        value = commas;
    }
    if (reader->colons) {
        char *equals = import_colon_value(value, &changed);
        free(value);
        value = equals;
    }
    if (changed && !reader->said_colons) {
        reader->said_colons = true;
        imported_note(reader->out, word->line,
                      "pattern:DEVICE is read as pattern=DEVICE; llama.cpp refuses the colon");
    }
    imported_argument(reader->out, value);
    free(value);
}

static void add_value(struct reader *reader, const struct flag *flag, const struct shell_word *word)
{
    if (flag->id == FLAG_ID_OVERRIDE_TENSOR) {
        add_overrides(reader, word);
    } else if (flag->id == FLAG_ID_TENSOR_SPLIT && reader->out->dialect == DIALECT_BENCH) {
        char *commas = with_commas(word->text, '/');
        imported_argument(reader->out, commas);
        free(commas);
    } else {
        imported_argument(reader->out, word->text);
    }
}

/* --mmap and its like: the table says what to write now. */
static void add_replacement(struct reader *reader, const struct flag *flag,
                            const struct shell_word *word)
{
    char *instead = memory_text(flag->instead);
    char *save = NULL;
    imported_note(reader->out, word->line, "%s is now %s", word->text, flag->instead);
    for (char *part = strtok_r(instead, " ", &save); part != NULL && flag->n_values == 0;
         part = strtok_r(NULL, " ", &save)) {
        imported_argument(reader->out, part);
    }
    for (int i = 0; i < flag->n_values; i++) {
        next_value(reader);
    }
    free(instead);
}

static void add_known(struct reader *reader, const struct flag *flag, const struct shell_word *word)
{
    bool old_switch = flag->id == FLAG_ID_FLASH_ATTN || flag->id == FLAG_ID_FIT;
    if (flag->use == FLAG_REMOVED) {
        add_replacement(reader, flag, word);
        return;
    }
    imported_argument(reader->out, word->text);
    if (old_switch && (reader->at == reader->n || is_flag(reader->words[reader->at].text))) {
        imported_argument(reader->out, "on");
        imported_note(reader->out, word->line, "%s takes a value now: read as on", word->text);
        return;
    }
    for (int i = 0; i < flag->n_values; i++) {
        const struct shell_word *value = next_value(reader);
        if (value != NULL) {
            add_value(reader, flag, value);
        }
    }
}

static void add_quant(struct reader *reader, const struct shell_word *value)
{
    static const char *const types[] = {"f16", "q8_0", "q4_0"};
    if (value == NULL) {
        return;
    }
    bool number = strlen(value->text) == 1 && value->text[0] >= '0' && value->text[0] <= '2';
    const char *type = number ? types[value->text[0] - '0'] : value->text;
    imported_argument(reader->out, "-ctk");
    imported_argument(reader->out, type);
    imported_argument(reader->out, "-ctv");
    imported_argument(reader->out, type);
    imported_note(reader->out, value->line, "--quantkv %s is -ctk %s -ctv %s", value->text, type,
                  type);
}

static void add_split(struct reader *reader, const char *instead)
{
    struct strbuf value = {0};
    while (reader->at < reader->n && !is_flag(reader->words[reader->at].text)) {
        strbuf_add(&value, value.length > 0 ? "," : "");
        strbuf_add(&value, reader->words[reader->at++].text);
    }
    imported_argument(reader->out, instead);
    imported_argument(reader->out, strbuf_text(&value));
    strbuf_clear(&value);
}

static void keep_values(struct reader *reader, int n_values)
{
    for (int i = 0;
         i < n_values && reader->at < reader->n && !is_flag(reader->words[reader->at].text); i++) {
        imported_kept(reader->out, reader->words[reader->at++].text);
    }
}

static void add_foreign(struct reader *reader, const struct foreign_flag *flag,
                        const struct shell_word *word)
{
    bool has_value = reader->at < reader->n && !is_flag(reader->words[reader->at].text);
    if (flag->note != NULL) {
        imported_note(reader->out, word->line, "%s", flag->note);
    }
    if (flag->translation == AS_SPLIT) {
        add_split(reader, flag->instead);
    } else if (flag->translation == AS_QUANT) {
        add_quant(reader, has_value ? next_value(reader) : NULL);
    } else if (flag->translation == AS_FLASH_ON) {
        imported_argument(reader->out, "-fa");
        imported_argument(reader->out, "on");
    } else if (flag->translation == AS_FLAG && strcmp(flag->instead, "-ot") == 0 && has_value) {
        imported_argument(reader->out, "-ot");
        add_overrides(reader, next_value(reader));
    } else if (flag->translation == AS_FLAG || flag->translation == AS_COUNT) {
        imported_argument(reader->out, flag->instead);
        imported_argument(reader->out, has_value ? next_value(reader)->text : "999");
    } else {
        imported_kept(reader->out, word->text);
        keep_values(reader, flag->n_values);
    }
}

/* `--flag=value` as two words, where the flag is known. */
static bool add_joined(struct reader *reader, const struct shell_word *word)
{
    const char *equals = strchr(word->text, '=');
    char *name = equals == NULL ? NULL : memory_text_n(word->text, (size_t)(equals - word->text));
    const struct flag *flag = name == NULL ? NULL : flag_find(name, NULL);
    bool known = flag != NULL && flag->n_values == 1 && flag->use != FLAG_REMOVED;
    if (known) {
        struct shell_word value = *word;
        value.text = memory_text(equals + 1);
        imported_note(reader->out, word->line, "llama.cpp takes %s and its value as two words",
                      name);
        imported_argument(reader->out, name);
        add_value(reader, flag, &value);
        free(value.text);
    }
    free(name);
    return known;
}

/* `---flag` is what a hand slips to, or one dash made two by a program that set them. */
static bool add_dashed(struct reader *reader, const struct shell_word *word)
{
    size_t dashes = strspn(word->text, "-");
    const struct flag *flag = dashes < 3 ? NULL : flag_find(word->text + dashes - 2, NULL);
    if (flag == NULL || flag->use == FLAG_REMOVED) {
        return false;
    }
    struct shell_word meant = *word;
    meant.text += dashes - 2;
    imported_note(reader->out, word->line, "'%s' is read as %s; llama.cpp refuses it", word->text,
                  meant.text);
    add_known(reader, flag, &meant);
    return true;
}

static void keep_unknown(struct reader *reader, const struct shell_word *word)
{
    imported_kept(reader->out, word->text);
    if (is_flag(word->text)) {
        imported_note(reader->out, word->line, "%s is no flag of llama.cpp: kept aside",
                      word->text);
        keep_values(reader, 1);
    } else {
        imported_note(reader->out, word->line, "'%s' belongs to no flag: kept aside", word->text);
    }
}

void import_words(const struct shell_word *words, size_t n, bool colons, struct imported *out)
{
    struct reader reader = {.words = words, .n = n, .colons = colons, .out = out};
    while (reader.at < n) {
        const struct shell_word *word = next_value(&reader);
        const struct foreign_flag *foreign = find_foreign(out->dialect, word->text);
        const struct flag *flag = flag_find(word->text, NULL);
        if (foreign != NULL) {
            add_foreign(&reader, foreign, word);
        } else if (flag != NULL) {
            add_known(&reader, flag, word);
        } else if (!add_joined(&reader, word) && !add_dashed(&reader, word)) {
            keep_unknown(&reader, word);
        }
    }
}

#include "model/text/argument_values.h"

#include "model/gguf/ggml_types.h"
#include "model/plan/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(value, *words) == 0) {
            return true;
        }
    }
    return false;
}

bool argument_is_true(const char *value)
{
    static const char *const words[] = {"on", "enabled", "true", "1", NULL};
    return one_of(value, words);
}

bool argument_is_false(const char *value)
{
    static const char *const words[] = {"off", "disabled", "false", "0", NULL};
    return one_of(value, words);
}

bool argument_is_auto(const char *value)
{
    static const char *const words[] = {"auto", "-1", NULL};
    return one_of(value, words);
}

bool argument_integer(const char *value, int *out)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || errno != 0 || number < INT_MIN || number > INT_MAX) {
        return false;
    }
    *out = (int)number;
    return true;
}

/* ---- words with a meaning ------------------------------------------------------------------- */

struct word_value {
    const char *word;
    int value;
};

static const struct word_value cache_types[] = {
    {"f32", GGML_F32},   {"f16", GGML_F16},   {"bf16", GGML_BF16},     {"q8_0", GGML_Q8_0},
    {"q4_0", GGML_Q4_0}, {"q4_1", GGML_Q4_1}, {"iq4_nl", GGML_IQ4_NL}, {"q5_0", GGML_Q5_0},
    {"q5_1", GGML_Q5_1}, {NULL, 0},
};
static const struct word_value load_modes[] = {
    {"auto", LOAD_AUTO},
    {"none", LOAD_NONE},
    {"mmap", LOAD_MMAP},
    {"mlock", LOAD_MLOCK},
    {"mmap+mlock", LOAD_MMAP_MLOCK},
    {"dio", LOAD_DIO},
    {NULL, 0},
};
static const struct word_value split_modes[] = {
    {"none", SPLIT_NONE},
    {"layer", SPLIT_LAYER},
    {"row", SPLIT_ROW},
    {"tensor", SPLIT_TENSOR},
    {NULL, 0},
};
static const struct word_value flash_attns[] = {
    {"auto", FLASH_ATTN_AUTO},
    {"on", FLASH_ATTN_ON},
    {"off", FLASH_ATTN_OFF},
    {NULL, 0},
};

static const struct word_value *find_word(const struct word_value *table, const char *word)
{
    for (; table->word != NULL; table++) {
        if (strcmp(table->word, word) == 0) {
            return table;
        }
    }
    return NULL;
}

static const char *find_value(const struct word_value *table, int value)
{
    for (; table->word != NULL; table++) {
        if (table->value == value) {
            return table->word;
        }
    }
    return "?";
}

bool argument_cache_type(const char *value, uint32_t *ggml_type)
{
    const struct word_value *found = find_word(cache_types, value);
    if (found != NULL) {
        *ggml_type = (uint32_t)found->value;
    }
    return found != NULL;
}

const char *argument_cache_type_name(uint32_t ggml_type)
{
    return find_value(cache_types, (int)ggml_type);
}

bool argument_load_mode(const char *value, enum load_mode *out)
{
    const struct word_value *found = find_word(load_modes, value);
    if (found != NULL) {
        *out = (enum load_mode)found->value;
    }
    return found != NULL;
}

const char *argument_load_mode_name(enum load_mode mode)
{
    return find_value(load_modes, (int)mode);
}

bool argument_split_mode(const char *value, enum split_mode *out)
{
    const struct word_value *found = find_word(split_modes, value);
    if (found != NULL) {
        *out = (enum split_mode)found->value;
    }
    return found != NULL;
}

const char *argument_split_mode_name(enum split_mode mode)
{
    return find_value(split_modes, (int)mode);
}

const char *argument_flash_attn_name(enum flash_attn flash_attn)
{
    return find_value(flash_attns, (int)flash_attn);
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* std::stof: the number in front of `at`; fails where there is none or it is no float. */
static bool leading_float(const char *at, float *out)
{
    char *end = NULL;
    errno = 0;
    float number = strtof(at, &end);
    if (end == at || errno == ERANGE) {
        return false;
    }
    *out = number;
    return true;
}

bool argument_tensor_split(const char *value, float *split, uint32_t *n, struct error *error)
{
    float read[MAX_SPLITS] = {0};
    uint32_t count = 0;
    for (const char *at = value; *at != '\0' || at == value;) {
        size_t length = strcspn(at, ",/");
        if (count >= MAX_SPLITS - 1) {
            return error_set(error, ERROR_INPUT, "more than 15 values; llama.cpp takes 15 at most");
        }
        if (length == 0 || !leading_float(at, &read[count])) {
            return error_set(error, ERROR_INPUT, "value %u is not a number", count + 1);
        }
        count++;
        at += length;
        at += strspn(at, ",/");
    }
    for (uint32_t i = 0; i < 128; i++) {
        split[i] = i < count ? read[i] : 0.0F;
    }
    *n = count;
    return true;
}

bool argument_fit_target(const char *value, double *mib, uint32_t *n)
{
    double read[16] = {0};
    uint32_t count = 0;
    for (const char *at = value;; at++) {
        char *end = NULL;
        if (count == 16) {
            return false;
        }
        read[count] = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0') || !(read[count] >= 0) ||
            read[count] > 1e9) {
            return false;
        }
        count++;
        at = end;
        if (*at == '\0') {
            break;
        }
    }
    memcpy(mib, read, sizeof read);
    *n = count;
    return true;
}

#include "model/gguf/split_name.h"

#include "model/base/memory.h"

#include <inttypes.h>
#include <string.h>

static const char SHAPE[] = "-00000-of-00000.gguf"; /* 0 stands for any digit */

static bool has_shape(const char *text)
{
    for (size_t i = 0; SHAPE[i] != '\0'; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (SHAPE[i] == '0' ? !digit : text[i] != SHAPE[i]) {
            return false;
        }
    }
    return true;
}

static uint32_t read_digits(const char *text)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 5; i++) {
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    return number;
}

bool split_name_parse(const char *path, struct split_name *out)
{
    size_t length = strlen(path);
    size_t shape = sizeof SHAPE - 1;
    if (length < shape || !has_shape(path + length - shape)) {
        return false;
    }
    const char *suffix = path + length - shape;
    out->prefix_length = length - shape;
    out->number = read_digits(suffix + 1);
    out->count = read_digits(suffix + 10);
    return out->number >= 1 && out->number <= out->count;
}

char *split_name_sibling(const char *path, size_t prefix_length, uint32_t number, uint32_t count)
{
    return memory_format("%.*s-%05" PRIu32 "-of-%05" PRIu32 ".gguf", (int)prefix_length, path,
                         number, count);
}

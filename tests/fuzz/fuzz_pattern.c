/* Override patterns on hostile text, and the rules of an -ot value. */
#include "model/base/memory.h"
#include "model/override/override.h"
#include "model/override/pattern.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const subjects[] = {"blk.12.ffn_gate_exps.weight", "",
                                           "aaaaaaaaaaaaaaaaaaaa"};
    char *text = memory_text_n((const char *)bytes, size);
    struct override_list *list = override_list_new();
    override_list_add(list, "-ot", text, false);
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        (void)override_list_match(list, subjects[i], 0);
    }
    override_list_drop(&list);
    free(text);
    return 0;
}

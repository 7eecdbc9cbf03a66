/* The command-line splitter on hostile text, in each of its styles. */
#include "model/text/shell_words.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void see(const struct shell_script *script, size_t size)
{
    size_t bytes = 0;
    for (size_t i = 0; i < script->n; i++) {
        if (script->commands[i].n == 0) {
            abort();
        }
        for (size_t j = 0; j < script->commands[i].n; j++) {
            bytes += strlen(script->commands[i].words[j].text);
        }
    }
    if (bytes > size) {
        abort(); /* splitting adds nothing */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const enum shell_style styles[] = {SHELL_POSIX, SHELL_RAW, SHELL_BATCH};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        struct shell_script script;
        struct error error = {0};
        bool ok = shell_split((const char *)bytes, size, styles[i], &script, &error);
        if (ok != (error.kind == ERROR_NONE)) {
            abort();
        }
        see(&script, size);
        shell_script_clear(&script);
    }
    return 0;
}

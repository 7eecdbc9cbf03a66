/* The importer on hostile text: every kind, with and without a choice. What comes out is looked at whole. */
#include "model/text/import.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static size_t see(char *const *words, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        length += strlen(words[i]);
    }
    if (n > 0 && words[n] != NULL) {
        abort();
    }
    return length;
}

static void import_with(const uint8_t *bytes, size_t size, const char *choice)
{
    struct imported imported;
    struct error error = {0};
    if (import_text((const char *)bytes, size, choice, &imported, &error)) {
        see(imported.arguments, imported.n_arguments);
        see(imported.kept, imported.n_kept);
        see(imported.environment, imported.n_environment);
    } else if (error.kind == ERROR_NONE || error.text[0] == '\0') {
        abort();
    }
    imported_clear(&imported);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    import_with(bytes, size, NULL);
    import_with(bytes, size, "a");
    return 0;
}

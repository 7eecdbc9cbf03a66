/* --rig lines and the table of accelerators on hostile bytes: the first line is the rig, the rest a table. */
#include "model/base/memory.h"
#include "model/plan/rig_spec.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char small_table[] =
    "CUDA\tGeForce RTX 3090\t24576\t24121\t936\t8.6\tPCIe 4.0 x16\t142\tbus\n"
    "MTL\tM3 Max\t0\t0\t400\tApple9\tunified\t14.1\tmaker\n"
    "ROCm\tRadeon 8060S Ryzen AI Max+ 395\t0\t0\t256\tgfx1151\tunified\t14.1\tbus\n";

static void check(bool claim)
{
    if (!claim) {
        abort();
    }
}

static void read_rig(const char *spec, const struct accelerators *table)
{
    struct rig rig;
    struct error error = {.kind = ERROR_NONE};

    if (!rig_spec_read(spec, table, &rig, &error)) {
        check(error.kind == ERROR_USAGE && *error.text);
        return;
    }
    for (size_t i = 0; i < rig.n_devices; i++) {
        check(rig_find(&rig, rig.devices[i].name) == (int)i);
        check(rig.devices[i].total > 0 && rig.devices[i].free > 0);
    }
    rig_clear(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - bytes) : size;
    char *spec = memory_text_n((const char *)bytes, length);
    struct accelerators table;

    check(accelerators_read(small_table, sizeof small_table - 1, &table, NULL));
    read_rig(spec, &table);
    accelerators_clear(&table);
    if (end && accelerators_read((const char *)end, size - length, &table, NULL)) {
        for (size_t i = 0; i < table.n; i++) {
            accelerators_find(&table, table.list[i].name);
        }
        accelerators_clear(&table);
    }
    free(spec);
    return 0;
}

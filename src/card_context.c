#include "src/card_context.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/output.h"
#include "src/user_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 16 };

uint64_t card_context_between(uint64_t driver_free, uint64_t llama_free)
{
    uint64_t bytes = driver_free > llama_free ? driver_free - llama_free : 0;
    return bytes <= CARD_CONTEXT_MOST ? bytes : 0;
}

static bool is_card(const struct device *device)
{
    return device->pci != NULL && device->description[0] != '\0' &&
           strchr(device->description, '\n') == NULL;
}

/* A card is known by its place and its name: another one in the same slot is another card. */
static bool reads_line(const char *line, const struct device *device, uint64_t *bytes)
{
    char pci[32] = "";
    unsigned mib = 0;
    int name = 0;
    if (sscanf(line, "%31s %u %n", pci, &mib, &name) != 2 || name == 0 ||
        strcmp(pci, device->pci) != 0 || strcmp(line + name, device->description) != 0) {
        return false;
    }
    *bytes = (uint64_t)mib << 20;
    return *bytes <= CARD_CONTEXT_MOST;
}

static char *read_kept(const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    return path != NULL && input_read_file(path, MOST_BYTES, &text, &bytes, NULL) ? text : NULL;
}

static void apply_line(const char *line, struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        struct device *device = &rig->devices[i];
        uint64_t bytes = 0;
        if (is_card(device) && device->context == 0 && reads_line(line, device, &bytes)) {
            char *source = memory_format("%s; llama.cpp's context measured earlier",
                                         device->found_by != NULL ? device->found_by : "");
            free(device->found_by);
            device->found_by = source;
            device->context = bytes;
        }
    }
}

void card_contexts_apply(struct rig *rig)
{
    char *path = user_path(USER_CACHE, "contexts");
    char *text = read_kept(path);
    char *rest = NULL;
    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        apply_line(line, rig);
    }
    free(text);
    free(path);
}

static bool is_replaced(const struct rig *rig, const char *line)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < rig->n_devices; i++) {
        const struct device *device = &rig->devices[i];
        if (is_card(device) && device->context > 0 && reads_line(line, device, &bytes)) {
            return true;
        }
    }
    return false;
}

void card_contexts_keep(const struct rig *rig)
{
    char *path = user_path(USER_CACHE, "contexts");
    char *text = read_kept(path);
    char *rest = NULL;
    struct strbuf out = {0};
    for (size_t i = 0; i < rig->n_devices; i++) {
        const struct device *device = &rig->devices[i];
        if (is_card(device) && device->context > 0) {
            strbuf_format(&out, "%s %llu %s\n", device->pci,
                          (unsigned long long)(device->context >> 20), device->description);
        }
    }
    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!is_replaced(rig, line)) {
            strbuf_format(&out, "%s\n", line);
        }
    }
    if (path != NULL && out.length > 0 && out.length < MOST_BYTES && user_make_folders(path)) {
        output_write_file(path, strbuf_text(&out), out.length, true, false, NULL);
    }
    strbuf_clear(&out);
    free(text);
    free(path);
}

#include "src/accelerator_data.h"

#include "model/base/memory.h"
#include "model/plan/accelerators.h"
#include "model/plan/rig_spec.h"
#include "src/assets.h"
#include "src/host_memory.h"
#include "src/output.h"

#include <stdlib.h>

enum { MOST_BYTES = 4 << 20 };

static bool read_database(struct accelerators *out, struct error *error)
{
    char *path = NULL;
    char *text = NULL;
    size_t bytes = 0;
    bool read = asset_path(ASSET_ACCELERATORS, &path, error) &&
                input_read_file(path, MOST_BYTES, &text, &bytes, error) &&
                accelerators_read(text, bytes, out, error);
    free(path);
    free(text);
    return read;
}

bool accelerator_rig(const char *spec, struct rig *rig, struct error *error)
{
    struct accelerators database = {0};
    bool read = read_database(&database, error) && rig_spec_read(spec, &database, rig, error);
    accelerators_clear(&database);
    if (read && rig->host.total == 0) {
        struct device here;
        host_memory_read(&here);
        rig->host.total = here.total;
        rig->host.free = here.free;
        free(here.name);
        free(here.device_name);
        free(here.description);
        free(here.found_by);
    }
    if (read) {
        free(rig->found_by);
        rig->found_by = memory_text("--rig");
    }
    return read;
}

static void take_rates(const struct accelerator *found, struct device *device)
{
    if (!(device->bandwidth_gb_s > 0)) {
        device->bandwidth_gb_s = found->bandwidth_gb_s;
        device->bandwidth_source = RATE_DATABASE;
    }
    if (!(device->tflops > 0)) {
        device->tflops = found->tflops;
    }
}

void accelerator_fill_bandwidths(struct rig *rig)
{
    struct accelerators database = {0};
    bool read = false;
    for (size_t i = 0; i < rig->n_devices; i++) {
        struct device *device = &rig->devices[i];
        if ((device->bandwidth_gb_s > 0 && device->tflops > 0) || device->description[0] == '\0') {
            continue;
        }
        if (!read && !read_database(&database, NULL)) {
            break;
        }
        read = true;
        const struct accelerator *found = accelerators_find(&database, device->description);
        if (found != NULL) {
            take_rates(found, device);
        }
    }
    accelerators_clear(&database);
}

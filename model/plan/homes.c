#include "model/plan/homes.h"

#include "model/base/strbuf.h"

#include <string.h>

static int find_device_name(const struct rig *rig, const char *name, size_t length)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        const char *candidate = rig->devices[i].device_name;
        if (strlen(candidate) == length && strncmp(candidate, name, length) == 0) {
            return (int)i;
        }
    }
    return DEVICE_NONE;
}

static bool is_among(const int16_t *devices, size_t n, int device)
{
    for (size_t k = 0; k < n; k++) {
        if (devices[k] == device) {
            return true;
        }
    }
    return false;
}

/* As -dev takes them, which is not always how -ot names their buffers. */
static void list_device_names(const struct rig *rig, struct strbuf *out)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        strbuf_add(out, rig->devices[i].device_name);
    }
    strbuf_add(out, rig->n_devices == 0 ? "no devices" : "");
}

/* -dev A,B,...: that order; "none" is CPU only; anything else unknown is refused (common/arg.cpp:1116) */
static size_t named_devices(const struct rig *rig, const char *names, int16_t *in_use,
                            struct error *error)
{
    size_t n = 0;
    if (strcmp(names, "none") == 0) {
        return 0;
    }
    for (const char *at = names;;) {
        size_t length = strcspn(at, ",");
        int device = find_device_name(rig, at, length);
        if (device == DEVICE_NONE) {
            struct strbuf known = {0};
            list_device_names(rig, &known);
            error_set(error, ERROR_INPUT, "-dev %s: invalid device: %.*s (this rig has %s)", names,
                      (int)length, at, strbuf_text(&known));
            strbuf_clear(&known);
        } else if (is_among(in_use, n, device)) {
            error_set(error, ERROR_INPUT, "-dev %s: %.*s is named twice; name each device once",
                      names, (int)length, at);
        } else if (n < 16) {
            in_use[n++] = (int16_t)device;
        }
        if (at[length] == '\0') {
            return n;
        }
        at += length + 1;
    }
}

size_t homes_devices(const struct rig *rig, const struct plan *plan, int16_t *in_use,
                     struct error *error)
{
    size_t n = 0;
    if (plan->devices != NULL) {
        n = named_devices(rig, plan->devices, in_use, error);
    } else {
        for (; n < rig->n_devices; n++) {
            in_use[n] = (int16_t)n;
        }
    }
    if (plan->settings.split_mode == SPLIT_NONE && n > 0) {
        int64_t main_gpu = plan->settings.main_gpu;
        if (main_gpu < 0) {
            return 0;
        }
        if ((uint64_t)main_gpu >= n) {
            error_set(error, ERROR_INPUT,
                      "-mg %lld: invalid value for main_gpu: %lld (available devices: %zu)",
                      (long long)main_gpu, (long long)main_gpu, n);
            main_gpu = 0;
        }
        in_use[0] = in_use[main_gpu];
        return 1;
    }
    if (n > MAX_DEVICES_IN_USE) {
        error_set(error, ERROR_INPUT,
                  "%zu devices in use: a stock llama.cpp takes %d beside the CPU and aborts; name "
                  "fewer with -dev",
                  n, MAX_DEVICES_IN_USE);
    }
    return n;
}

uint32_t homes_offloaded(const struct model *model, const struct plan *plan, size_t n_in_use)
{
    uint32_t all = model->hparams.n_layer + 1;
    if (n_in_use == 0) {
        return 0;
    }
    return plan->n_gpu_layers < 0 || plan->n_gpu_layers > all ? all : (uint32_t)plan->n_gpu_layers;
}

/* The cumulative split points. All given values 0 (or none given): by free memory, as llama.cpp sees it
 * once its own context exists; a device that reports no memory counts with the host's. */
static void split_points(const struct rig *rig, const struct plan *plan, const int16_t *in_use,
                         size_t n, float *splits)
{
    bool all_zero = true;
    for (size_t k = 0; k < n; k++) {
        splits[k] = k < plan->n_tensor_split ? plan->tensor_split[k] : 0.0F;
        all_zero = all_zero && splits[k] == 0.0F;
    }
    if (all_zero) {
        for (size_t k = 0; k < n; k++) {
            const struct device *device = &rig->devices[in_use[k]];
            uint64_t free_bytes =
                device->free > device->context ? device->free - device->context : 0;
            splits[k] =
                (float)(device->free == 0 && device->total == 0 ? rig->host.free : free_bytes);
        }
    }
    float sum = 0.0F;
    for (size_t k = 0; k < n; k++) {
        sum += splits[k];
        splits[k] = sum;
    }
    for (size_t k = 0; k < n; k++) {
        splits[k] /= sum;
    }
}

void homes_assign(const struct model *model, const struct rig *rig, const struct plan *plan,
                  const int16_t *in_use, size_t n_in_use, int16_t *home)
{
    uint32_t n_layer = model->hparams.n_layer;
    uint32_t offloaded = homes_offloaded(model, plan, n_in_use);
    uint32_t start = n_layer + 1 - offloaded;
    float splits[256];
    size_t n = n_in_use < 256 ? n_in_use : 256;
    split_points(rig, plan, in_use, n, splits);
    for (uint32_t il = 0; il <= n_layer; il++) {
        home[il] = DEVICE_HOST;
        if (il < start) {
            continue;
        }
        float at = (float)(il - start) / (float)offloaded;
        size_t k = 0;
        while (k + 1 < n && !(splits[k] > at)) {
            k++;
        }
        home[il] = in_use[k];
    }
}

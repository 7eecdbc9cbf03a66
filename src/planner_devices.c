/* `device ...`: the machine, changed by hand. Names as the rig has them. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_mib(const char *text, uint64_t *bytes, struct error *error)
{
    char *end = NULL;
    errno = 0;
    unsigned long long mib = strtoull(text, &end, 10);
    bool is_gib = *end == 'G' || *end == 'g';
    end += is_gib || *end == 'M' || *end == 'm' ? 1 : 0;
    if (end == text || text[0] == '-' || *end != '\0' || errno != 0 || mib > 1ULL << 34) {
        return error_set(error, ERROR_USAGE, "'%s' is no size in MiB (or GiB with a G)", text);
    }
    *bytes = (uint64_t)mib << (is_gib ? 30 : 20);
    return true;
}

static bool set_size(struct device *device, const char *what, const char *value,
                     struct error *error)
{
    uint64_t bytes = 0;
    if (!read_mib(value, &bytes, error)) {
        return false;
    }
    if (strcmp(what, "free") == 0) {
        device->free = bytes;
        device->total = device->total < bytes ? bytes : device->total;
    } else if (strcmp(what, "total") == 0) {
        device->total = bytes;
        device->free = device->free > bytes ? bytes : device->free;
    } else if (strcmp(what, "reserve") == 0) {
        device->reserve = bytes;
    } else if (strcmp(what, "margin") == 0) {
        device->margin = (int64_t)bytes;
    } else if (strcmp(what, "context") == 0) {
        device->context = bytes;
    } else {
        return error_set(error, ERROR_USAGE,
                         "device NAME free|total|reserve|margin|context MIB, up, down, copy or "
                         "remove; not '%s'",
                         what);
    }
    return true;
}

/* ---- adding and removing -------------------------------------------------------------------- */

static char *free_name(const struct rig *rig)
{
    for (unsigned number = 0;; number++) {
        char *name = memory_format("CUDA%u", number);
        if (rig_find(rig, name) == DEVICE_NONE) {
            return name;
        }
        free(name);
    }
}

static void append(struct rig *rig, struct device device)
{
    rig->devices = memory_resize(rig->devices, rig->n_devices + 1, sizeof *rig->devices);
    rig->devices[rig->n_devices++] = device;
    rig->simulated = true;
}

static void add(struct rig *rig, uint64_t bytes)
{
    char *name = free_name(rig);
    struct device device = {
        .name = name,
        .device_name = memory_text(name),
        .description = memory_text(""),
        .backend = backend_of_name(name),
        .has_kernels = true,
        .total = bytes,
        .free = bytes,
        .margin = -1,
        .numa_node = -1,
    };
    append(rig, device);
}

static void duplicate(struct rig *rig, size_t index)
{
    struct device device = rig->devices[index];
    char *name = free_name(rig);
    device.name = name;
    device.device_name = memory_text(name);
    device.description = memory_text(device.description);
    device.compute_capability = memory_text(device.compute_capability);
    device.pci = NULL;
    device.beside = 0;
    append(rig, device);
}

/* Rows sent to the device go back to their homes; later devices move up by one. */
static void remove_device(struct planner_step *step, size_t index)
{
    struct rig *rig = &step->rig;
    struct plan *plan = &step->plan;
    device_clear(&rig->devices[index]);
    rig->n_devices--;
    memmove(rig->devices + index, rig->devices + index + 1,
            (rig->n_devices - index) * sizeof *rig->devices);
    rig->simulated = true;
    for (size_t row = 0; row < plan->n_rows; row++) {
        if (plan->moved[row] == (int16_t)index) {
            plan->moved[row] = PLAN_UNMOVED;
            plan->locked[row] = 0;
        } else if (plan->moved[row] > (int16_t)index) {
            plan->moved[row]--;
        }
    }
    free(plan->devices); /* -dev may name it */
    plan->devices = NULL;
    for (uint32_t i = (uint32_t)index; i + 1 < plan->n_tensor_split; i++) {
        plan->tensor_split[i] = plan->tensor_split[i + 1];
    }
    plan->n_tensor_split -= (uint32_t)index < plan->n_tensor_split ? 1 : 0;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* llama.cpp's order is -dev's: writes it with two neighbours exchanged, homes going with them. */
static bool exchange(struct planner *planner, struct planner_step *step, int device, int by,
                     struct error *error)
{
    const struct evaluation *held = &planner->held;
    int at = held->devices[device].order;
    int other = at + by;
    if (at < 0 || other < 0 || (size_t)other >= held->n_in_use) {
        return error_set(error, ERROR_USAGE,
                         at < 0 ? "%s is not in use in this plan"
                                : "%s is at the end of the order already",
                         step->rig.devices[device].name);
    }
    struct strbuf names = {0};
    uint32_t *counts = memory_array(held->n_in_use + 1, sizeof *counts);
    counts[0] = held->runs[0];
    for (size_t k = 0; k < held->n_in_use; k++) {
        size_t from = k == (size_t)at ? (size_t)other : k == (size_t)other ? (size_t)at : k;
        strbuf_add(&names, k > 0 ? "," : "");
        strbuf_add(&names, step->rig.devices[held->in_use[from]].device_name);
        counts[1 + k] = held->runs[1 + from];
    }
    free(step->plan.devices);
    step->plan.devices = strbuf_take(&names);
    plan_set_runs(&step->plan, planner->model, counts, held->n_in_use);
    free(counts);
    return true;
}

/* ---- the door ------------------------------------------------------------------------------- */

bool planner_device_command(struct planner *planner, const struct words *words,
                            struct planner_step *step, struct error *error)
{
    if (words->n < 3) {
        return error_set(error, ERROR_USAGE,
                         "device NAME free|total|reserve|margin MIB, up, down, "
                         "copy, remove; or device add MIB");
    }
    struct rig *rig = &step->rig;
    if (strcmp(words->word[1], "add") == 0) {
        uint64_t bytes = 0;
        if (!read_mib(words->word[2], &bytes, error)) {
            return false;
        }
        add(rig, bytes);
        return true;
    }
    int device = DEVICE_NONE;
    if (!words_device(rig, words->word[1], &device, error)) {
        return false;
    }
    const char *verb = words->word[2];
    if (words->n == 4) {
        bool is_host = device == DEVICE_HOST;
        return set_size(is_host ? &rig->host : &rig->devices[device], verb, words->word[3], error);
    }
    if (device == DEVICE_HOST) {
        return error_set(error, ERROR_USAGE, "the host is always there, and always last");
    }
    if (strcmp(verb, "copy") == 0) {
        duplicate(rig, (size_t)device);
        return true;
    }
    if (strcmp(verb, "remove") == 0) {
        remove_device(step, (size_t)device);
        return true;
    }
    if (strcmp(verb, "up") == 0 || strcmp(verb, "down") == 0) {
        return exchange(planner, step, device, verb[0] == 'u' ? -1 : 1, error);
    }
    return error_set(error, ERROR_USAGE, "device %s %s: a size in MiB is missing, or no such verb",
                     words->word[1], verb);
}

#include "model/log/log_verify.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* ---- names of the log and devices of the plan ---- */

/* "RPC0[host:port]" of the plan and "RPC[host:port]" of a 2025 build are one device. */
static bool same_rpc(const char *a, const char *b)
{
    const char *bracket_a = strchr(a, '['), *bracket_b = strchr(b, '[');

    return bracket_a && bracket_b && strncmp(a, "RPC", 3) == 0 && strncmp(b, "RPC", 3) == 0 &&
           strcmp(bracket_a, bracket_b) == 0 &&
           (bracket_a - a == 3 || bracket_b - b == 3); /* one of them without a number */
}

/* Is `buffer` memory of `device`? "MTL0_Mapped" and "MTL0_Private" are MTL0's. */
static bool buffer_of_device(const char *buffer, const char *device)
{
    size_t n = strlen(device);

    if (strncmp(buffer, device, n) == 0)
        return buffer[n] == '\0' || strcmp(buffer + n, "_Mapped") == 0 ||
               strcmp(buffer + n, "_Private") == 0;
    return same_rpc(buffer, device);
}

static int device_of_buffer(const struct rig *rig, const char *buffer)
{
    if (log_buffer_on_host(buffer))
        return DEVICE_HOST;
    for (size_t i = 0; i < rig->n_devices; i++)
        if (buffer_of_device(buffer, rig->devices[i].name))
            return (int)i;
    return DEVICE_NONE;
}

/* `-dev` names of layer lines: "RPC1" for the buffer type "RPC0[host:port]". */
static int device_of_name(const struct rig *rig, const char *name)
{
    for (size_t i = 0; i < rig->n_devices; i++)
        if (strcmp(rig->devices[i].device_name, name) == 0)
            return (int)i;
    return device_of_buffer(rig, name);
}

/* ---- sums ---- */

struct figure {
    uint64_t bytes, slack;
    uint64_t mapped;  /* of bytes: spans of files */
    size_t n;         /* buffer types */
    const char *name; /* of the last one */
};

static void figure_add(struct figure *figure, const struct log_buffer *buffer)
{
    if (__builtin_add_overflow(figure->bytes, buffer->bytes, &figure->bytes))
        figure->bytes = UINT64_MAX;
    figure->slack += buffer->slack;
    figure->n++;
    figure->name = buffer->name;
    if (log_buffer_mapped(buffer->name))
        figure->mapped += buffer->bytes;
}

static struct figure figure_of(const struct log_buffer *buffers, size_t n, const struct rig *rig,
                               int device, unsigned kinds)
{
    struct figure figure = {0};

    for (size_t i = 0; i < n; i++)
        if ((kinds & (1u << buffers[i].kind)) && device_of_buffer(rig, buffers[i].name) == device)
            figure_add(&figure, &buffers[i]);
    return figure;
}

const struct log_context *log_load_main_context(const struct log_load *load)
{
    for (size_t i = 0; i < load->n_contexts; i++)
        if (load->contexts[i].n_buffers)
            return &load->contexts[i];
    return NULL;
}

/* ---- what was planned ---- */

enum {
    KINDS_MODEL = 1 << LOG_BUFFER_MODEL,
    KINDS_CACHE = 1 << LOG_BUFFER_KV | 1 << LOG_BUFFER_RS,
    KINDS_COMPUTE = 1 << LOG_BUFFER_COMPUTE,
};

struct part {
    unsigned kinds;
    const char *name;
    uint64_t planned;
};

static bool weights_ok(const struct figure *actual, uint64_t planned, uint64_t file_bytes)
{
    if (!actual->mapped)
        return distance(planned, actual->bytes) <= actual->slack;
    return planned <= actual->bytes + actual->slack && actual->mapped <= file_bytes + actual->slack;
}

/* With only the head at hand the size of the whole file is not known. */
static uint64_t span_limit(const struct model *model)
{
    return model->complete ? model->file_bytes : UINT64_MAX / 2;
}

static bool part_ok(const struct part *part, const struct figure *actual,
                    const struct log_plan *plan)
{
    if (part->kinds == KINDS_MODEL)
        return weights_ok(actual, part->planned, span_limit(plan->model));
    uint64_t tolerance = actual->slack;
    if (part->kinds == KINDS_COMPUTE)
        tolerance = part->planned / 10 > 16 * MIB ? part->planned / 10 : 16 * MIB;
    return distance(part->planned, actual->bytes) <= tolerance;
}

static void check_part(const struct part *part, const struct log_buffer *buffers, size_t n,
                       const struct log_plan *plan, int device, struct load_report *report)
{
    struct figure actual = figure_of(buffers, n, plan->rig, device, part->kinds);
    const char *device_name = rig_name(plan->rig, device);

    if (!actual.n && !part->planned)
        return;
    struct log_check *check =
        log_report_check(report, "%s %s buffer%s", actual.n == 1 ? actual.name : device_name,
                         part->name, actual.n > 1 ? "s" : "");
    check->has_planned = true;
    check->planned = part->planned;
    check->actual = actual.bytes;
    check->ok = part_ok(part, &actual, plan);
}

static bool context_has_state(const struct log_context *context)
{
    for (size_t i = 0; i < context->n_buffers; i++)
        if (context->buffers[i].kind == LOG_BUFFER_RS)
            return true;
    return false;
}

/* A context whose reservation was never reached shows caches and no compute buffers. */
static bool context_shows(const struct log_context *context, unsigned kinds)
{
    for (size_t i = 0; i < context->n_buffers; i++)
        if (kinds & (1u << context->buffers[i].kind))
            return true;
    return false;
}

static void check_context(const struct log_context *context, const struct log_plan *plan,
                          int device, const struct device_use *use, struct load_report *report)
{
    struct part caches = {KINDS_CACHE, context_has_state(context) ? "KV and RS" : "KV",
                          use->context};
    struct part compute = {KINDS_COMPUTE, "compute", use->compute};

    if (context_shows(context, KINDS_CACHE))
        check_part(&caches, context->buffers, context->n_buffers, plan, device, report);
    if (context_shows(context, KINDS_COMPUTE))
        check_part(&compute, context->buffers, context->n_buffers, plan, device, report);
}

static void check_device(const struct log_load *load, const struct log_plan *plan, int device,
                         struct load_report *report)
{
    const struct evaluation *evaluation = plan->evaluation;
    const struct device_use *use =
        device == DEVICE_HOST ? &evaluation->host : &evaluation->devices[device];
    struct part weights = {KINDS_MODEL, "model", use->model};
    const struct log_context *context = log_load_main_context(load);

    if (load->n_buffers)
        check_part(&weights, load->buffers, load->n_buffers, plan, device, report);
    if (context)
        check_context(context, plan, device, use, report);
}

/* Buffers on devices that the plan does not know: nothing was planned there. */
static void check_strangers(const struct log_buffer *buffers, size_t n, const struct log_plan *plan,
                            struct load_report *report)
{
    for (size_t i = 0; i < n; i++) {
        if (device_of_buffer(plan->rig, buffers[i].name) != DEVICE_NONE)
            continue;
        struct log_check *check = log_report_check(report, "%s %s buffer", buffers[i].name,
                                                   log_buffer_kind_name(buffers[i].kind));
        check->has_planned = true;
        check->actual = buffers[i].bytes;
        check->ok = buffers[i].bytes == 0;
    }
}

static struct log_check *check_count(struct load_report *report, const char *what, uint64_t planned,
                                     uint64_t actual)
{
    struct log_check *check = log_report_check(report, "%s", what);

    check->is_count = true;
    check->has_planned = true;
    check->planned = planned;
    check->actual = actual;
    check->ok = planned == actual;
    return check;
}

/* Every line that names a layer's device: how many say what was planned. */
static void check_layers(const struct log_load *load, const struct log_plan *plan,
                         struct load_report *report)
{
    uint64_t n_layer = plan->model->hparams.n_layer, agree = 0;
    const struct log_layer *first = NULL;

    for (size_t i = 0; i < load->n_layers; i++) {
        const struct log_layer *layer = &load->layers[i];
        bool same = layer->index <= n_layer && device_of_name(plan->rig, layer->device) ==
                                                   plan->evaluation->layers[layer->index].home;
        agree += same;
        if (!same && !first)
            first = layer;
    }
    if (load->n_layers)
        check_count(report, "layers on the planned device", load->n_layers, agree);
    if (first && first->index <= n_layer)
        log_report_finding(report, "layer-differs", "layer %llu went to %s, planned was %s",
                           (unsigned long long)first->index, first->device,
                           rig_name(plan->rig, plan->evaluation->layers[first->index].home));
}

static void check_overrides(const struct log_load *load, const struct log_plan *plan,
                            struct load_report *report)
{
    uint64_t agree = 0;
    const struct log_override *first = NULL;
    int64_t first_row = -1;

    for (size_t i = 0; i < load->n_overrides; i++) {
        const struct log_override *entry = &load->overrides[i];
        int64_t row = model_find_tensor(plan->model, entry->tensor);
        bool same =
            row >= 0 && device_of_name(plan->rig, entry->buffer) == plan->evaluation->device[row];
        agree += same;
        if (!same && !first) {
            first = entry;
            first_row = row;
        }
    }
    if (load->n_overrides)
        check_count(report, "overridden tensors on the planned device", load->n_overrides, agree);
    if (first)
        log_report_finding(report, "override-differs", "%s went to %s, planned was %s",
                           first->tensor, first->buffer,
                           first_row < 0
                               ? "nothing: the model has no such tensor"
                               : rig_name(plan->rig, plan->evaluation->device[first_row]));
}

static void check_offloaded(const struct log_load *load, const struct log_plan *plan,
                            struct load_report *report)
{
    uint64_t all = (uint64_t)plan->model->hparams.n_layer + 1;

    if (load->has_offloaded && plan->evaluation->n_in_use)
        check_count(report, "layers offloaded", all - plan->evaluation->runs[0], load->offloaded);
}

static void checks_planned(const struct log_load *load, const struct log_plan *plan,
                           struct load_report *report)
{
    const struct log_context *context = log_load_main_context(load);

    check_offloaded(load, plan, report);
    for (size_t i = 0; i < plan->rig->n_devices; i++)
        check_device(load, plan, (int)i, report);
    check_device(load, plan, DEVICE_HOST, report);
    check_strangers(load->buffers, load->n_buffers, plan, report);
    if (context)
        check_strangers(context->buffers, context->n_buffers, plan, report);
    if (context && context->n_ctx && plan->evaluation->resolved.n_ctx)
        check_count(report, "context tokens", plan->evaluation->resolved.n_ctx, context->n_ctx);
    check_layers(load, plan, report);
    check_overrides(load, plan, report);
}

/* ---- without a plan ---- */

static void list_buffers(const struct log_buffer *buffers, size_t n, size_t context,
                         struct load_report *report)
{
    for (size_t i = 0; i < n; i++) {
        const char *kind = log_buffer_kind_name(buffers[i].kind);
        struct log_check *check =
            context > 1 ? log_report_check(report, "%s %s buffer (context %zu)", buffers[i].name,
                                           kind, context)
                        : log_report_check(report, "%s %s buffer", buffers[i].name, kind);
        check->actual = buffers[i].bytes;
    }
}

static void checks_listed(const struct log_load *load, struct load_report *report)
{
    size_t shown = 0;

    if (load->has_offloaded) {
        struct log_check *check = log_report_check(report, "layers offloaded");
        check->is_count = true;
        check->actual = load->offloaded;
    }
    list_buffers(load->buffers, load->n_buffers, 1, report);
    for (size_t i = 0; i < load->n_contexts; i++)
        if (load->contexts[i].n_buffers)
            list_buffers(load->contexts[i].buffers, load->contexts[i].n_buffers, ++shown, report);
}

bool log_load_is_planned_model(const struct log_load *load, const struct log_plan *plan)
{
    uint64_t layers = (uint64_t)plan->model->hparams.n_layer + 1;

    if (load->draft || (load->has_offloaded && load->offloadable != layers))
        return false;
    if (load->arch && strcmp(load->arch, plan->model->arch_name) != 0)
        return false;
    return !load->n_tensors || load->n_tensors == plan->model->gguf->n_tensors;
}

void log_load_checks(const struct log_load *load, const struct log_plan *plan,
                     struct load_report *report)
{
    if (plan)
        checks_planned(load, plan, report);
    else
        checks_listed(load, report);
}

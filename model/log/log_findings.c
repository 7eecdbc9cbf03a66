/* Findings: what a person should know beside the verdict, each with a code that never changes. */
#include "model/log/log_verify.h"

#include "model/log/log_cause.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MIB ((double)(1 << 20))

static double mib(uint64_t bytes)
{
    return (double)bytes / MIB;
}

/* ---- failures ---- */

static const struct log_device *device_named(const struct log_load *load, const char *name)
{
    for (size_t i = 0; i < load->n_devices; i++)
        if (strcmp(load->devices[i].name, name) == 0)
            return &load->devices[i];
    return NULL;
}

/* Free memory before the load, from the log or else from the plan's device; 0: unknown. */
static uint64_t free_before(const struct log_load *load, const struct log_plan *plan,
                            const char *name)
{
    const struct log_device *device = device_named(load, name);

    if (device && device->free)
        return device->free;
    int index = plan ? rig_find(plan->rig, name) : DEVICE_NONE;
    return index >= 0 ? plan->rig->devices[index].free : 0;
}

static uint64_t already_taken(const struct log_load *load, const char *name)
{
    uint64_t taken = log_buffers_bytes(load->buffers, load->n_buffers, LOG_BUFFER_KINDS, name);

    if (load->n_contexts) {
        const struct log_context *context = &load->contexts[load->n_contexts - 1];
        taken += log_buffers_bytes(context->buffers, context->n_buffers, LOG_BUFFER_KINDS, name);
    }
    return taken;
}

static const char *memory_remedy(enum log_memory_use use)
{
    static const char *const remedies[] = {
        "move something off it",
        "move layers or experts off it (-ts, -ot), or take a smaller quantisation",
        "a shorter context (-c), fewer sequences (-np) or a smaller cache type (-ctk, -ctv)",
        "a smaller micro-batch (-ub), flash attention (-fa on), or move weights off it",
    };

    return remedies[use];
}

static void finding_refused(const struct log_load *load, const struct log_plan *plan,
                            struct load_report *report)
{
    const struct log_failure *failure = &load->failure;
    const char *name = failure->buffer && *failure->buffer ? failure->buffer : "a device";
    const char *use = log_memory_use_name(failure->use), *remedy = memory_remedy(failure->use);
    uint64_t had = free_before(load, plan, name), taken = already_taken(load, name), need;

    if (!failure->bytes) {
        log_report_finding(report, "out-of-memory", "%s refused memory%s%s: %s", name,
                           failure->use ? " for the " : "", failure->use ? use : "", remedy);
        return;
    }
    if (had && !__builtin_add_overflow(taken, failure->bytes, &need) && need > had) {
        log_report_finding(
            report, "out-of-memory",
            "%s refused %.2f MiB for the %s: %.2f MiB were free before the load, %.2f MiB "
            "already taken, %.2f MiB short: %s",
            name, mib(failure->bytes), use, mib(had), mib(taken), mib(need - had), remedy);
        return;
    }
    log_report_finding(report, "out-of-memory", "%s refused %.2f MiB for the %s: %s", name,
                       mib(failure->bytes), use, remedy);
}

static void finding_failure(const struct log_load *load, const struct log_plan *plan,
                            struct load_report *report)
{
    static const char *const codes[] = {"", "load-failed", "context-failed", "aborted", ""};
    const struct log_failure *failure = &load->failure;

    if (failure->kind == FAILURE_ALLOCATION)
        finding_refused(load, plan, report);
    else if (failure->kind != FAILURE_NONE)
        log_report_finding(report, codes[failure->kind], "%s",
                           failure->reason ? failure->reason : "llama.cpp gave no reason");
}

/* ---- single lines that deserve a word ---- */

struct hint_words {
    enum log_hint hint;
    const char *code;
    const char *words;
};

static const struct hint_words hint_words[] = {
    {HINT_GRAPH_REALLOC, "graph-reallocated",
     "the graph was reserved anew while running (\"failed to allocate graph, reserving\"): memory "
     "use grew after the load"},
    {HINT_COMPUTE_GREW, "compute-grew",
     "a compute buffer ended with another size than was reserved: leave more headroom"},
    {HINT_FLASH_ELSEWHERE, "flash-attention-off",
     "flash attention was switched off: a layer's device does not support it"},
    {HINT_KILLED, "killed",
     "the process was killed from outside, most often by the system for want of host memory: put "
     "less on the host (more on devices, a smaller quantisation, mmap on, no --mlock)"},
    {HINT_SOFTWARE_DEVICE, "software-device",
     "a Vulkan device is the processor in disguise (llvmpipe): choose the card with -dev or "
     "GGML_VK_VISIBLE_DEVICES, or install its driver"},
    {HINT_FIT_FAILED, "fit-gave-up", "--fit gave up and the load went on with the values as given"},
    {HINT_FIT_CONTEXT, "fit-reduced-context", "--fit reduced the context: set -c or -fit off"},
    {HINT_MMAP_OVERRIDES, "mmap-with-overrides",
     "tensors overridden to CPU are read through mmap: -lm none is faster where memory allows"},
};

static void finding_pinned(const struct log_load *load, struct load_report *report)
{
    char size[48] = "";

    if (load->pinned_bytes)
        snprintf(size, sizeof size, " (%.2f MiB)", mib(load->pinned_bytes));
    log_report_finding(report, "pinned-refused",
                       "pinned host memory was refused%s; plain memory was taken, copies to the "
                       "device are slower",
                       size);
}

static void findings_hints(const struct log_load *load, struct load_report *report)
{
    for (size_t i = 0; i < sizeof hint_words / sizeof *hint_words; i++)
        if (load->hints[hint_words[i].hint])
            log_report_finding(report, hint_words[i].code, "%s", hint_words[i].words);
    if (load->hints[HINT_PINNED_FAILED])
        finding_pinned(load, report);
    for (size_t i = 0; i < load->n_contexts; i++)
        if (load->contexts[i].retried_without_pipeline) {
            log_report_finding(
                report, "pipeline-off",
                "the compute buffers did not fit with pipeline parallelism; llama.cpp "
                "went on without it");
            return;
        }
}

/* ---- where the weights ended up ---- */

static void finding_weights_on_host(const struct log_load *load, struct load_report *report)
{
    uint64_t host = 0,
             all = log_buffers_bytes(load->buffers, load->n_buffers, LOG_BUFFER_KINDS, NULL);

    for (size_t i = 0; i < load->n_buffers; i++)
        if (log_buffer_on_host(load->buffers[i].name))
            host += load->buffers[i].bytes;
    if (load->has_offloaded && load->offloaded == load->offloadable && host > all / 2)
        log_report_finding(
            report, "weights-on-host",
            "%llu/%llu layers count as offloaded, yet %.2f of %.2f MiB of weight buffers are "
            "host memory",
            (unsigned long long)load->offloaded, (unsigned long long)load->offloadable, mib(host),
            mib(all));
}

/* "NVIDIA GeForce RTX 3090" and "GeForce RTX 3090" are one name. */
static bool same_description(const char *a, const char *b)
{
    const char *longer = strlen(a) > strlen(b) ? a : b, *shorter = longer == a ? b : a;

    return !*shorter || strcasestr(longer, shorter) != NULL;
}

static const uint64_t free_tolerance = UINT64_C(256) << 20;

static void finding_device(const struct device *planned, const struct log_device *actual,
                           struct load_report *report)
{
    if (!same_description(planned->description, actual->description))
        log_report_finding(report, "device-differs", "%s is %s; the plan took it for %s",
                           actual->name, actual->description, planned->description);
    else if (actual->free && actual->free + free_tolerance < planned->free)
        log_report_finding(report, "less-free",
                           "%s had %.2f MiB free before the load; the plan counted on %.2f MiB",
                           actual->name, mib(actual->free), mib(planned->free));
}

static void findings_devices(const struct log_load *load, const struct log_plan *plan,
                             struct load_report *report)
{
    for (size_t i = 0; load->n_devices && i < plan->rig->n_devices; i++) {
        const struct device *device = &plan->rig->devices[i];
        const struct log_device *actual = device_named(load, device->name);
        if (!actual)
            actual = device_named(load, device->device_name);
        if (actual)
            finding_device(device, actual, report);
        else if (plan->evaluation->devices[i].used > 0)
            log_report_finding(report, "device-missing",
                               "%s of the plan is not among the log's devices", device->name);
    }
}

/* ---- too quiet ---- */

static const char *quiet_remedy(const struct log *log)
{
    switch (log->engine) {
    case ENGINE_KOBOLDCPP:
        return "start koboldcpp with --debugmode";
    case ENGINE_OLLAMA:
        return "set OLLAMA_DEBUG=1 and take the runner's lines";
    case ENGINE_LLAMA_PYTHON:
        return "load the model with verbose=True";
    case ENGINE_IK_LLAMA:
        return "ik_llama.cpp prints the loading lines by default: keep stderr, all of it";
    default:
        break;
    }
    if (log->verbosity >= 4)
        return "keep all of stderr: the loading lines are missing from this log";
    return "start llama.cpp with -lv 4 (buffers) or -lv 5 (layers and overrides too)";
}

static void finding_quiet(const struct log *log, const struct log_load *load,
                          struct load_report *report)
{
    for (size_t i = 0; i < load->n_rows; i++)
        if (load->rows[i].device && load->rows[i].unaccounted < 0) {
            log_report_finding(
                report, "fit-trial",
                "the memory breakdown is a trial of --fit, nothing was allocated: %s: "
                "model %llu + context %llu + compute %llu MiB",
                load->rows[i].name, (unsigned long long)load->rows[i].model,
                (unsigned long long)load->rows[i].context,
                (unsigned long long)load->rows[i].compute);
            break;
        }
    log_report_finding(report, "too-quiet", "no buffers in the log%s: %s",
                       load->ready ? ", though the model was loaded" : "", quiet_remedy(log));
}

static void finding_not_shown(const struct log *log, const struct log_load *load,
                              struct load_report *report)
{
    if (!load->n_buffers)
        log_report_finding(report, "not-shown", "the log shows no weights: %s", quiet_remedy(log));
    if (!log_load_main_context(load))
        log_report_finding(report, "not-shown", "the log shows no caches or compute buffers: %s",
                           quiet_remedy(log));
}

static void finding_speed(const struct log_load *load, struct load_report *report)
{
    if (load->speed.prompt > 0)
        log_report_finding(report, "speed-prompt", "prompt: %.2f tokens per second",
                           load->speed.prompt);
    if (load->speed.decode > 0)
        log_report_finding(report, "speed", "decoding: %.2f tokens per second", load->speed.decode);
}

void log_load_findings(const struct log *log, const struct log_load *load,
                       const struct log_plan *plan, struct load_report *report)
{
    finding_failure(load, plan, report);
    if (report->verdict == VERDICT_CPU_FALLBACK ||
        (load->has_offloaded && load->offloaded == 0 && report->verdict == VERDICT_FAILED) ||
        load->hints[HINT_NO_KERNEL] ||
        (load->hints[HINT_NO_DRIVER] && report->verdict == VERDICT_FAILED))
        log_finding_cause(log, load, report);
    if (report->verdict == VERDICT_INCONCLUSIVE)
        finding_quiet(log, load, report);
    if (!plan && !load->n_overrides && report->verdict != VERDICT_CPU_FALLBACK)
        finding_weights_on_host(load, report);
    if (plan) {
        findings_devices(load, plan, report);
        if (!log_load_is_planned_model(load, plan))
            log_report_finding(report, "other-model", "the log's model is not the plan's");
        if (report->verdict == VERDICT_AS_PLANNED || report->verdict == VERDICT_DIFFERS)
            finding_not_shown(log, load, report);
    }
    findings_hints(load, report);
    finding_speed(load, report);
}

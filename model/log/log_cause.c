#include "model/log/log_cause.h"

#include <stdlib.h>
#include <string.h>

/* Does the line that lists the build's backends name one for devices? */
static bool features_name_a_backend(const char *features)
{
    static const char *const names[] = {"CUDA",   "ROCm",  "HIP",     "MUSA", "Vulkan",
                                        "SYCL",   "Metal", "MTL",     "CANN", "OpenCL",
                                        "WebGPU", "RPC",   "BLAS = 1"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(features, names[i]))
            return true;
    return false;
}

static bool listed(const char *list, unsigned long wanted)
{
    while (*list >= '0' && *list <= '9') {
        char *end;
        unsigned long arch = strtoul(list, &end, 10);
        if (arch == wanted * 10 || (arch / 100 == wanted / 10 && arch / 10 <= wanted))
            return true; /* the same, or an older one of the same generation */
        list = *end == ',' ? end + 1 : end;
    }
    return false;
}

/* "CUDA : ARCHS = 750,860,890" against "compute capability 12.0"; NULL where all are covered. */
static const struct log_device *device_not_covered(const struct log_load *load)
{
    const char *archs = load->features ? strstr(load->features, "ARCHS = ") : NULL;

    for (size_t i = 0; archs && i < load->n_devices; i++) {
        char *end;
        const struct log_device *device = &load->devices[i];
        unsigned long major = strtoul(device->capability, &end, 10);
        if (end == device->capability || *end != '.')
            continue;
        if (!listed(archs + strlen("ARCHS = "), major * 10 + strtoul(end + 1, NULL, 10)))
            return device;
    }
    return NULL;
}

struct cause {
    enum log_hint hint;
    const char *code;
    const char *words;
};

/* In this order: what is certain first. */
static const struct cause causes[] = {
    {HINT_NO_KERNEL, "arch-mismatch",
     "the build has no kernels for this device's compute capability: build for it "
     "(CMAKE_CUDA_ARCHITECTURES) or take another build"},
    {HINT_NO_PERMISSION, "no-permission",
     "the device file may not be opened: add the user to the render and video groups, or give the "
     "container the device"},
    {HINT_NO_DRIVER, "no-driver",
     "the driver library is missing or too old for this build: install or update the driver"},
};

static bool cause_from_hints(const struct log_load *load, struct load_report *report)
{
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (load->hints[causes[i].hint]) {
            log_report_finding(report, causes[i].code, "%s", causes[i].words);
            return true;
        }
    return false;
}

static bool cause_no_device(const struct log_load *load, struct load_report *report)
{
    if (load->hints[HINT_MASKED] && !load->n_devices) {
        log_report_finding(report, "masked-devices",
                           "an environment variable hides the devices: %.200s",
                           load->hints[HINT_MASKED]);
        return true;
    }
    if (load->hints[HINT_NO_DEVICE]) {
        log_report_finding(report, "no-device-found",
                           "the GPU backend is there and found no device: driver missing, device "
                           "masked (CUDA_VISIBLE_DEVICES) or not given to the container");
        return true;
    }
    if (load->hints[HINT_BACKEND_FAILED]) {
        log_report_finding(report, "backend-not-loaded", "a backend library did not load: %.200s",
                           load->hints[HINT_BACKEND_FAILED]);
        return true;
    }
    return false;
}

static bool command_has(const struct log *log, const char *words)
{
    return log->command && strstr(log->command, words);
}

static bool cause_command(const struct log *log, struct load_report *report)
{
    if (!command_has(log, "-dev none") && !command_has(log, "--device none"))
        return false;
    log_report_finding(report, "device-none", "the command line says -dev none");
    return true;
}

static bool cause_build(const struct log_load *load, struct load_report *report)
{
    bool no_backend = load->features && !features_name_a_backend(load->features);

    if (load->n_devices || (!load->hints[HINT_CPU_BUILD] && !no_backend))
        return false;
    if (load->features && !no_backend)
        log_report_finding(
            report, "no-device-found",
            "the build has a GPU backend and it found no device: driver missing, device "
            "masked (CUDA_VISIBLE_DEVICES) or not given to the container");
    else
        log_report_finding(report, "cpu-only-build",
                           "this llama.cpp has no GPU backend: install or build one that has "
                           "(--list-devices must name the card)");
    return true;
}

static bool cause_settings(const struct log_load *load, struct load_report *report)
{
    if (load->has_offloaded && load->offloaded == 0) {
        log_report_finding(report, "nothing-offloaded",
                           "0 of %llu layers were offloaded%s: -ngl is missing or 0",
                           (unsigned long long)load->offloadable,
                           load->n_devices ? " though a device was found" : "");
        return true;
    }
    if (load->n_devices && load->offloaded > 0) {
        log_report_finding(report, "overridden-to-cpu",
                           "layers count as offloaded and every tensor is on the host: a rule or a "
                           "device without memory sends them there");
        return true;
    }
    return false;
}

void log_finding_cause(const struct log *log, const struct log_load *load,
                       struct load_report *report)
{
    const struct log_device *uncovered = device_not_covered(load);

    if (uncovered) {
        log_report_finding(
            report, "arch-mismatch",
            "%s has compute capability %s and the build was compiled for %.100s only",
            uncovered->name, uncovered->capability,
            strstr(load->features, "ARCHS = ") + strlen("ARCHS = "));
        return;
    }
    if (cause_from_hints(load, report) || cause_no_device(load, report) ||
        cause_command(log, report) || cause_build(load, report) || cause_settings(load, report))
        return;
    log_report_finding(
        report, "cause-unknown",
        "the log names no GPU device at all: most often a build without a GPU backend; "
        "ask it with --list-devices");
}

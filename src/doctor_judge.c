#include "src/doctor.h"

#include "model/base/memory.h"
#include "src/machine_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void doctor_find(struct doctor *doctor, bool trouble, const char *code, const char *repair,
                 const char *format, ...)
{
    char *message = NULL;
    va_list values;
    va_start(values, format);
    if (vasprintf(&message, format, values) < 0) {
        memory_exhausted();
    }
    va_end(values);
    doctor->findings =
        memory_resize(doctor->findings, doctor->n_findings + 1, sizeof *doctor->findings);
    doctor->findings[doctor->n_findings++] =
        (struct doctor_finding){code, trouble, message, memory_text(repair)};
}

bool doctor_in_trouble(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->n_findings; i++) {
        if (doctor->findings[i].trouble) {
            return true;
        }
    }
    return false;
}

/* The line of a hint in any load of what was printed. */
static const char *hint(const struct doctor *doctor, enum log_hint which)
{
    for (size_t i = 0; i < doctor->log.n_loads; i++) {
        if (doctor->log.loads[i].hints[which] != NULL) {
            return doctor->log.loads[i].hints[which];
        }
    }
    return NULL;
}

/* ---- no device: in the order of what is certain --------------------------------------------- */

/* A device file that is there and may not be opened. New, or NULL. */
static char *closed_device(void)
{
    static const char *const files[] = {"/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd",
                                        "/dev/dri/renderD128"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = machine_path("%s", files[i]);
        if (access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0) {
            return path;
        }
        free(path);
    }
    return NULL;
}

static bool judge_mask(struct doctor *doctor)
{
    bool hides = doctor->unmasked || hint(doctor, HINT_MASKED) != NULL;
    if (doctor->mask == NULL || !hides) {
        return false;
    }
    doctor_find(doctor, true, "masked-devices",
                "unset the variable, or name in it the cards that llama.cpp shall see",
                "%.200s hides every device from llama.cpp%s", doctor->mask,
                doctor->unmasked ? ": without it there are some" : "");
    return true;
}

static bool judge_permission(struct doctor *doctor)
{
    static const char repair[] =
        "add the user to the groups render and video (and log in anew), or "
        "give the container the device";
    const char *said = hint(doctor, HINT_NO_PERMISSION);
    char *closed = doctor->backend != NULL ? closed_device() : NULL;
    if (said == NULL && closed == NULL) {
        return false;
    }
    doctor_find(doctor, true, "no-permission", repair, "the device file may not be opened: %.200s",
                said != NULL ? said : closed);
    free(closed);
    return true;
}

static bool judge_library(struct doctor *doctor, const char *said)
{
    static const char *const drivers[] = {"libcuda.so", "libnvidia", "libamdhip64", "libze_loader",
                                          "libvulkan"};
    const char *missing = strstr(said, "cannot open shared object file");
    if (missing == NULL) {
        return false;
    }
    const char *line = missing;
    while (line > said && line[-1] != '\n') {
        line--;
    }
    char *words = memory_text_n(line, strcspn(line, "\r\n"));
    bool driver = false;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        driver = driver || strstr(words, drivers[i]) != NULL;
    }
    doctor_find(doctor, true, driver ? "no-driver" : "missing-library",
                driver ? "install the card's driver (in a container: give it the driver's "
                         "libraries, for NVIDIA by the container toolkit)"
                       : "install what the build was linked with, or take a build that brings it",
                "a library is missing: %.300s", words);
    free(words);
    return true;
}

static bool judge_driver(struct doctor *doctor)
{
    const char *said = hint(doctor, HINT_NO_DRIVER);
    bool cuda = doctor->backend != NULL && strcmp(doctor->backend, "CUDA") == 0;
    char *module = machine_line("/proc/driver/nvidia/version");
    bool loaded = module != NULL;
    free(module);
    if (said != NULL) {
        doctor_find(doctor, true, "no-driver",
                    "install or update the driver, or take a build for an older one",
                    "the driver does not serve this build: %.200s", said);
    } else if (cuda && !loaded && doctor->found.n_devices == 0) {
        doctor_find(doctor, true, "no-driver",
                    "install NVIDIA's driver (in a container: give it the card, --gpus all)",
                    "the build has CUDA and this machine has no NVIDIA driver");
    }
    return said != NULL || (cuda && !loaded && doctor->found.n_devices == 0);
}

static void judge_rest(struct doctor *doctor)
{
    if (doctor->backend == NULL) {
        doctor_find(
            doctor, true, "cpu-only-build",
            "install or build a llama.cpp with a GPU backend (cmake -DGGML_CUDA=ON, "
            "-DGGML_HIP=ON or -DGGML_VULKAN=ON)",
            "this llama.cpp has no GPU backend: everything runs on the CPU, and it does not "
            "say so");
        return;
    }
    doctor_find(doctor, true, "no-device-found",
                "see that the driver is loaded and the card is given to this system",
                "the build has %s and it finds no device%s%.200s", doctor->backend,
                hint(doctor, HINT_NO_DEVICE) != NULL ? ": " : "",
                hint(doctor, HINT_NO_DEVICE) != NULL ? hint(doctor, HINT_NO_DEVICE) : "");
}

static void judge_no_device(struct doctor *doctor)
{
    if (!judge_mask(doctor) && !judge_library(doctor, doctor->devices.text) &&
        !judge_permission(doctor) && !judge_driver(doctor)) {
        judge_rest(doctor);
    }
}

/* ---- devices, and do they serve ------------------------------------------------------------- */

static bool is_gpu(const char *name)
{
    return strncmp(name, "RPC", 3) != 0 && strncmp(name, "BLAS", 4) != 0;
}

static size_t count_gpus(const struct doctor *doctor)
{
    size_t n = 0;
    for (size_t i = 0; i < doctor->devices.n; i++) {
        n += is_gpu(doctor->devices.list[i].name) ? 1 : 0;
    }
    return n;
}

static void judge_covered(struct doctor *doctor, const char *name, const char *capability,
                          const char *archs, const char *where)
{
    char flag[16] = "";
    if (build_covers(archs, capability)) {
        return;
    }
    snprintf(flag, sizeof flag, "%d%.1s", atoi(capability), strchr(capability, '.') + 1);
    char *repair = memory_format("build it with -DCMAKE_CUDA_ARCHITECTURES=%s, or take a build "
                                 "that lists %s0",
                                 flag, flag);
    doctor_find(doctor, true, "arch-mismatch", repair,
                "%s has compute capability %s and %s was compiled for %.100s: without PTX none of "
                "its kernels runs there",
                name, capability, where, archs);
    free(repair);
}

/* Capabilities as the build itself printed them, else as they were detected. */
static void judge_archs(struct doctor *doctor)
{
    size_t before = doctor->n_findings;
    bool said = false;
    for (size_t i = 0; i < doctor->log.n_loads && doctor->n_findings == before; i++) {
        const struct log_load *load = &doctor->log.loads[i];
        for (size_t k = 0; k < load->n_devices; k++) {
            bool told = strchr(load->devices[k].capability, '.') != NULL;
            said = said || told;
            if (told) {
                judge_covered(doctor, load->devices[k].name, load->devices[k].capability,
                              doctor->archs, "this llama.cpp");
            }
        }
    }
    for (size_t i = 0; i < doctor->found.n_devices && !said; i++) {
        const struct device *device = &doctor->found.devices[i];
        if (device->compute_capability != NULL && strchr(device->compute_capability, '.') != NULL) {
            judge_covered(doctor, device->name, device->compute_capability, doctor->archs,
                          "this llama.cpp");
        }
    }
    const char *kernel = hint(doctor, HINT_NO_KERNEL);
    if (kernel != NULL && doctor->n_findings == before) {
        doctor_find(doctor, true, "arch-mismatch",
                    "take a build for this card's compute capability "
                    "(CMAKE_CUDA_ARCHITECTURES)",
                    "the build has no kernels for this card: %.200s", kernel);
    }
}

static void judge_hidden(struct doctor *doctor)
{
    size_t gpus = count_gpus(doctor);
    if (gpus > 0 && gpus < doctor->found.n_devices) {
        doctor_find(doctor, false, "fewer-devices",
                    doctor->mask != NULL ? "unset the variable to use them all" : "",
                    "llama.cpp sees %zu of the %zu cards of this machine%s%.200s", gpus,
                    doctor->found.n_devices, doctor->mask != NULL ? ": " : "",
                    doctor->mask != NULL ? doctor->mask : "");
    }
}

static bool lists(const struct doctor *doctor, const char *name)
{
    for (size_t i = 0; i < doctor->devices.n; i++) {
        if (strcmp(doctor->devices.list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_plan(struct doctor *doctor, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!lists(doctor, names[i])) {
            doctor_find(doctor, true, "plan-device-missing",
                        "plan for the devices that are there: otplan devices --save FILE",
                        "the plan uses %s and this llama.cpp does not have it", names[i]);
        }
    }
}

/* ---- a settings file that changes every run ------------------------------------------------- */

/* Its keys, comments left out: "n-gpu-layers = 0, cpu-moe = true". */
static void add_keys(const char *text, struct strbuf *out)
{
    for (const char *line = text; *line != '\0'; line += strspn(line, "\r\n")) {
        size_t length = strcspn(line, "\r\n");
        const char *start = line + strspn(line, " \t");
        bool key = memchr(line, '=', length) != NULL && strchr(";#[", *start) == NULL;
        if (key && out->length < 300) {
            strbuf_format(out, "%s%.*s", out->length > 0 ? ", " : "",
                          (int)(length - (size_t)(start - line)), start);
        }
        line += length;
    }
}

static void judge_settings(struct doctor *doctor)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char *user = config != NULL && *config != '\0'
                     ? memory_format("%s/llama.cpp/config.ini", config)
                     : memory_format("%s/.config/llama.cpp/config.ini", home != NULL ? home : "");
    const char *const paths[] = {"/etc/llama.cpp/config.ini", user};
    for (size_t i = 0; i < 2; i++) {
        struct strbuf keys = {0};
        char *text = machine_text("%s", paths[i]);
        if (text != NULL) {
            add_keys(text, &keys);
        }
        if (keys.length > 0) {
            doctor_find(doctor, false, "config-ini",
                        "move it away, or give these settings on the command line, which wins",
                        "%s changes every run of llama.cpp: %s", paths[i], strbuf_text(&keys));
        }
        strbuf_clear(&keys);
        free(text);
    }
    free(user);
}

/* ---- Python environments -------------------------------------------------------------------- */

static const struct build_library *env_gpu(const struct doctor_env *env)
{
    return env->libraries != NULL ? build_gpu_library(env->libraries, env->n_libraries) : NULL;
}

/* An environment with a GPU backend that serves all cards, or NULL. */
static const struct doctor_env *best_env(const struct doctor *doctor)
{
    const struct doctor_env *best = NULL;
    for (size_t i = doctor->n_envs; i-- > 0;) {
        const struct build_library *gpu = env_gpu(&doctor->envs[i]);
        bool serves = gpu != NULL;
        for (size_t k = 0; serves && k < doctor->found.n_devices; k++) {
            serves = build_covers(gpu->archs, doctor->found.devices[k].compute_capability);
        }
        best = serves ? &doctor->envs[i] : best;
    }
    return best;
}

static void judge_env(struct doctor *doctor, const struct doctor_env *env,
                      const struct doctor_env *best)
{
    const struct build_library *gpu = env_gpu(env);
    const struct build_library *better = best != NULL ? env_gpu(best) : NULL;
    char *use = better != NULL
                    ? memory_format("use %s, whose build has %s", best->folder, better->backend)
                    : memory_text("CMAKE_ARGS=\"-DGGML_CUDA=on\" pip install "
                                  "--force-reinstall --no-cache-dir llama-cpp-python");
    const char *code = best != NULL ? "wrong-environment" : "cpu-only-build";
    if (env->libraries_in == NULL) {
        doctor_find(doctor, best == NULL, "no-llama-cpp-python", use,
                    "%s: llama-cpp-python is not in it", env->folder);
    } else if (gpu == NULL) {
        doctor_find(doctor, true, code, use, "%s: its llama_cpp has no GPU backend (%zu libraries)",
                    env->folder, env->n_libraries);
    } else if (env != best) {
        for (size_t i = 0; i < doctor->found.n_devices; i++) {
            const struct device *device = &doctor->found.devices[i];
            if (!build_covers(gpu->archs, device->compute_capability)) {
                judge_covered(doctor, device->name, device->compute_capability, gpu->archs,
                              env->folder);
            }
        }
    }
    free(use);
}

void doctor_judge(struct doctor *doctor, const char *const *plan_names, size_t n_names)
{
    if (doctor->program != NULL && count_gpus(doctor) == 0) {
        judge_no_device(doctor);
    } else if (doctor->program != NULL) {
        judge_archs(doctor);
        judge_hidden(doctor);
    }
    const struct doctor_env *best = best_env(doctor);
    for (size_t i = 0; i < doctor->n_envs; i++) {
        judge_env(doctor, &doctor->envs[i], best);
    }
    if (doctor->program != NULL) {
        judge_plan(doctor, plan_names, n_names);
        judge_settings(doctor);
    }
}

#include "src/doctor.h"

#include "model/base/memory.h"
#include "src/llama_program.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION_SECONDS = 30, LIST_SECONDS = 60, START_SECONDS = 60 };

static const char *const masks[] = {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
                                    "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES",
                                    "ONEAPI_DEVICE_SELECTOR"};
enum { MASKS = sizeof masks / sizeof masks[0] };

/* ---- the program ---------------------------------------------------------------------------- */

static void ask(struct doctor *doctor, const char *const *words, unsigned seconds,
                const char *until, struct strbuf *out)
{
    const struct llama_request request = {
        .program = doctor->program, .words = words, .seconds = seconds, .until = until};
    struct llama_answer answer;
    struct error error = {0};
    if (llama_program_ask(&request, &answer, &error)) {
        strbuf_add(out, strbuf_text(&answer.text));
        strbuf_clear(&answer.text);
    } else {
        strbuf_format(out, "%s\n", error.text);
    }
}

/* New: what follows `key` up to the end of its line; NULL where it is not there. */
static char *after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at != NULL ? memory_text_n(at + strlen(key), strcspn(at + strlen(key), "\r\n")) : NULL;
}

/* Without the variables that hide devices: is there one then? */
static bool lists_unmasked(struct doctor *doctor)
{
    static const char *const words[] = {"--list-devices", NULL};
    char *kept[MASKS];
    struct strbuf text = {0};
    struct llama_devices devices;
    for (size_t i = 0; i < MASKS; i++) {
        kept[i] = memory_text(getenv(masks[i]));
        unsetenv(masks[i]);
    }
    ask(doctor, words, LIST_SECONDS, NULL, &text);
    for (size_t i = 0; i < MASKS; i++) {
        if (kept[i] != NULL) {
            setenv(masks[i], kept[i], 1);
        }
        free(kept[i]);
    }
    llama_devices_read(strbuf_text(&text), &devices);
    strbuf_clear(&text);
    bool some = devices.n > 0;
    llama_devices_clear(&devices);
    return some;
}

/* One that hides everything is named before one that chooses. */
static void find_mask(struct doctor *doctor)
{
    for (size_t i = 0; i < (size_t)2 * MASKS && doctor->mask == NULL; i++) {
        const char *name = masks[i % MASKS];
        const char *value = getenv(name);
        bool hides = value != NULL && (value[0] == '\0' || value[0] == '-');
        bool named = value != NULL && (hides || i >= MASKS);
        doctor->mask = named ? memory_format("%s=%s", name, value) : NULL;
    }
}

/* The backend and the architectures: from the line that lists them, else from the libraries beside it. */
static void find_backend(struct doctor *doctor, const char *text)
{
    static const char *const names[] = {"CUDA", "ROCm",  "HIP",  "MUSA",   "Vulkan",
                                        "SYCL", "Metal", "CANN", "OpenCL", "WebGPU"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && doctor->backend == NULL; i++) {
        char *loaded = memory_format("loaded %s backend", names[i]);
        char *listed = memory_format("%s : ", names[i]);
        bool has = strstr(text, loaded) != NULL ||
                   (doctor->features != NULL && strstr(doctor->features, listed) != NULL);
        doctor->backend = has ? memory_text(names[i]) : NULL;
        free(loaded);
        free(listed);
    }
    char *archs = doctor->features != NULL ? after(doctor->features, "ARCHS = ") : NULL;
    if (archs != NULL) {
        archs[strspn(archs, "0123456789,")] = '\0';
        doctor->archs = archs;
    }
    char *folder = memory_text(doctor->program);
    char *slash = strrchr(folder, '/');
    *(slash != NULL ? slash : folder) = '\0';
    for (int i = 0; i < 2; i++) {
        char *where = i == 0 ? memory_text(folder) : memory_format("%s/../lib", folder);
        size_t n = 0;
        struct build_library *libraries = build_libraries(where, &n);
        const struct build_library *gpu = build_gpu_library(libraries, n);
        if (gpu != NULL) {
            doctor->backend = doctor->backend != NULL ? doctor->backend : memory_text(gpu->backend);
            doctor->archs = doctor->archs != NULL ? doctor->archs : memory_text(gpu->archs);
        }
        build_libraries_clear(libraries, n);
        free(where);
    }
    free(folder);
}

/* The path of a model that is not there: the program says what it is made of and then gives up. */
static const char *const start_words[] = {
    "-m", "/nonexistent/otplan-doctor.gguf", "--port", "0", "-lv", "4", NULL};

void doctor_ask(struct doctor *doctor)
{
    static const char *const version_words[] = {"--version", NULL};
    static const char *const list_words[] = {"--list-devices", NULL};
    struct strbuf text = {0};
    struct strbuf list = {0};
    ask(doctor, version_words, VERSION_SECONDS, NULL, &text);
    doctor->version = after(strbuf_text(&text), "version: ");
    ask(doctor, list_words, LIST_SECONDS, NULL, &list);
    llama_devices_read(strbuf_text(&list), &doctor->devices);
    strbuf_add(&text, strbuf_text(&list));
    ask(doctor, start_words, START_SECONDS, "system_info:", &text);
    doctor->features = after(strbuf_text(&text), "system_info: ");
    log_read(strbuf_text(&text), text.length, &doctor->log);
    find_backend(doctor, strbuf_text(&text));
    find_mask(doctor);
    doctor->unmasked = doctor->devices.n == 0 && doctor->mask != NULL && lists_unmasked(doctor);
    strbuf_clear(&list);
    strbuf_clear(&text);
}

/* ---- environments --------------------------------------------------------------------------- */

/* FOLDER/lib/python3*, where its packages are. */
static char *site_library(const char *folder)
{
    char *lib = memory_format("%s/lib", folder);
    DIR *open_folder = opendir(lib);
    char *found = NULL;
    for (struct dirent *entry = NULL;
         open_folder != NULL && found == NULL && (entry = readdir(open_folder)) != NULL;) {
        if (strncmp(entry->d_name, "python", 6) != 0) {
            continue;
        }
        for (int i = 0; i < 2 && found == NULL; i++) {
            found = memory_format("%s/%s/%s/llama_cpp/lib", lib, entry->d_name,
                                  i == 0 ? "site-packages" : "dist-packages");
            if (access(found, R_OK) != 0) {
                free(found);
                found = NULL;
            }
        }
    }
    if (open_folder != NULL) {
        closedir(open_folder);
    }
    free(lib);
    return found;
}

void doctor_open_env(struct doctor *doctor, const char *folder)
{
    doctor->envs = memory_resize(doctor->envs, doctor->n_envs + 1, sizeof *doctor->envs);
    struct doctor_env *env = &doctor->envs[doctor->n_envs++];
    *env = (struct doctor_env){.folder = folder, .libraries_in = site_library(folder)};
    for (int i = 0; i < 2 && env->libraries_in == NULL; i++) {
        char *direct = memory_format("%s/%sllama_cpp/lib", folder, i == 0 ? "" : "site-packages/");
        env->libraries_in = access(direct, R_OK) == 0 ? memory_text(direct) : NULL;
        free(direct);
    }
    if (env->libraries_in != NULL) {
        env->libraries = build_libraries(env->libraries_in, &env->n_libraries);
    }
}

void doctor_clear(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->n_envs; i++) {
        free(doctor->envs[i].libraries_in);
        if (doctor->envs[i].libraries != NULL) {
            build_libraries_clear(doctor->envs[i].libraries, doctor->envs[i].n_libraries);
        }
    }
    for (size_t i = 0; i < doctor->n_findings; i++) {
        free(doctor->findings[i].message);
        free(doctor->findings[i].repair);
    }
    free(doctor->envs);
    free(doctor->findings);
    free(doctor->program);
    free(doctor->version);
    free(doctor->features);
    free(doctor->archs);
    free(doctor->mask);
    free(doctor->backend);
    llama_devices_clear(&doctor->devices);
    log_clear(&doctor->log);
    rig_clear(&doctor->found);
    *doctor = (struct doctor){0};
}

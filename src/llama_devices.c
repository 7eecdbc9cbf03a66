#include "src/llama_devices.h"

#include "model/base/memory.h"
#include "src/card_context.h"
#include "src/llama_program.h"
#include "src/machine_tree.h"
#include "src/output.h"
#include "src/user_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATIENCE_SECONDS = 60, MOST_DEVICES = 128, MOST_BYTES = 1 << 20 };

/* ---- the answer ----------------------------------------------------------------------------- */

static char *clean(const char *text, size_t length)
{
    char *copy = memory_text_n(text, length);
    for (char *at = copy; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    return copy;
}

static bool read_device(const char *line, size_t length, struct llama_device *device)
{
    char *text = memory_text_n(line, length);
    const char *colon = strstr(text, ": ");
    const char *memory = strrchr(text, '(');
    unsigned long long total = 0;
    unsigned long long free_mib = 0;
    bool read = strncmp(text, "  ", 2) == 0 && colon != NULL && memory != NULL && memory > colon &&
                sscanf(memory, "(%llu MiB, %llu MiB free)", &total, &free_mib) == 2 &&
                total < (1ULL << 30) && free_mib <= total;
    if (read) {
        size_t described = (size_t)(memory - colon) - 2;
        *device = (struct llama_device){
            .name = clean(text + 2, (size_t)(colon - text) - 2),
            .description = clean(colon + 2, described > 0 ? described - 1 : 0),
            .total = (uint64_t)total << 20,
            .free = (uint64_t)free_mib << 20,
        };
    }
    free(text);
    return read;
}

void llama_devices_read(const char *text, struct llama_devices *out)
{
    *out = (struct llama_devices){.text = memory_text(text)};
    out->list = memory_array(MOST_DEVICES, sizeof *out->list);
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\r\n");
        if (strncmp(line, "Available devices:", strlen("Available devices:")) == 0) {
            out->answered = true;
        } else if (out->answered && out->n < MOST_DEVICES &&
                   read_device(line, length, &out->list[out->n])) {
            out->n++;
        }
        line += length + strspn(line + length, "\r\n");
    }
}

void llama_devices_clear(struct llama_devices *devices)
{
    for (size_t i = 0; i < devices->n; i++) {
        free(devices->list[i].name);
        free(devices->list[i].description);
    }
    free(devices->list);
    free(devices->text);
    *devices = (struct llama_devices){0};
}

/* ---- the cache ------------------------------------------------------------------------------ */

static const char *const variables[] = {"CUDA_VISIBLE_DEVICES",    "CUDA_DEVICE_ORDER",
                                        "HIP_VISIBLE_DEVICES",     "ROCR_VISIBLE_DEVICES",
                                        "GGML_VK_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR",
                                        "LD_LIBRARY_PATH",         "GGML_BACKEND_PATH"};

/* One line that says all the answer depends on; NULL where the program has no age. */
static char *cache_key(const char *program)
{
    static const char *const drivers[] = {"nvidia", "amdgpu", "xe", "i915"};
    struct stat status;
    if (stat(program, &status) != 0) {
        return NULL;
    }
    struct strbuf key = {0};
    strbuf_format(&key, "%s\t%lld.%09ld\t%lld", program, (long long)status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec, (long long)status.st_size);
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        char *version = machine_line("/sys/module/%s/version", drivers[i]);
        strbuf_format(&key, "\t%s=%s", drivers[i], version != NULL ? version : "");
        free(version);
    }
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        strbuf_format(&key, "\t%s=%s", variables[i], value != NULL ? value : "-");
    }
    char *line = strbuf_take(&key);
    for (char *at = line; (at = strchr(at, '\n')) != NULL;) {
        *at = ' ';
    }
    return line;
}

/* New: the file that an answer is kept in. NULL without a home. */
static char *cache_path(const char *key)
{
    char *name =
        memory_format("devices-%016" PRIx64 ".txt", user_hash(USER_HASH, key, strlen(key)));
    char *path = user_path(USER_CACHE, name);
    free(name);
    return path;
}

static bool cache_read(const char *path, const char *key, struct llama_devices *out)
{
    char *text = NULL;
    size_t bytes = 0;
    size_t length = strlen(key);
    if (path == NULL || !input_read_file(path, MOST_BYTES, &text, &bytes, NULL)) {
        return false;
    }
    bool ours = bytes > length && strncmp(text, key, length) == 0 && text[length] == '\n';
    if (ours) {
        llama_devices_read(text + length + 1, out);
        out->kept = true;
    }
    free(text);
    return ours;
}

static void cache_write(const char *path, const char *key, const char *text)
{
    if (path != NULL) {
        user_make_folders(path);
        char *whole = memory_format("%s\n%s", key, text);
        output_write_file(path, whole, strlen(whole), true, false, NULL);
        free(whole);
    }
}

static bool ask(const char *program, const char *rpc, const atomic_bool *is_cancelled,
                struct llama_devices *out, struct error *error)
{
    static const char *const plain[] = {"--list-devices", NULL};
    const char *const with_rpc[] = {"--rpc", rpc, "--list-devices", NULL}; /* it must come first */
    const struct llama_request request = {.program = program,
                                          .words = rpc != NULL ? with_rpc : plain,
                                          .seconds = PATIENCE_SECONDS,
                                          .is_cancelled = is_cancelled};
    struct llama_answer answer;
    if (!llama_program_ask(&request, &answer, error)) {
        return false;
    }
    llama_devices_read(strbuf_text(&answer.text), out);
    strbuf_clear(&answer.text);
    return true;
}

bool llama_devices_ask(const char *program, const char *rpc, const atomic_bool *is_cancelled,
                       struct llama_devices *out, struct error *error)
{
    *out = (struct llama_devices){0};
    char *key = rpc == NULL ? cache_key(program) : NULL;
    char *path = key != NULL ? cache_path(key) : NULL;
    bool asked = key != NULL && cache_read(path, key, out);
    if (!asked) {
        asked = ask(program, rpc, is_cancelled, out, error);
        if (asked && out->answered && out->n > 0) {
            cache_write(path, key, out->text); /* none found may be a passing trouble: ask again */
        }
    }
    free(key);
    free(path);
    return asked;
}

/* ---- beside what was detected --------------------------------------------------------------- */

static const uint64_t MIB = 1U << 20;

/* The detected card that llama.cpp's device is: of the same description, else of the same name. */
static size_t find_card(const struct rig *rig, const bool *taken, const struct llama_device *device)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        const char *description = rig->devices[i].description;
        bool alike = description[0] != '\0' && (strstr(description, device->description) != NULL ||
                                                strstr(device->description, description) != NULL);
        if (!taken[i] && alike && device->description[0] != '\0') {
            return i;
        }
    }
    for (size_t i = 0; i < rig->n_devices; i++) {
        if (!taken[i] && strcmp(rig->devices[i].name, device->name) == 0) {
            return i;
        }
    }
    return rig->n_devices;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Both figures are of this moment, and the driver's is of the card itself. */
static uint64_t measured_context(const struct device *card, const struct llama_device *now,
                                 bool kept)
{
    return kept || card->pci == NULL || card->backend != BACKEND_CUDA
               ? 0
               : card_context_between(card->free, now->free);
}

static void say_memory(const struct device *before, const struct llama_device *now, bool kept,
                       struct strbuf *changes)
{
    if (distance(before->total, now->total) > 16 * MIB) {
        strbuf_format(changes, "%s: total %llu MiB, detected %llu MiB\n", now->name,
                      (unsigned long long)(now->total / MIB),
                      (unsigned long long)(before->total / MIB));
    }
    uint64_t context = measured_context(before, now, kept);
    if (context > 0) {
        strbuf_format(changes, "%s: llama.cpp's own context takes %llu MiB\n", now->name,
                      (unsigned long long)(context / MIB));
    } else if (!kept && distance(before->free, now->free) > 64 * MIB) {
        strbuf_format(changes, "%s: free %llu MiB, detected %llu MiB\n", now->name,
                      (unsigned long long)(now->free / MIB),
                      (unsigned long long)(before->free / MIB));
    }
}

static void replace_text(char **to, const char *text)
{
    free(*to);
    *to = memory_text(text);
}

/* New: the buffer type's name of the i-th device, as -ot takes it. An RPC server's devices are counted by server
 * there, "RPC0[host:port]" (ggml-rpc.cpp), and through all servers in -dev. */
static char *buffer_name(const struct llama_devices *answer, size_t i)
{
    const struct llama_device *device = &answer->list[i];
    size_t earlier = 0;
    bool address =
        strchr(device->description, ':') != NULL && strpbrk(device->description, " []") == NULL;
    if (strncmp(device->name, "RPC", 3) != 0 || !address) {
        return memory_text(device->name);
    }
    for (size_t k = 0; k < i; k++) {
        earlier += strcmp(answer->list[k].description, device->description) == 0 ? 1 : 0;
    }
    return memory_format("RPC%zu[%s]", earlier, device->description);
}

/* `device`: zeroed, or the card that was detected. */
static void take_answer(const struct llama_device *now, bool kept, struct device *device)
{
    bool known = device->name != NULL;
    uint64_t context = known ? measured_context(device, now, kept) : 0;
    device->context = context > 0 ? context : device->context;
    device->free = known && (kept || context > 0) ? device->free : now->free;
    device->free = device->free < now->total ? device->free : now->total;
    device->total = now->total;
    device->margin = known ? device->margin : -1;
    device->numa_node = known ? device->numa_node : -1;
    device->has_kernels = true;
    char *source = memory_format(
        "llama.cpp --list-devices%s%s%s", kept ? " (kept from before)" : "",
        device->found_by != NULL ? "; " : "", device->found_by != NULL ? device->found_by : "");
    replace_text(&device->name, now->name);
    replace_text(&device->device_name, now->name);
    replace_text(&device->description, now->description);
    replace_text(&device->found_by, source);
    device->backend = backend_of_name(device->name);
    free(source);
}

static void say_name(const struct device *before, const struct llama_device *now,
                     struct strbuf *changes)
{
    if (strcmp(before->name, now->name) != 0) {
        strbuf_format(changes, "%s (%s): detected as %s%s%s\n", now->name, now->description,
                      before->name, before->pci != NULL ? " at " : "",
                      before->pci != NULL ? before->pci : "");
    }
}

void llama_devices_merge(const struct llama_devices *answer, struct rig *rig,
                         struct strbuf *changes)
{
    struct device *devices = memory_array(answer->n, sizeof *devices);
    bool *taken = memory_array(rig->n_devices, sizeof *taken);
    for (size_t i = 0; i < answer->n; i++) {
        const struct llama_device *now = &answer->list[i];
        size_t card = find_card(rig, taken, now);
        if (card < rig->n_devices) {
            taken[card] = true;
            devices[i] = rig->devices[card];
            say_name(&devices[i], now, changes);
            say_memory(&devices[i], now, answer->kept, changes);
        } else {
            strbuf_format(changes, "%s (%s): not detected\n", now->name, now->description);
        }
        take_answer(now, answer->kept, &devices[i]);
        free(devices[i].name);
        devices[i].name = buffer_name(answer, i);
    }
    struct rig left = {.devices = memory_array(rig->n_devices, sizeof *left.devices)};
    for (size_t i = 0; i < rig->n_devices; i++) {
        if (!taken[i]) {
            strbuf_format(changes, "%s (%s): this llama.cpp does not see it\n",
                          rig->devices[i].name, rig->devices[i].description);
            left.devices[left.n_devices++] = rig->devices[i];
        }
    }
    rig_clear(&left);
    free(rig->devices);
    rig->devices = devices;
    rig->n_devices = answer->n;
    rig->order_uncertain = false;
    card_contexts_keep(rig);
    free(taken);
}

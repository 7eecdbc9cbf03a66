#include "model/plan/rig_spec.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_PART = 160,
    MAX_RIG_DEVICES = 64,
    CUDA_CONTEXT_MIB = 300, /* what a CUDA or ROCm context with its libraries takes on a card */
};

static const double metal_share = 0.75; /* of the memory, what macOS lets Metal keep resident */

struct part {
    char text[MAX_PART]; /* trimmed; what is understood is cut off */
    unsigned long count;
    char rpc[MAX_PART]; /* "host:port", "" for none */
    double gb_s;        /* after @; 0: not given */
    uint64_t size;      /* bytes; 0: not given */
};

static bool part_error(struct error *error, const char *part, const char *why)
{
    return error_set(error, ERROR_USAGE, "--rig: '%s': %s", part, why);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static void part_cut(struct part *part, const char *rest)
{
    char copy[MAX_PART];

    memcpy(copy, rest, strlen(rest) + 1);
    memcpy(part->text, trim(copy), strlen(trim(copy)) + 1);
}

/* ---- pieces of a part ---- */

/* "2x RTX 3090", "2 x RTX 3090", "2*RTX 3090" */
static bool take_count(struct part *part)
{
    char *end;
    unsigned long count = strtoul(part->text, &end, 10);

    part->count = 1;
    if (end == part->text)
        return true;
    bool apart = *end == ' ';
    while (*end == ' ')
        end++;
    if ((*end != 'x' && *end != 'X' && *end != '*') || (apart && end[1] != ' '))
        return true; /* a name: "7900 XTX" */
    part->count = count;
    part_cut(part, end + 1);
    return count >= 1 && count <= MAX_RIG_DEVICES;
}

static bool take_bandwidth(struct part *part)
{
    char *at = strchr(part->text, '@'), *end;

    if (!at)
        return true;
    part->gb_s = strtod(at + 1, &end);
    end = trim(end);
    if (*end != '\0' && strcmp(end, "GB/s") != 0)
        return false;
    *at = '\0';
    part_cut(part, part->text);
    return part->gb_s > 0 && part->gb_s < 1e6;
}

/* "host:port", as --rpc takes it: nothing that it or -ot would cut at. */
static bool is_address(const char *text)
{
    size_t host = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    size_t port = text[host] == ':' ? strspn(text + host + 1, "0123456789") : 0;

    return host > 0 && port > 0 && text[host + 1 + port] == '\0';
}

static bool take_rpc(struct part *part)
{
    char *close = strchr(part->text, ']');

    if (strncmp(part->text, "RPC[", 4) != 0)
        return true;
    if (!close)
        return false;
    *close = '\0';
    memcpy(part->rpc, part->text + 4, strlen(part->text + 4) + 1);
    part_cut(part, close + 1);
    return is_address(part->rpc);
}

/* "128G", "128GB", "128GiB": in GiB, as memory is sold. */
static bool size_read(const char *word, uint64_t *bytes)
{
    char *end;
    double gib = strtod(word, &end);
    bool unit =
        strcasecmp(end, "G") == 0 || strcasecmp(end, "GB") == 0 || strcasecmp(end, "GiB") == 0;
    bool terabytes = strcasecmp(end, "T") == 0 || strcasecmp(end, "TB") == 0;

    if (terabytes)
        gib *= 1024;
    if (end == word || !(unit || terabytes) || !(gib > 0) || gib > 1 << 20)
        return false;
    *bytes = (uint64_t)(gib * (double)(1 << 30));
    return true;
}

/* The last word, cut off where it is a size. */
static bool take_last_size(struct part *part)
{
    char *blank = strrchr(part->text, ' ');

    if (!blank || !size_read(blank + 1, &part->size))
        return false;
    *blank = '\0';
    part_cut(part, part->text);
    return true;
}

/* ---- the host ---- */

/* "DDR4-3200x2", "DDR5-4800 x 8": MT/s times channels of eight bytes */
static bool memory_type_read(const char *text, double *gb_s)
{
    char *end;
    const char *dash = strchr(text, '-');

    if (strncasecmp(text, "DDR", 3) != 0 && strncasecmp(text, "LPDDR", 5) != 0)
        return false;
    if (!dash)
        return false;
    unsigned long transfers = strtoul(dash + 1, &end, 10);
    unsigned long channels = 2;
    end = trim(end);
    if (*end == 'x' || *end == 'X')
        channels = strtoul(trim(end + 1), &end, 10);
    *gb_s = (double)transfers * (double)channels * 8 / 1000;
    return *end == '\0' && *gb_s > 0 && *gb_s < 1e5;
}

/* Is this part host memory: a size first? */
static bool part_is_host(const struct part *part)
{
    char word[MAX_PART];
    uint64_t bytes;
    size_t n = strcspn(part->text, " ");

    memcpy(word, part->text, n);
    word[n] = '\0';
    return size_read(word, &bytes);
}

static bool host_read(const struct part *part, struct rig *rig, struct error *error)
{
    char text[MAX_PART];
    uint64_t bytes = 0;
    size_t n = strcspn(part->text, " ");
    double gb_s = part->gb_s;

    if (rig->host.total)
        return part_error(error, part->text, "host memory is given twice");
    memcpy(text, part->text, n);
    text[n] = '\0';
    size_read(text, &bytes);
    memcpy(text, part->text + n, strlen(part->text + n) + 1);
    char *type = trim(text);
    if (*type && !memory_type_read(type, &gb_s))
        return part_error(error, part->text, "host memory is written 128G DDR4-3200x2");
    rig->host.total = bytes;
    rig->host.free = bytes;
    rig->host.bandwidth_gb_s = gb_s;
    rig->host.bandwidth_source = RATE_SPEC;
    return true;
}

/* ---- devices ---- */

static uint64_t memory_of(const struct accelerator *accelerator, uint64_t size)
{
    double share = strcmp(accelerator->backend, "MTL") == 0 ? metal_share : 1;

    return size ? (uint64_t)((double)size * share) : accelerator->memory;
}

static bool same_card_size(const struct accelerator *accelerator, uint64_t size)
{
    return !size || accelerator->memory == 0;
}

/* A size that is part of the name ("4060 Ti 16GB") comes first; then one that sets the memory. */
static const struct accelerator *part_find(struct part *part,
                                           const struct accelerators *accelerators)
{
    const struct accelerator *found = accelerators_find(accelerators, part->text);

    if (found && found->memory)
        return found;
    bool sized = take_last_size(part);
    return found || !sized ? found : accelerators_find(accelerators, part->text);
}

static void device_add(struct rig *rig, const struct accelerator *accelerator,
                       const struct part *part)
{
    rig->devices = memory_resize(rig->devices, rig->n_devices + 1, sizeof *rig->devices);
    struct device *device = &rig->devices[rig->n_devices++];
    uint64_t total = memory_of(accelerator, part->size);
    bool seen = accelerator->seen && same_card_size(accelerator, part->size);

    *device = (struct device){.has_kernels = true, .margin = -1, .numa_node = -1};
    device->name = memory_text(*part->rpc ? part->rpc : accelerator->backend); /* named below */
    device->description = memory_text(accelerator->name);
    device->compute_capability = memory_text(accelerator->arch);
    device->total = total;
    device->free = seen ? accelerator->seen : total;
    device->bandwidth_gb_s = accelerator->bandwidth_gb_s;
    device->bandwidth_source = RATE_DATABASE;
    device->tflops = accelerator->tflops;
    device->link_gb_s = *part->rpc ? part->gb_s : accelerator->link_gb_s;
    device->switch_us = *part->rpc ? RPC_SWITCH_US : 0;
    device->backend = *part->rpc ? BACKEND_RPC : backend_of_name(accelerator->backend);
    if (device->backend == BACKEND_CUDA && !*part->rpc)
        device->context = (uint64_t)CUDA_CONTEXT_MIB << 20;
}

static bool devices_read(struct part *part, const struct accelerators *accelerators,
                         struct rig *rig, struct error *error)
{
    char words[MAX_PART];

    memcpy(words, part->text, sizeof words);
    const struct accelerator *accelerator = part_find(part, accelerators);
    if (!accelerator)
        return part_error(error, words,
                          "no such accelerator in the database; describe it with --devices FILE");
    if (!memory_of(accelerator, part->size))
        return part_error(error, words,
                          "shares the host's memory: say how much, as in 'M3 Max 128G'");
    if (rig->n_devices + part->count > MAX_RIG_DEVICES)
        return part_error(error, words, "too many devices");
    for (unsigned long i = 0; i < part->count; i++)
        device_add(rig, accelerator, part);
    return true;
}

/* ---- names, in llama.cpp's order ---- */

static int rank(const struct device *device)
{
    static const char *const order[] = {"CUDA", "ROCm", "MTL", "SYCL"};

    if (device->backend == BACKEND_RPC)
        return -1;
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++)
        if (strcmp(device->name, order[i]) == 0)
            return i;
    return 99;
}

static void device_move_up(struct rig *rig, size_t from, size_t to)
{
    struct device moved = rig->devices[from];

    memmove(&rig->devices[to + 1], &rig->devices[to], (from - to) * sizeof moved);
    rig->devices[to] = moved;
}

static void devices_sort(struct rig *rig) /* stable, few */
{
    for (size_t i = 1; i < rig->n_devices; i++) {
        size_t to = i;
        while (to > 0 && rank(&rig->devices[i]) < rank(&rig->devices[to - 1]))
            to--;
        device_move_up(rig, i, to);
    }
}

/* llama.cpp registers a server with all its devices at once. */
static void servers_gather(struct rig *rig)
{
    for (size_t i = 1; i < rig->n_devices && rig->devices[i].backend == BACKEND_RPC; i++)
        for (size_t k = 0; k + 1 < i; k++)
            if (strcmp(rig->devices[k].name, rig->devices[i].name) == 0 &&
                strcmp(rig->devices[k + 1].name, rig->devices[i].name) != 0) {
                device_move_up(rig, i, k + 1);
                break;
            }
}

/* RPC devices count through all servers in their -dev name, and within a server in the buffer type's. */
static void devices_name(struct rig *rig)
{
    char *kinds[MAX_RIG_DEVICES];

    for (size_t i = 0; i < rig->n_devices; i++)
        kinds[i] = rig->devices[i].name;
    for (size_t i = 0, n = 0; i < rig->n_devices; i++) {
        struct device *device = &rig->devices[i];
        n = 0;
        for (size_t k = 0; k < i; k++)
            n += strcmp(kinds[k], kinds[i]) == 0;
        bool rpc = device->backend == BACKEND_RPC;
        device->name =
            rpc ? memory_format("RPC%zu[%s]", n, kinds[i]) : memory_format("%s%zu", kinds[i], n);
        device->device_name = rpc ? memory_format("RPC%zu", i) : memory_text(device->name);
    }
    for (size_t i = 0; i < rig->n_devices; i++)
        free(kinds[i]);
}

/* ---- the line ---- */

/* Up to the next `+` that joins parts: not the one of "Ryzen AI Max+ 395". */
static size_t part_length(const char *spec)
{
    size_t n = 0;

    while (spec[n] && (spec[n] != '+' || (n >= 3 && strncasecmp(spec + n - 3, "max", 3) == 0 &&
                                          strncmp(spec + n, "+ 395", 5) == 0)))
        n++;
    return n;
}

static bool part_read(const char *spec, size_t length, const struct accelerators *accelerators,
                      struct rig *rig, struct error *error)
{
    struct part part = {.count = 1};

    if (length >= MAX_PART)
        return error_set(error, ERROR_USAGE, "--rig: a part is too long");
    memcpy(part.text, spec, length);
    part_cut(&part, part.text);
    if (!*part.text)
        return error_set(error, ERROR_USAGE, "--rig: an empty part");
    if (!take_bandwidth(&part))
        return part_error(error, part.text, "after @ comes a bandwidth in GB/s");
    if (part_is_host(&part))
        return host_read(&part, rig, error);
    if (!take_count(&part))
        return part_error(error, part.text, "how many? 1 to 64");
    if (!take_rpc(&part))
        return part_error(error, part.text,
                          "an RPC host is written RPC[host:port] RTX 3090 @ GB/s");
    return devices_read(&part, accelerators, rig, error);
}

bool rig_spec_read(const char *spec, const struct accelerators *accelerators, struct rig *out,
                   struct error *error)
{
    bool ok = true;

    *out = (struct rig){.simulated = true};
    rig_init_host(&out->host, 0, 0);
    while (ok) {
        size_t length = part_length(spec);
        ok = part_read(spec, length, accelerators, out, error);
        if (!spec[length])
            break;
        spec += length + 1;
    }
    devices_sort(out);
    servers_gather(out);
    devices_name(out);
    if (!ok)
        rig_clear(out);
    return ok;
}

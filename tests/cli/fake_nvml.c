/* A stand-in for libnvidia-ml.so.1. Cards from the file $FAKE_NVML_FILE, read anew with every count, or from
 * $FAKE_NVML; between `;` (or newlines) one card each:
 *     NAME|UUID|BUS|TOTAL_MIB|FREE_MIB|CC[|PROCESSES[|INSTANCES]]
 * PROCESSES: "1234=500,99=20g,7=?" (MiB; g: it draws; ?: the driver does not tell). INSTANCES, of a split card:
 * "UUID+GI+TOTAL_MIB+FREE_MIB,..."; "none": split, without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CARDS = 16, PROCESSES = 16 };

struct memory {
    unsigned long long total, free, used;
};
struct pci {
    char legacy[16];
    unsigned domain, bus, device, id, subsystem;
    char rest[64];
};
struct process {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
};
struct fake {
    char name[96], uuid[96];
    unsigned bus;
    unsigned long long total, free;
    int major, minor;
    struct process processes[2][PROCESSES];
    unsigned n_processes[2];
    int is_split;
    unsigned gpu_instance;
    struct fake *instances[8];
    unsigned n_instances;
};

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device);
int nvmlDeviceGetName(void *device, char *name, unsigned size);
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned size);
int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory);
int nvmlDeviceGetPciInfo(void *device, struct pci *pci);
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor);
int nvmlDeviceGetMaxClockInfo(void *device, int type, unsigned *mhz);
int nvmlDeviceGetMemoryBusWidth(void *device, unsigned *bits);
int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned *generation);
int nvmlDeviceGetMaxPcieLinkWidth(void *device, unsigned *width);
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n, struct process *out);
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *n, struct process *out);
int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending);
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *n);
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **instance);
int nvmlDeviceGetGpuInstanceId(void *device, unsigned *number);
int nvmlDeviceGetComputeInstanceId(void *device, unsigned *number);

static struct fake cards[CARDS];
static struct fake instances[CARDS];
static unsigned n_cards, n_instances;

static void read_processes(char *text, struct fake *card)
{
    for (char *word = strsep(&text, ","); word != NULL; word = strsep(&text, ",")) {
        unsigned pid = 0;
        char size[32] = "";
        if (sscanf(word, "%u=%31s", &pid, size) != 2) {
            continue;
        }
        int kind = strchr(size, 'g') != NULL;
        unsigned long long bytes = size[0] == '?' ? ~0ULL : strtoull(size, NULL, 10) << 20;
        if (card->n_processes[kind] < PROCESSES) {
            card->processes[kind][card->n_processes[kind]++] = (struct process){pid, bytes, 0, 0};
        }
    }
}

static void read_instances(char *text, struct fake *card)
{
    card->is_split = text != NULL && text[0] != '\0';
    for (char *word = strsep(&text, ","); word != NULL; word = strsep(&text, ",")) {
        struct fake *instance = &instances[n_instances];
        *instance = *card;
        if (n_instances < CARDS && card->n_instances < 8 &&
            sscanf(word, "%95[^+]+%u+%llu+%llu", instance->uuid, &instance->gpu_instance,
                   &instance->total, &instance->free) == 4) {
            snprintf(instance->name, sizeof instance->name, "%.60s MIG 1g.5gb", card->name);
            card->instances[card->n_instances++] = instance;
            n_instances++;
        }
    }
}

static void read_card(char *text)
{
    struct fake *card = &cards[n_cards];
    char *rest = text;
    *card = (struct fake){0};
    if (sscanf(text, "%95[^|]|%95[^|]|%x|%llu|%llu|%d.%d", card->name, card->uuid, &card->bus,
               &card->total, &card->free, &card->major, &card->minor) != 7) {
        return;
    }
    for (int i = 0; i < 6 && rest != NULL; i++) {
        strsep(&rest, "|");
    }
    char *processes = rest != NULL ? strsep(&rest, "|") : NULL;
    if (processes != NULL) {
        read_processes(processes, card);
    }
    read_instances(rest, card);
    n_cards++;
}

/* The file may be replaced while the program runs. Every reading leaves a byte in FILE.reads. */
static char *read_text(void)
{
    const char *path = getenv("FAKE_NVML_FILE");
    const char *text = getenv("FAKE_NVML");
    if (path == NULL) {
        return text != NULL ? strdup(text) : NULL;
    }
    char marks[4096];
    snprintf(marks, sizeof marks, "%s.reads", path);
    FILE *reads = fopen(marks, "a");
    if (reads != NULL) {
        fputc('.', reads);
        fclose(reads);
    }
    char *all = calloc(1, 8192);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size_t n = fread(all, 1, 8191, file);
        all[n] = '\0';
        fclose(file);
    }
    return all;
}

static int read_cards(void)
{
    char *text = read_text();
    char *rest = text;
    if (text == NULL) {
        return 9; /* NVML_ERROR_DRIVER_NOT_LOADED */
    }
    n_cards = n_instances = 0;
    for (char *card = strsep(&rest, ";\n"); card != NULL && n_cards < CARDS;
         card = strsep(&rest, ";\n")) {
        read_card(card);
    }
    free(text);
    return 0;
}

int nvmlInit_v2(void)
{
    return read_cards();
}

int nvmlShutdown(void)
{
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    read_cards();
    *count = n_cards;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    *device = index < n_cards ? &cards[index] : NULL;
    return index < n_cards ? 0 : 2;
}

int nvmlDeviceGetName(void *device, char *name, unsigned size)
{
    snprintf(name, size, "%s", ((struct fake *)device)->name);
    return 0;
}

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned size)
{
    snprintf(uuid, size, "%s", ((struct fake *)device)->uuid);
    return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory)
{
    const struct fake *card = device;
    *memory =
        (struct memory){card->total << 20, card->free << 20, (card->total - card->free) << 20};
    return 0;
}

int nvmlDeviceGetPciInfo(void *device, struct pci *pci)
{
    memset(pci, 0, sizeof *pci);
    pci->bus = ((struct fake *)device)->bus;
    return 0;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor)
{
    *major = ((struct fake *)device)->major;
    *minor = ((struct fake *)device)->minor;
    return 0;
}

int nvmlDeviceGetMaxClockInfo(void *device, int type, unsigned *mhz)
{
    (void)device;
    *mhz = type == 2 ? 14001 : 2400;
    return 0;
}

int nvmlDeviceGetMemoryBusWidth(void *device, unsigned *bits)
{
    (void)device;
    *bits = 512;
    return 0;
}

int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned *generation)
{
    (void)device;
    *generation = 5;
    return 0;
}

int nvmlDeviceGetMaxPcieLinkWidth(void *device, unsigned *width)
{
    (void)device;
    *width = 16;
    return 0;
}

static int processes_of(const struct fake *card, int kind, unsigned *n, struct process *out)
{
    unsigned room = *n;
    *n = card->n_processes[kind];
    if (room < *n) {
        return 7; /* NVML_ERROR_INSUFFICIENT_SIZE */
    }
    memcpy(out, card->processes[kind], *n * sizeof *out);
    return 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n, struct process *out)
{
    return processes_of(device, 0, n, out);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *n, struct process *out)
{
    return processes_of(device, 1, n, out);
}

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending)
{
    *current = *pending = (unsigned)((struct fake *)device)->is_split;
    return 0;
}

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *n)
{
    *n = 7;
    (void)device;
    return 0;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **instance)
{
    const struct fake *card = device;
    *instance = index < card->n_instances ? card->instances[index] : NULL;
    return index < card->n_instances ? 0 : 6; /* NVML_ERROR_NOT_FOUND */
}

int nvmlDeviceGetGpuInstanceId(void *device, unsigned *number)
{
    *number = ((struct fake *)device)->gpu_instance;
    return 0;
}

int nvmlDeviceGetComputeInstanceId(void *device, unsigned *number)
{
    (void)device;
    *number = 0;
    return 0;
}

/* A stand-in for libnvidia-ml.so.1: cards from $FAKE_NVML, "NAME|UUID|BUS|TOTAL_MIB|FREE_MIB|CC" lines between
 * `;`. With $FAKE_NVML_OLD only the first names of the functions are there in spirit: the _v2 ones fail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    unsigned long long total, free, used;
};
struct pci {
    char legacy[16];
    unsigned domain, bus, device, id, subsystem;
    char rest[64];
};
struct fake {
    char name[96], uuid[96];
    unsigned bus;
    unsigned long long total, free;
    int major, minor;
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

static struct fake cards[16];
static unsigned n_cards;

int nvmlInit_v2(void)
{
    const char *text = getenv("FAKE_NVML");
    n_cards = 0;
    if (text == NULL) {
        return 9; /* NVML_ERROR_DRIVER_NOT_LOADED */
    }
    while (*text != '\0' && n_cards < 16) {
        struct fake *card = &cards[n_cards];
        if (sscanf(text, "%95[^|]|%95[^|]|%x|%llu|%llu|%d.%d", card->name, card->uuid, &card->bus,
                   &card->total, &card->free, &card->major, &card->minor) == 7) {
            n_cards++;
        }
        text += strcspn(text, ";");
        text += *text == ';';
    }
    return 0;
}

int nvmlShutdown(void)
{
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    *count = n_cards;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    *device = &cards[index];
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

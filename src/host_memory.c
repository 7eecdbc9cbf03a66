#include "src/host_memory.h"

#include "model/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void host_memory_read(struct device *host)
{
    const char *root = getenv("OTPLAN_PROC");
    char *path = memory_format("%s/meminfo", root != NULL ? root : "/proc");
    FILE *file = fopen(path, "re");
    free(path);
    unsigned long long total = 0;
    unsigned long long available = 0;
    char line[256];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned long long kib = 0;
        if (sscanf(line, "MemTotal: %llu kB", &kib) == 1) {
            total = kib;
        } else if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) {
            available = kib;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    bool sane = total < (1ULL << 50) && available <= total;
    rig_init_host(host, sane ? total << 10 : 0, sane ? available << 10 : 0);
}

#include "src/host_memory.h"

#include "model/base/memory.h"
#include "src/machine_tree.h"

#include <stdlib.h>
#include <string.h>

struct limit { /* the tightest one of a process's control groups */
    uint64_t bytes, used;
    char *from; /* owned: its file */
};

/* Pages of files are given back when memory is asked for: they are not counted as used. */
static uint64_t cached(const char *folder, const char *key)
{
    uint64_t bytes = 0;
    char *text = machine_text("%s/memory.stat", folder);
    bool read = text != NULL && machine_field(text, key, &bytes);
    free(text);
    return read ? bytes : 0;
}

struct group_files {
    const char *limit, *used, *cache;
};
static const struct group_files version_2 = {"memory.max", "memory.current", "inactive_file"};
static const struct group_files version_1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                             "total_inactive_file"};

static void read_group(const char *folder, const struct group_files *files, struct limit *limit)
{
    uint64_t most = 0;
    uint64_t used = 0;
    if (!machine_number(&most, "%s/%s", folder, files->limit) || most >= limit->bytes) {
        return;
    }
    machine_number(&used, "%s/%s", folder, files->used);
    uint64_t cache = cached(folder, files->cache);
    limit->bytes = most;
    limit->used = used > cache ? used - cache : 0;
    free(limit->from);
    limit->from = memory_format("%s/%s", folder, files->limit);
}

/* The group and all above it: each may be the tightest. */
static void read_groups(const char *mount, const char *group, const struct group_files *files,
                        struct limit *limit)
{
    char *folder = memory_format("%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
    while (strlen(folder) >= strlen(mount)) {
        read_group(folder, files, limit);
        char *slash = strrchr(folder, '/');
        if (slash == NULL) {
            break;
        }
        *slash = '\0';
    }
    free(folder);
}

static void read_limits(struct limit *limit)
{
    char *text = machine_text("/proc/self/cgroup");
    char *rest = text;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        char *group = strstr(line, ":/");
        if (group == NULL || strstr(group, "..") != NULL) {
            continue; /* outside of what this container sees */
        }
        if (strncmp(line, "0::", 3) == 0) {
            read_groups("/sys/fs/cgroup", group + 1, &version_2, limit);
        } else if (strstr(line, ":memory:") != NULL || strstr(line, ",memory:") != NULL) {
            read_groups("/sys/fs/cgroup/memory", group + 1, &version_1, limit);
        }
    }
    free(text);
}

void host_memory_read(struct device *host)
{
    uint64_t total = 0;
    uint64_t available = 0;
    char *text = machine_text("/proc/meminfo");
    bool sane = text != NULL && machine_field(text, "MemTotal", &total) &&
                machine_field(text, "MemAvailable", &available) && total < (1ULL << 50) &&
                available <= total;
    free(text);
    total = sane ? total << 10 : 0;
    available = sane ? available << 10 : 0;
    struct limit limit = {.bytes = total};
    read_limits(&limit);
    if (limit.from != NULL) {
        uint64_t left = limit.bytes > limit.used ? limit.bytes - limit.used : 0;
        total = limit.bytes;
        available = left < available ? left : available;
    }
    rig_init_host(host, total, available);
    host->found_by = limit.from != NULL ? memory_format("/proc/meminfo, limited by %s", limit.from)
                                        : memory_text("/proc/meminfo (MemTotal, MemAvailable)");
    free(limit.from);
}

/* A line "Node 0 MemTotal:       32768 kB". */
static bool node_field(const char *text, unsigned node, const char *key, uint64_t *bytes)
{
    char *name = memory_format("Node %u %s", node, key);
    bool read = machine_field(text, name, bytes) && *bytes < (1ULL << 50);
    free(name);
    *bytes <<= read ? 10 : 0;
    return read;
}

struct numa_node *host_numa_nodes(size_t *n)
{
    size_t count = 0;
    unsigned *numbers = machine_numbered("/sys/devices/system/node", "node", &count);
    struct numa_node *nodes = memory_array(count, sizeof *nodes);
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        struct numa_node node = {.number = numbers[i]};
        char *text = machine_text("/sys/devices/system/node/node%u/meminfo", numbers[i]);
        if (text != NULL && node_field(text, numbers[i], "MemTotal", &node.total) &&
            node_field(text, numbers[i], "MemFree", &node.free) && node.total > 0) {
            nodes[(*n)++] = node;
        }
        free(text);
    }
    free(numbers);
    return nodes;
}

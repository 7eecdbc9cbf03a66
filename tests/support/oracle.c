#include "tests/support/oracle.h"

#include "model/base/memory.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool oracle_present(void)
{
    return access(OTPLAN_SHARED "/oracle", R_OK) == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **oracle_models(const char *folder)
{
    char *directory = memory_format("%s/oracle/%s", OTPLAN_SHARED, folder);
    DIR *dir = opendir(directory);
    cr_assert(dir != NULL, "cannot list %s", directory);
    char **paths = NULL;
    size_t n = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".gguf") != 0) {
            continue;
        }
        paths = memory_resize(paths, n + 2, sizeof *paths);
        paths[n++] = memory_format("%s/%s", directory, entry->d_name);
        paths[n] = NULL;
    }
    closedir(dir);
    free(directory);
    qsort(paths, n, sizeof *paths, by_text);
    return paths;
}

void oracle_models_free(char ***paths)
{
    for (size_t i = 0; *paths != NULL && (*paths)[i] != NULL; i++) {
        free((*paths)[i]);
    }
    free(*paths);
    *paths = NULL;
}

void open_model(const char *path, struct open_model *out)
{
    struct error error = {0};
    cr_assert(model_file_open(path, &out->file, &error), "%s", error.text);
    cr_assert(model_describe(out->file->gguf, path, false, &out->model, &error), "%s", error.text);
}

void close_model(struct open_model *open)
{
    model_free(&open->model);
    model_file_close(&open->file);
}

void stand_in_rig(const uint32_t *free_mib, size_t n, struct rig *out)
{
    *out = (struct rig){.n_devices = n, .simulated = true};
    out->devices = memory_array(n, sizeof *out->devices);
    for (size_t i = 0; i < n; i++) {
        struct device *device = &out->devices[i];
        device->name = memory_format("CUDA%zu", i);
        device->device_name = memory_text(device->name);
        device->description = memory_text("");
        device->backend = BACKEND_CUDA;
        device->total = device->free = (uint64_t)free_mib[i] << 20;
        device->margin = -1;
        device->numa_node = -1;
    }
    rig_init_host(&out->host, 524288ULL << 20, 500000ULL << 20);
}

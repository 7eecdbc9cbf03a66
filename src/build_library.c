#include "src/build_library.h"

#include "model/base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LIBRARIES = 64 };

/* ---- the file ------------------------------------------------------------------------------- */

static const char *backend_by_name(const char *name)
{
    static const struct {
        const char *part, *backend;
    } names[] = {{"ggml-cuda", "CUDA"},     {"ggml-hip", "ROCm"},  {"ggml-musa", "MUSA"},
                 {"ggml-vulkan", "Vulkan"}, {"ggml-sycl", "SYCL"}, {"ggml-metal", "Metal"},
                 {"ggml-opencl", "OpenCL"}, {"ggml-cann", "CANN"}, {"ggml-webgpu", "WebGPU"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strstr(name, names[i].part) != NULL) {
            return names[i].backend;
        }
    }
    return NULL;
}

static const char *backend_by_needs(const char *bytes, size_t n)
{
    static const struct {
        const char *library, *backend;
    } needs[] = {{"libcudart.so", "CUDA"},   {"libcublas.so", "CUDA"},   {"libcuda.so", "CUDA"},
                 {"libamdhip64.so", "ROCm"}, {"libvulkan.so", "Vulkan"}, {"libsycl.so", "SYCL"}};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (memmem(bytes, n, needs[i].library, strlen(needs[i].library)) != NULL) {
            return needs[i].backend;
        }
    }
    return NULL;
}

/* "750,860,890": numbers of three or four digits that end in 0. */
static bool is_arch_list(const char *text, size_t length)
{
    size_t digits = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] >= '0' && text[i] <= '9') {
            digits++;
            continue;
        }
        if ((i < length && text[i] != ',') || digits < 3 || digits > 4 || text[i - 1] != '0') {
            return false;
        }
        digits = 0;
    }
    return true;
}

/* The list among the texts of the file: several numbers anywhere, a single one near the word ARCHS. */
static char *find_archs(const char *bytes, size_t n)
{
    const char *word = memmem(bytes, n, "ARCHS", sizeof "ARCHS");
    if (word == NULL) {
        return NULL;
    }
    for (size_t at = 1; at + 3 < n; at++) {
        if (bytes[at - 1] != '\0' || bytes[at] < '1' || bytes[at] > '9') {
            continue;
        }
        size_t length = strnlen(bytes + at, n - at < 256 ? n - at : 256);
        const char *text = bytes + at;
        bool near = text > word - 4096 && text < word + 4096;
        bool several = memchr(text, ',', length) != NULL;
        if (length >= 3 && (several || near) && is_arch_list(text, length)) {
            return memory_text_n(text, length);
        }
    }
    return NULL;
}

static void read_library(struct build_library *library)
{
    struct stat status;
    const char *slash = strrchr(library->path, '/');
    library->backend = backend_by_name(slash != NULL ? slash + 1 : library->path);
    int file = open(library->path, O_RDONLY | O_CLOEXEC);
    bool usable =
        file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
    size_t n = usable ? (size_t)status.st_size : 0;
    char *bytes = usable ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    if (bytes != MAP_FAILED) {
        library->backend = library->backend != NULL ? library->backend : backend_by_needs(bytes, n);
        library->archs = library->backend != NULL ? find_archs(bytes, n) : NULL;
        munmap(bytes, n);
    }
    if (file >= 0) {
        close(file);
    }
}

/* ---- the folder ----------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    bool library = strncmp(name, "lib", 3) == 0 &&
                   (strstr(name, ".so") != NULL || strstr(name, ".dylib") != NULL);
    return library && (strncmp(name + 3, "llama", 5) == 0 || strncmp(name + 3, "ggml", 4) == 0);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct build_library *)a)->path, ((const struct build_library *)b)->path);
}

struct build_library *build_libraries(const char *folder, size_t *n)
{
    struct build_library *list = memory_array(MOST_LIBRARIES, sizeof *list);
    DIR *open_folder = opendir(folder);
    *n = 0;
    for (struct dirent *entry = NULL;
         open_folder != NULL && *n < MOST_LIBRARIES && (entry = readdir(open_folder)) != NULL;) {
        if (is_ours(entry->d_name)) {
            list[(*n)++].path = memory_format("%s/%s", folder, entry->d_name);
        }
    }
    if (open_folder != NULL) {
        closedir(open_folder);
    }
    qsort(list, *n, sizeof *list, by_path);
    for (size_t i = 0; i < *n; i++) {
        read_library(&list[i]);
    }
    return list;
}

void build_libraries_clear(struct build_library *libraries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(libraries[i].path);
        free(libraries[i].archs);
    }
    free(libraries);
}

const struct build_library *build_gpu_library(const struct build_library *libraries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (libraries[i].backend != NULL) {
            return &libraries[i];
        }
    }
    return NULL;
}

bool build_covers(const char *archs, const char *capability)
{
    char *end = NULL;
    unsigned long major = capability != NULL ? strtoul(capability, &end, 10) : 0;
    if (archs == NULL || capability == NULL || end == capability || *end != '.') {
        return true;
    }
    unsigned long wanted = major * 100 + strtoul(end + 1, NULL, 10) * 10;
    for (const char *at = archs; *at >= '0' && *at <= '9';) {
        unsigned long arch = strtoul(at, &end, 10);
        if (arch / 100 == major && arch <= wanted) {
            return true;
        }
        at = *end == ',' ? end + 1 : end;
    }
    return false;
}

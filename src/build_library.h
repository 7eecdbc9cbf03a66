/* What a library of llama.cpp was built with, from its file alone: nothing of it is loaded.
 *
 * A backend is known by the name of its library (libggml-cuda.so) or, in one that holds all of them, by the
 * libraries it asks for. The compute capabilities stand in CUDA builds as the text behind ARCHS
 * (ggml-cuda.cu: __CUDA_ARCH_LIST__, "750,860,890").
 */
#ifndef OTPLAN_SRC_BUILD_LIBRARY_H
#define OTPLAN_SRC_BUILD_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct build_library {
    char *path;          /* owned */
    const char *backend; /* "CUDA", "ROCm", "Vulkan", "SYCL", "Metal", …; NULL: none for a device */
    char *archs;         /* owned or NULL: "750,860,890" */
};

/* New list: the files lib*.so* (and .dylib) of llama.cpp and ggml in a folder, by name. */
struct build_library *build_libraries(const char *folder, size_t *n);
void build_libraries_clear(struct build_library *libraries, size_t n);

/* The first with a backend for devices, or NULL. */
const struct build_library *build_gpu_library(const struct build_library *libraries, size_t n);

/* Does a list of compiled architectures serve compute capability "12.0"? The same generation at its minor or below.
 * Newer ones are reached through PTX, which the list does not tell. True where either is unknown. */
bool build_covers(const char *archs, const char *capability);

#endif

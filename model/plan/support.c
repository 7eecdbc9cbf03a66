#include "model/plan/support.h"

#include "model/base/memory.h"

#include <string.h>

/* Vulkan drivers commonly take storage buffers up to 4 GiB. */
static const uint64_t vulkan_largest = 4ULL << 30;

const char *support_operation(const struct model_tensor *tensor)
{
    if (tensor->lookup) {
        return "GET_ROWS";
    }
    return tensor->mul_mat_id ? "MUL_MAT_ID" : "MUL_MAT";
}

static bool one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool cuda_runs(const struct model_tensor *tensor)
{
    static const char *const no_mul_mat[] = {"tq1_0", "tq2_0", "q8_1"};
    static const char *const no_get_rows[] = {"nvfp4", "q8_K", "tq1_0", "tq2_0"};
    static const char *const whole_blocks[] = {"iq4_nl", "mxfp4"}; /* rows of 256 only */
    const char *type = tensor->type->name;
    if (!tensor->lookup) {
        return !one_of(type, no_mul_mat, sizeof no_mul_mat / sizeof no_mul_mat[0]);
    }
    if (one_of(type, whole_blocks, sizeof whole_blocks / sizeof whole_blocks[0])) {
        return tensor->ne[0] % 256 == 0;
    }
    return !one_of(type, no_get_rows, sizeof no_get_rows / sizeof no_get_rows[0]);
}

uint64_t support_largest(const struct device *device)
{
    bool vulkan = device->has_kernels && device->backend == BACKEND_VULKAN;
    return vulkan ? vulkan_largest : UINT64_MAX;
}

bool support_runs(const struct device *device, const struct model_tensor *tensor)
{
    if (!device->has_kernels) {
        return true;
    }
    switch (device->backend) {
    case BACKEND_CUDA:
        return cuda_runs(tensor);
    case BACKEND_VULKAN:
        return tensor->bytes <= vulkan_largest;
    default:
        return true;
    }
}

char *support_problem(const struct device *device, const struct model_tensor *tensor)
{
    if (support_runs(device, tensor)) {
        return NULL;
    }
    if (device->backend == BACKEND_VULKAN) {
        return memory_format("%s takes at most 4 GiB in one buffer on most drivers, and %s has "
                             "%.1f GiB",
                             device->name, tensor->name, (double)tensor->bytes / (1 << 30));
    }
    return memory_format("%s cannot run %s on %s (%s)", device->name, support_operation(tensor),
                         tensor->name, tensor->type->name);
}

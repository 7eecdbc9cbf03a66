#include "model/plan/support.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"

/* Vulkan drivers commonly take storage buffers up to 4 GiB. */
static const uint64_t vulkan_largest = 4ULL << 30;

const char *support_operation(const struct model_tensor *tensor)
{
    if (tensor->lookup) {
        return "GET_ROWS";
    }
    return tensor->mul_mat_id ? "MUL_MAT_ID" : "MUL_MAT";
}

static bool cuda_runs(const struct model_tensor *tensor)
{
    switch (tensor->type->id) {
    case GGML_TQ1_0:
    case GGML_TQ2_0:
        return false;
    case GGML_Q8_1:
        return tensor->lookup;
    case GGML_Q8_K:
    case GGML_NVFP4:
        return !tensor->lookup;
    case GGML_IQ4_NL:
    case GGML_MXFP4: /* rows read by number: whole blocks of 256 only */
        return !tensor->lookup || tensor->ne[0] % 256 == 0;
    default:
        return true;
    }
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

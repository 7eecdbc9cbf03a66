/* Can a device run the operation that a tensor is used in? Where it cannot, llama.cpp keeps the tensor on
 * the host without a word, and an override that sends it there all the same aborts the load.
 *
 * Source: section 3.1 of the memory model; ggml/src/ggml-cuda/ggml-cuda.cu:5218-5288 (supports_op) and
 * ggml/src/ggml-vulkan/ggml-vulkan.cpp:15032-15040 (largest storage buffer) of llama.cpp v0.5.0.
 */
#ifndef OTPLAN_MODEL_PLAN_SUPPORT_H
#define OTPLAN_MODEL_PLAN_SUPPORT_H

#include "model/net/model.h"
#include "model/plan/device.h"

/* "GET_ROWS", "MUL_MAT", "MUL_MAT_ID": the operation that reads the tensor. */
const char *support_operation(const struct model_tensor *tensor);

/* Devices without kernels (the reference's stand-ins) run everything. */
bool support_runs(const struct device *device, const struct model_tensor *tensor);

/* Why not, for a person: "CUDA0 cannot run MUL_MAT on tq1_0". New text; NULL where it can. */
char *support_problem(const struct device *device, const struct model_tensor *tensor);

/* The largest single allocation the device takes; UINT64_MAX where there is no limit known of. */
uint64_t support_largest(const struct device *device);

#endif

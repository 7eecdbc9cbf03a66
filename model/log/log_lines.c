#include "model/log/log_lines.h"

#include "model/log/log_take.h"

#include <string.h>

/* `key` is looked for first, anywhere in the line; then the pattern must match (NULL: the key is enough). */
struct line_kind {
    const char *key;
    const char *pattern;
    line_handler *take;
    int what;
};

static const struct line_kind line_kinds[] = {
    /* who speaks */
    {"oboldcpp", NULL, take_engine, ENGINE_KOBOLDCPP},
    {"KoboldCpp", NULL, take_engine, ENGINE_KOBOLDCPP},
    {"Override Tensor", NULL, take_engine, ENGINE_KOBOLDCPP},
    {"Applying Tensor Split", NULL, take_engine, ENGINE_KOBOLDCPP},
    {"gpttype_load_model", NULL, take_engine, ENGINE_KOBOLDCPP},
    {"source=runner.go", NULL, take_engine, ENGINE_OLLAMA},
    {"source=server.go", NULL, take_engine, ENGINE_OLLAMA},
    {"source=ggml.go", NULL, take_engine, ENGINE_OLLAMA},
    {".ollama/models", NULL, take_engine, ENGINE_OLLAMA},
    {"ollama runner", NULL, take_engine, ENGINE_OLLAMA},
    {"llama_cpp/llama.py", NULL, take_engine, ENGINE_LLAMA_PYTHON},
    {"Using gguf chat template:", NULL, take_engine, ENGINE_LLAMA_PYTHON},
    {"Model metadata: {", NULL, take_engine, ENGINE_LLAMA_PYTHON},
    {"ik_llama", NULL, take_engine, ENGINE_IK_LLAMA},
    {"c^KV (", NULL, take_engine, ENGINE_IK_LLAMA},
    {"kv^T", NULL, take_engine, ENGINE_IK_LLAMA},
    {"Tensor ", "Tensor %t buffer type overrid%t", take_engine, ENGINE_IK_LLAMA},
    {"Setting default device in layer", NULL, take_engine, ENGINE_IK_LLAMA},
    {"n_embd_head_qk_rope = ", NULL, take_engine, ENGINE_IK_LLAMA},
    {"load_tensors:", NULL, take_engine, ENGINE_LLAMA_CPP},
    {"llama_", NULL, take_engine, ENGINE_LLAMA_CPP},
    {"common_param", NULL, take_engine, ENGINE_LLAMA_CPP},
    {"ggml_", NULL, take_engine, ENGINE_LLAMA_CPP},

    /* the program */
    {"# command:", "# command: %t", take_command, 0},
    {" cmd=\"", "cmd=\"%t", take_command, 0},
    {"llama-", "^%tllama-server -%t", take_command, 0},
    {"build", "build: %t", take_build, 0},
    {"print_info: build ", "common_params_print_info: %t", take_build, 0},
    {"build info | tid=", NULL, take_process, 0},
    {"llama_server: initializing", NULL, take_process, 0},
    {"verbosity = ", "verbosity = %u (adjust", take_verbosity, 0},
    {"AVX = ", "^AVX = %t", take_features, 0}, /* llama-cpp-python prints the line bare */
    {"CPU : ", "^CPU : %t", take_features, 0},
    {" | CPU : ", "^%t", take_features, 0},
    {"System Info: ", "System Info: %t", take_features, 0},
    {"system_info:", "system_info: %t", take_features, 0},

    /* devices */
    {"ggml_cuda_init: found", "found %u %s devices", take_cuda_init, 0},
    {"VMM: ", "Device %u: %t, compute capability %t", take_cuda_device, 0},
    {"VMM: ", "Device %u: %t, gfx%t", take_cuda_device, 0},
    {"ggml_vulkan: ", "ggml_vulkan: %u = %t", take_vulkan_device, 0},
    {"| uma: ", "^Vulkan%u: %t", take_vulkan_device, 0},
    {":gpu:", "%u| [%t:gpu:%t]| %t|", take_sycl_device, 0},
    {"using device ", "using device %s (%t", take_used_device, 0},
    {" MiB free)", "- %s %t (%u MiB, %u MiB free)", take_listed_device, 0},
    {" MiB free)", "^%s %t (%u MiB, %u MiB free)", take_listed_device, 1},
    {"Override Tensors for", "backends: %t", take_backend_names, 0},

    /* the model */
    {"loaded meta data with", "with %u key-value pairs and %u tensors from %t (version", take_model,
     0},
    {"arch ", "%s arch = %s", take_arch, 0},
    {"n_layer ", "%s n_layer = %u", take_n_layer, 0},
    {"no_alloc ", "no_alloc = %u", take_no_alloc, 0},
    {"loading model tensors", NULL, take_stage, STAGE_META},
    {"ggml ctx size =", NULL, take_stage, STAGE_META},
    {"loading draft model", NULL, take_draft, 0},
    {"offloading ", "offloading %u repeating layers to GPU", take_stage, STAGE_TENSORS},
    {"offloading output layer", NULL, take_stage, STAGE_TENSORS},
    {"offloaded ", "offloaded %u/%u layers to GPU", take_offloaded, 0},
    {"layers.offload=", "layers.model=%u layers.offload=%u", take_ollama_layers, 0},
    {"buffer type overrid", "ensor %s buffer type overriden to %s", take_override, 0},
    {"buffer type overrid", "tensor %s (%u MiB %t buffer type overridden to %s", take_override, 0},
    {"buffer type overrid", "tensor %s buffer type overriden to %s", take_override, 0},
    {"buffer type overrid", "Tensor %s (%t buffer type overridden to %s", take_override, 0},
    {"buffer type overrid", "Tensor %s buffer type overriden to %s", take_override, 0},
    {"assigned to device ", "layer %u assigned to device %s", take_layer, 0},

    /* buffers */
    {" model buffer size", "%s model buffer size = %f MiB", take_weights, 0},
    {"load_tensors:", "llm_load_tensors: %s buffer size = %f MiB", take_weights, 0},
    {" KV buffer size", "%s KV buffer size = %f MiB", take_buffer, LOG_BUFFER_KV},
    {" state buffer size", "%s DSV4 %s state buffer size = %f MiB", take_buffer, LOG_BUFFER_KV},
    {" RS buffer size", "%s RS buffer size = %f MiB", take_buffer, LOG_BUFFER_RS},
    {" compute buffer size", "%s compute buffer size = %f MiB", take_buffer, LOG_BUFFER_COMPUTE},
    {" output buffer size", "%s output buffer size = %f MiB", take_buffer, LOG_BUFFER_OUTPUT},
    {"\"model weights\"", "device=%s size=\"%f%t", take_ollama_buffer, LOG_BUFFER_MODEL},
    {"\"model weights\"", "buffer=%s size=\"%f%t", take_ollama_buffer, LOG_BUFFER_MODEL},
    {"\"kv cache\"", "device=%s size=\"%f%t", take_ollama_buffer, LOG_BUFFER_KV},
    {"\"compute graph\"", "device=%s size=\"%f%t", take_ollama_buffer, LOG_BUFFER_COMPUTE},

    /* the context */
    {"constructing llama_context", NULL, take_context_start, 0},
    {"n_ctx ", "%s n_ctx = %u", take_n_ctx, 0},
    {"n_seq_max ", "%s n_seq_max = %u", take_setting, SETTING_SEQ_MAX},
    {"n_batch ", "%s n_batch = %u", take_setting, SETTING_BATCH},
    {"n_ubatch ", "%s n_ubatch = %u", take_setting, SETTING_UBATCH},
    {"Flash Attention enabled", NULL, take_flash, 1},
    {"Flash Attention was auto, set to enabled", NULL, take_flash, 1},
    {"Flash Attention was auto, set to disabled", NULL, take_flash, 0},
    {"Flash Attention not supported", NULL, take_flash, 0},
    {"flash_attn ", "flash_attn = 1", take_flash, 1},
    {"flash_attn ", "flash_attn = 0", take_flash, 0},
    {"flash_attn ", "flash_attn = enabled", take_flash, 1},
    {"flash_attn ", "flash_attn = disabled", take_flash, 0},
    {"pipeline parallelism enabled", NULL, take_pipeline, 0},
    {"graph splits", "graph splits = %u (with bs=%u), %u (with bs=", take_splits, 0},
    {"graph splits", "graph splits = %u", take_splits, 1},
    {"splits = ", "splits = %u / %u,", take_splits, 0},
    {"splits = ", "splits = %u,", take_splits, 0},
    {"memory breakdown", NULL, take_table, 0},
    {"emory_breakdown", NULL, take_row, 0},

    /* running */
    {"model loaded", NULL, take_ready, 0},
    {"server is listening", NULL, take_ready, 0},
    {"listening on http", NULL, take_ready, 0},
    {"eval time", "%f tokens per second)", take_speed, 0},
    {"[ Prompt: ", "Prompt: %f t/s | Generation: %f t/s", take_cli_speed, 0},
    {"eval rate:", "prompt eval rate: %f tokens/s", take_rate, 1},
    {"eval rate:", "^eval rate: %f tokens/s", take_rate, 0},
    {"S_TG t/s", NULL, take_sweep_header, 0},
    {"|", NULL, take_sweep_row, 0},
    {"| ", "pp%u%t| %f \xc2\xb1", take_bench_speed, 1},
    {"| ", "tg%u%t| %f \xc2\xb1", take_bench_speed, 0},
    {"Process:", "Process:%fs (%fT/s)", take_kobold_speed, 1},
    {"Process:", "Process:%fs (%fms/T = %fT/s)", take_kobold_speed, 1},
    {"Generate:", "Generate:%fs (%fT/s)", take_kobold_speed, 0},
    {"Generate:", "Generate:%fs (%fms/T = %fT/s)", take_kobold_speed, 0},

    /* refused memory */
    {"failed to allocate ", "failed to allocate %s buffer of size %u", take_refused, 0},
    {" on device ", "allocating %f MiB on device %u:", take_cuda_malloc, 0},
    {"current device:", "current device: %u, in function", take_current_device, 0},
    {"failed to allocate buffer of size", "size %u", take_refused_bytes, 0},
    {"Device memory allocation of size", "size %u failed", take_refused_bytes, 0},
    {"an't allocate ", "allocate %u Bytes of memory on device", take_refused_bytes, 0},
    {"failed to allocate buffer, size =", "size = %f MiB", take_refused_bytes, 20},
    {"Failed to allocate pinned memory", NULL, take_hint, HINT_PINNED_FAILED},
    {"of pinned memory", "failed to allocate %f MiB of pinned memory", take_pinned, 0},

    /* failures */
    {"error loading model", "model: %t", take_load_failed, 0},
    {"failed to load model", NULL, take_load_failed, 0},
    {"Failed to load model", NULL, take_load_failed, 0},
    {"unable to load model", NULL, take_load_failed, 0},
    {"exiting due to model loading error", NULL, take_load_failed, 0},
    {"Could not load text model", NULL, take_load_failed, 0},
    {"Load Text Model OK: False", NULL, take_load_failed, 0},
    {"error loading llama server", NULL, take_load_failed, 0},
    {"failed to initialize the context", "context: %t", take_context_failed, 0},
    {"failed to allocate compute ", NULL, take_context_failed, 0},
    {"failed to create context", NULL, take_context_failed, 0},
    {"failed to create_context", NULL, take_context_failed, 0},
    {"Failed to create llama_context", NULL, take_context_failed, 0},
    {"llama_kv_cache_init() failed", NULL, take_context_failed, 0},
    {"error while loading shared libraries", "libraries: %t", take_load_failed, 0},
    {"error: unknown argument", NULL, take_load_failed, 0},
    {"error: invalid argument", NULL, take_load_failed, 0},
    {"error while handling argument", NULL, take_load_failed, 0},
    {"retrying without pipeline parallelism", NULL, take_pipeline_retry, 0},
    {"CUDA error: ", NULL, take_abort, 0},
    {"ROCm error: ", NULL, take_abort, 0},
    {"HIP error: ", NULL, take_abort, 0},
    {"MUSA error: ", NULL, take_abort, 0},
    {"GGML_ASSERT(", NULL, take_abort, 0},
    {"that cannot run the operation", NULL, take_abort, 0},
    {"that cannot run the operation", "in a buffer (%t) that", take_named_device, 0},
    {"terminate called", NULL, take_abort, 0},
    {"Segmentation fault", NULL, take_abort, 0},
    {"segmentation fault", NULL, take_abort, 0},
    {"(core dumped)", NULL, take_abort, 0},
    {"vk::DeviceLostError", NULL, take_abort, 0},
    {"CommandBufferCallbackErrorOutOfMemory", NULL, take_abort, 0},
    {"Killed", NULL, take_killed, 0},
    {"killed by the OOM killer", NULL, take_killed, 1},
    {"Out of memory: Killed process", NULL, take_killed, 1},
    {"oom-kill:", NULL, take_killed, 1},
    {"status=9/KILL", NULL, take_killed, 1},
    {"exited with code 137", NULL, take_killed, 1},
    {"signal: killed", NULL, take_killed, 1},
    {"Remote RPC server crashed", NULL, take_abort, 0},
    {"no device code compatible with CUDA arch", NULL, take_no_kernel, 0},
    {"device kernel image is invalid", NULL, take_no_kernel, 0},
    {"invalid device function", NULL, take_no_kernel, 0},
    {"hipErrorNoBinaryForGpu", NULL, take_no_kernel, 0},
    {"TensileLibrary", "for GPU arch%t", take_no_kernel, 0},
    {"runner process no longer running", NULL, take_abort, 0},
    {"runner process has terminated", NULL, take_abort, 0},
    {"SIGABRT: abort", NULL, take_abort, 0},
    {"SIGSEGV: segmentation violation", NULL, take_abort, 0},

    /* what explains a fallback */
    {"no usable GPU found", NULL, take_hint, HINT_CPU_BUILD},
    {"compiled without GPU support", NULL, take_hint, HINT_CPU_BUILD},
    {"ot compiled with GPU offload support", NULL, take_hint, HINT_CPU_BUILD},
    {"dynamic library: koboldcpp_default", NULL, take_hint, HINT_CPU_BUILD},
    {"dynamic library: koboldcpp_noavx", NULL, take_hint, HINT_CPU_BUILD},
    {"dynamic library: koboldcpp_failsafe", NULL, take_hint, HINT_CPU_BUILD},
    {"driver version is insufficient", NULL, take_hint, HINT_NO_DRIVER},
    {"libcuda.so", "cannot open shared object file", take_hint, HINT_NO_DRIVER},
    {"libcuda.so", "unable to load", take_hint, HINT_NO_DRIVER},
    {"libcuda.so", "not found", take_hint, HINT_NO_DRIVER},
    {"Driver/library version mismatch", NULL, take_hint, HINT_NO_DRIVER},
    {"forward compatibility was attempted", NULL, take_hint, HINT_NO_DRIVER},
    {"unsupported display driver", NULL, take_hint, HINT_NO_DRIVER},
    {"compiled with an unsupported toolchain", NULL, take_hint, HINT_NO_DRIVER},
    {"ErrorIncompatibleDriver", NULL, take_hint, HINT_NO_DRIVER},
    {"ERROR_INCOMPATIBLE_DRIVER", NULL, take_hint, HINT_NO_DRIVER},
    {"couldn't communicate with the NVIDIA driver", NULL, take_hint, HINT_NO_DRIVER},
    {"no CUDA-capable device is detected", NULL, take_hint, HINT_NO_DEVICE},
    {"no ROCm-capable device is detected", NULL, take_hint, HINT_NO_DEVICE},
    {"ound 0 ", "found 0 CUDA devices", take_hint, HINT_NO_DEVICE},
    {"ound 0 ", "found 0 ROCm devices", take_hint, HINT_NO_DEVICE},
    {"ound 0 ", "Found 0 SYCL devices", take_hint, HINT_NO_DEVICE},
    {"ound 0 ", "Found 0 Vulkan devices", take_hint, HINT_NO_DEVICE},
    {"failed to initialize CUDA", NULL, take_hint, HINT_NO_DEVICE},
    {"failed to initialize ROCm", NULL, take_hint, HINT_NO_DEVICE},
    {"ggml_vulkan: No devices found", NULL, take_hint, HINT_NO_DEVICE},
    {"no compatible GPUs were discovered", NULL, take_hint, HINT_NO_DEVICE},
    {"ermission denied", "^%t/dev/%t", take_hint, HINT_NO_PERMISSION},
    {"unable to open /dev/kfd", NULL, take_hint, HINT_NO_PERMISSION},
    {"no kernel image is available", NULL, take_hint, HINT_NO_KERNEL},
    {"CUDA_VISIBLE_DEVICES=", NULL, take_hint, HINT_MASKED},
    {"HIP_VISIBLE_DEVICES=", NULL, take_hint, HINT_MASKED},
    {"ROCR_VISIBLE_DEVICES=", NULL, take_hint, HINT_MASKED},
    {"GGML_VK_VISIBLE_DEVICES=", NULL, take_hint, HINT_MASKED},
    {"load_backend: failed", NULL, take_hint, HINT_BACKEND_FAILED},
    {"failed to allocate graph, reserving", NULL, take_hint, HINT_GRAPH_REALLOC},
    {"but Flash Attention is assigned", NULL, take_hint, HINT_FLASH_ELSEWHERE},
    {"Device type is CPU", NULL, take_hint, HINT_SOFTWARE_DEVICE},
    {"llvmpipe", "ggml_vulkan: %t", take_hint, HINT_SOFTWARE_DEVICE},
    {"failed to fit params", NULL, take_hint, HINT_FIT_FAILED},
    {"context size reduced from", NULL, take_hint, HINT_FIT_CONTEXT},
    {"overrides to CPU are used with mmap", NULL, take_hint, HINT_MMAP_OVERRIDES},
    {"cannot be used with preferred buffer", NULL, take_hint, HINT_OTHER_BUFFER},
    {"does not match expectation", NULL, take_hint, HINT_COMPUTE_GREW},
    {"does not match expectation", "%s compute buffer size of", take_named_device, 0},
    {"params_fit", NULL, take_fit, 0},
    {"fit_params", NULL, take_fit, 0},
};

static void line_kind_try(struct log_reader *reader, const struct line_kind *kind,
                          const struct log_pairs *pairs)
{
    struct log_captures captures = {.n = 0};

    if (!log_pairs_may_have(pairs, kind->key) || !log_text_has(reader->line, kind->key))
        return;
    if (kind->pattern && !log_scan(reader->line, kind->pattern, &captures))
        return;
    kind->take(reader, &captures, kind->what);
}

void log_line_take(struct log_reader *reader)
{
    struct log_pairs pairs;

    log_pairs_of(reader->line, &pairs);
    for (size_t i = 0; i < sizeof line_kinds / sizeof *line_kinds; i++)
        line_kind_try(reader, &line_kinds[i], &pairs);
}

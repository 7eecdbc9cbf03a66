/* Lines in the forms that releases, tools and supervisors give them. */
#include "model/log/log_verify.h"
#include "src/log_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct seen {
    struct log log;
    struct log_report report;
};

static struct seen see_bytes(const char *bytes, size_t n)
{
    struct seen seen;
    struct strbuf text = {0};

    log_file_decode(bytes, n, &text);
    log_read(strbuf_text(&text), text.length, &seen.log);
    log_verify(&seen.log, NULL, &seen.report);
    strbuf_clear(&text);
    return seen;
}

static struct seen see(const char *text)
{
    return see_bytes(text, strlen(text));
}

static void seen_clear(struct seen *seen)
{
    log_report_clear(&seen->report);
    log_clear(&seen->log);
}

static double weights_mib(const struct seen *seen, size_t load, const char *name)
{
    const struct log_load *it = &seen->log.loads[load];

    return (double)log_buffers_bytes(it->buffers, it->n_buffers, LOG_BUFFER_MODEL, name) / 1048576;
}

static double context_mib(const struct seen *seen, size_t context, enum log_buffer_kind kind,
                          const char *name)
{
    const struct log_load *it = &seen->log.loads[0];

    if (context >= it->n_contexts)
        return -1;
    return (double)log_buffers_bytes(it->contexts[context].buffers, it->contexts[context].n_buffers,
                                     kind, name) /
           1048576;
}

static bool has_finding(const struct seen *seen, const char *code)
{
    for (size_t i = 0; i < seen->report.n_loads; i++)
        for (size_t k = 0; k < seen->report.loads[i].n_findings; k++)
            if (strcmp(seen->report.loads[i].findings[k].code, code) == 0)
                return true;
    return false;
}

static const char *verdict(const struct seen *seen)
{
    return log_verdict_name(seen->report.verdict);
}

/* ---- what stands around the words ---- */

Test(log_reader, reads_through_prefixes_colours_and_line_ends)
{
    static const char *const texts[] = {
        "llama_load: \nload_tensors:        CUDA0 model buffer size =   100.00 MiB\r\n",
        "llama-1  | load_tensors:        CUDA0 model buffer size =   100.00 MiB\n",
        "Apr 01 12:00:00 host ollama[12]: load_tensors:  CUDA0 model buffer size = 100.00 MiB",
        "\033[32m0.00.1.2 I \033[0mload_tensors:   \033[1mCUDA0\033[0m model buffer size = 100.00 "
        "MiB\n",
        "[52751] 0.03.901.905 I load_tensors:        CUDA0 model buffer size = 100.00 MiB\n",
        "llm_load_tensors:      CUDA0 buffer size =   100.00 MiB\n",
        "{\"level\":\"info\",\"msg\":\"load_tensors:  CUDA0 model buffer size = 100.00 MiB\\n\"}\n",
        "time=x level=INFO source=ggml.go:2 msg=\"model weights\" device=CUDA0 size=\"100.0 "
        "MiB\"\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seen seen = see(texts[i]);
        cr_expect_float_eq(weights_mib(&seen, 0, "CUDA0"), 100.0, 0.001, "%s", texts[i]);
        cr_expect_str_eq(verdict(&seen), "loaded", "%s", texts[i]);
        seen_clear(&seen);
    }
}

Test(log_reader, reads_what_a_powershell_redirect_wrote)
{
    const char *text = "load_tensors: CUDA0 model buffer size = 100.00 MiB\r\n";
    char wide[256] = {'\xff', '\xfe'};
    size_t n = 2;

    for (; *text; text++, n += 2)
        wide[n] = *text;
    struct seen seen = see_bytes(wide, n);
    cr_expect_float_eq(weights_mib(&seen, 0, "CUDA0"), 100.0, 0.001);
    seen_clear(&seen);
}

Test(log_reader, an_empty_log_and_one_without_a_word_of_it_are_inconclusive)
{
    static const char *const texts[] = {"", "\n\n", "hello\nworld",
                                        "# source: offloaded 1/1 layers to GPU"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seen seen = see(texts[i]);
        cr_expect_str_eq(verdict(&seen), "inconclusive", "%s", texts[i]);
        cr_expect(has_finding(&seen, "too-quiet"));
        seen_clear(&seen);
    }
}

Test(log_reader, nothing_that_steers_a_terminal_comes_through)
{
    struct seen seen =
        see("load_tensors: \033]0;gotcha\007CUDA0\302\233\x7f\001 model buffer size = 1.00 MiB\n"
            "llama_model_load: error loading model: \033[2Jboo\a\377\n");
    const struct load_report *load = &seen.report.loads[0];

    cr_assert_eq(load->n_checks, 1);
    cr_expect_str_eq(load->checks[0].what, "CUDA0?? model buffer");
    cr_expect_str_eq(load->findings[0].message, "boo?");
    seen_clear(&seen);
}

/* ---- loads and contexts ---- */

Test(log_reader, trials_of_fit_are_not_the_load)
{
    struct seen seen = see("0.0 D print_info: no_alloc = 1\n"
                           "0.0 D load_tensors: offloaded 41/49 layers to GPU\n"
                           "0.0 D load_tensors: CUDA0 model buffer size = 0.00 MiB\n"
                           "0.0 D llama_kv_cache: CUDA0 KV buffer size = 0.00 MiB\n"
                           "0.0 I print_info: no_alloc = 0\n"
                           "0.0 I load_tensors: offloaded 49/49 layers to GPU\n"
                           "0.0 I load_tensors: CUDA0 model buffer size = 70.00 MiB\n");

    cr_assert_eq(seen.log.n_loads, 1);
    cr_expect_eq(seen.log.loads[0].offloaded, 49);
    cr_expect_float_eq(weights_mib(&seen, 0, "CUDA0"), 70.0, 0.001);
    seen_clear(&seen);
}

Test(log_reader, both_caches_of_a_sliding_window_are_one_context)
{
    struct seen seen = see("llama_context: CUDA_Host output buffer size = 4.00 MiB\n"
                           "llama_kv_cache: CUDA0 KV buffer size = 160.00 MiB\n"
                           "llama_kv_cache: CUDA0 KV buffer size = 522.00 MiB\n"
                           "llama_memory_recurrent: CUDA0 RS buffer size = 10.00 MiB\n"
                           "sched_reserve: CUDA0 compute buffer size = 86.52 MiB\n"
                           "sched_reserve: CUDA0 compute buffer size = 90.00 MiB\n"
                           "llama_kv_cache: CUDA0 KV buffer size = 1.00 MiB\n");

    cr_assert_eq(seen.log.loads[0].n_contexts, 2);
    cr_expect_float_eq(context_mib(&seen, 0, LOG_BUFFER_KV, "CUDA0"), 682.0, 0.001);
    cr_expect_float_eq(context_mib(&seen, 0, LOG_BUFFER_RS, "CUDA0"), 10.0, 0.001);
    cr_expect_float_eq(context_mib(&seen, 0, LOG_BUFFER_COMPUTE, "CUDA0"), 90.0, 0.001);
    cr_expect_float_eq(context_mib(&seen, 1, LOG_BUFFER_KV, "CUDA0"), 1.0, 0.001);
    seen_clear(&seen);
}

Test(log_reader, the_worst_of_several_loads_is_the_verdict)
{
    struct seen seen = see("load_tensors: offloaded 9/9 layers to GPU\n"
                           "load_tensors: CUDA0 model buffer size = 10.00 MiB\n"
                           "load_tensors: offloaded 0/9 layers to GPU\n"
                           "load_tensors: CPU model buffer size = 10.00 MiB\n");

    cr_assert_eq(seen.log.n_loads, 2);
    cr_expect_eq(seen.report.loads[0].verdict, VERDICT_LOADED);
    cr_expect_str_eq(verdict(&seen), "cpu-fallback");
    seen_clear(&seen);
}

Test(log_reader, a_projectors_buffer_is_not_the_models)
{
    struct seen seen = see("sched_reserve: CUDA0 compute buffer size = 86.00 MiB\n"
                           "alloc_compute_meta: CUDA0 compute buffer size = 200.00 MiB\n");

    cr_expect_float_eq(context_mib(&seen, 0, LOG_BUFFER_COMPUTE, "CUDA0"), 86.0, 0.001);
    seen_clear(&seen);
}

/* ---- devices, layers, overrides, speeds ---- */

Test(log_reader, devices_in_every_form)
{
    struct seen seen = see(
        "ggml_cuda_init: found 2 CUDA devices (Total VRAM: 48000 MiB):\n"
        "  Device 0: NVIDIA GeForce RTX 4090, compute capability 8.9, VMM: yes, VRAM: 24080 MiB\n"
        "  Device 1: Odd (TM) Card, compute capability 12.0, VMM: no\n"
        "cmn  common_param:   - CUDA1   : Odd (TM) Card (32000 MiB, 31000 MiB free)\n"
        "using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 23684 MiB free\n"
        "ggml_vulkan: 0 = AMD Radeon (RADV NAVI31) | uma: 0 | fp16: 1\n");
    const struct log_load *load = &seen.log.loads[0];

    cr_assert_eq(load->n_devices, 3);
    cr_expect_str_eq(load->devices[0].description, "NVIDIA GeForce RTX 4090");
    cr_expect_str_eq(load->devices[0].capability, "8.9");
    cr_expect_eq(load->devices[0].total >> 20, 24080);
    cr_expect_eq(load->devices[0].free >> 20, 23684);
    cr_expect_str_eq(load->devices[1].description, "Odd (TM) Card");
    cr_expect_eq(load->devices[1].free >> 20, 31000);
    cr_expect_str_eq(load->devices[2].name, "Vulkan0");
    seen_clear(&seen);
}

Test(log_reader, overrides_layers_and_splits_of_old_and_new)
{
    struct seen seen =
        see("Tensor blk.0.ffn_norm.weight buffer type overriden to CUDA1\n"
            "tensor blk.1.ffn_up_exps.weight buffer type overriden to CPU\n"
            "D tensor blk.2.ffn_up_exps.weight (108 MiB q4_K) buffer type overridden to CUDA_Host\n"
            "Tensor blk.3.ffn_up.weight (size = 10.00 MiB) buffer type overridden to CPU\n"
            "load_tensors: layer  48 assigned to device RPC0[10.0.0.2:50052], is_swa = 0\n"
            "graph splits = 543 (with bs=512), 176 (with bs=1)\n");
    const struct log_load *load = &seen.log.loads[0];
    static const char *const buffers[] = {"CUDA1", "CPU", "CUDA_Host", "CPU"};

    cr_assert_eq(load->n_overrides, 4);
    for (size_t i = 0; i < 4; i++)
        cr_expect_str_eq(load->overrides[i].buffer, buffers[i]);
    cr_expect_str_eq(load->overrides[2].tensor, "blk.2.ffn_up_exps.weight");
    cr_assert_eq(load->n_layers, 1);
    cr_expect_str_eq(load->layers[0].device, "RPC0[10.0.0.2:50052]");
    cr_expect_eq(load->contexts[0].splits, 543);
    cr_expect_eq(load->contexts[0].splits_decode, 176);
    seen_clear(&seen);
}

Test(log_reader, speeds_of_every_tool)
{
    static const char *const texts[] = {
        "prompt eval time = 10.0 ms / 12 tokens ( 1.23 ms per token, 812.50 tokens per second)\n"
        "       eval time = 10.0 ms / 12 runs   ( 1.23 ms per token,  40.25 tokens per second)\n",
        "| qwen3 30B | 17 GiB | CUDA | 99 | pp512 | 812.50 \302\261 1.00 |\n"
        "| qwen3 30B | 17 GiB | CUDA | 99 | tg128 @ d4096 | 40.25 \302\261 0.10 |\n",
        "CtxLimit:1/2, Process:0.10s (10.0ms/T = 812.50T/s), Generate:1.2s (24.0ms/T = 40.25T/s)\n",
        "CtxLimit:1/2, Process:0.10s (812.50T/s), Generate:1.20s (40.25T/s)\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seen seen = see(texts[i]);
        cr_expect_float_eq(seen.log.loads[0].speed.prompt, 812.5, 0.001, "%s", texts[i]);
        cr_expect_float_eq(seen.log.loads[0].speed.decode, 40.25, 0.001, "%s", texts[i]);
        seen_clear(&seen);
    }
}

/* ---- failures and their opposites ---- */

Test(log_reader, a_retry_without_pipeline_parallelism_is_no_failure)
{
    struct seen seen = see(
        "load_tensors: CUDA0 model buffer size = 10.00 MiB\n"
        "ggml_gallocr_reserve_n_impl: failed to allocate CUDA0 buffer of size 5000000\n"
        "graph_reserve: failed to allocate compute buffers\n"
        "sched_reserve: compute buffer allocation failed, retrying without pipeline parallelism\n"
        "sched_reserve: CUDA0 compute buffer size = 3.00 MiB\n");

    cr_expect_str_eq(verdict(&seen), "loaded");
    cr_expect(has_finding(&seen, "pipeline-off"));
    seen_clear(&seen);
}

Test(log_reader, a_refusal_names_buffer_bytes_and_use)
{
    struct seen seen =
        see("using device CUDA0 (A Card) (0000:00:00.0) - 3000 MiB free\n"
            "load_tensors: CUDA0 model buffer size = 2000.00 MiB\n"
            "alloc_tensor_range: failed to allocate CUDA0 buffer of size 2147483648\n"
            "llama_init_from_model: failed to initialize the context: failed to "
            "allocate buffer for kv cache\n");
    const struct log_failure *failure = &seen.log.loads[0].failure;

    cr_expect_eq(failure->use, LOG_USE_KV);
    cr_expect_eq(failure->bytes, 2147483648);
    cr_expect(strstr(seen.report.loads[0].findings[0].message, "1048.00 MiB short"), "%s",
              seen.report.loads[0].findings[0].message);
    seen_clear(&seen);
}

Test(log_reader, a_refusal_while_running_names_its_device)
{
    struct seen seen = see("load_tensors: CUDA0 model buffer size = 10.00 MiB\n"
                           "CUDA error: out of memory\n"
                           "  current device: 1, in function alloc at ggml-cuda.cu:480\n");

    cr_expect_str_eq(verdict(&seen), "failed");
    cr_expect_str_eq(seen.log.loads[0].failure.buffer, "CUDA1");
    seen_clear(&seen);
}

Test(log_reader, a_missing_kernel_is_the_builds_fault)
{
    struct seen seen =
        see("load_tensors: CUDA0 model buffer size = 10.00 MiB\n"
            "CUDA error: no kernel image is available for execution on the device\n");

    cr_expect_str_eq(verdict(&seen), "failed");
    cr_expect(has_finding(&seen, "arch-mismatch"));
    seen_clear(&seen);
}

/* ---- why it fell back ---- */

#define ON_CPU "load_tensors: CPU_Mapped model buffer size = 10.00 MiB\n"

Test(log_reader, causes_of_a_silent_fallback)
{
    static const struct {
        const char *code, *text;
    } cases[] = {
        {"cpu-only-build", "warning: no usable GPU found, --gpu-layers option will be ignored\n"},
        {"cpu-only-build", "system_info: n_threads = 8 | CPU : SSE3 = 1 | AVX = 1 |\n"},
        {"no-driver", "ggml_cuda_init: failed to initialize CUDA: CUDA driver version is "
                      "insufficient for CUDA runtime version\n"},
        {"no-device-found", "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is "
                            "detected\n"},
        {"no-device-found", "warning: no usable GPU found, --gpu-layers option will be ignored\n"
                            "system_info: n_threads = 8 | CUDA : ARCHS = 890 | CPU : SSE3 = 1 |\n"},
        {"masked-devices", "CUDA_VISIBLE_DEVICES=-1 llama-server -m a.gguf -ngl 99\n"
                           "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is "
                           "detected\n"},
        {"no-permission", "ggml_vulkan: open /dev/dri/renderD128: Permission denied\n"},
        {"backend-not-loaded", "load_backend: failed to load libggml-cuda.so: missing symbol\n"},
        {"device-none", "# command: llama-server -m a.gguf -dev none\n"},
        {"arch-mismatch",
         "ggml_cuda_init: found 1 CUDA devices:\n"
         "  Device 0: NVIDIA GeForce RTX 5090, compute capability 12.0, VMM: yes\n"
         "system_info: n_threads = 8 | CUDA : ARCHS = 750,860,890 | CPU : A = 1 |\n"},
        {"nothing-offloaded", "load_tensors: offloaded 0/33 layers to GPU\n"},
        {"cause-unknown", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", cases[i].text, ON_CPU);
        struct seen seen = see(text);
        cr_expect_str_eq(verdict(&seen), "cpu-fallback", "%s", text);
        cr_expect(has_finding(&seen, cases[i].code), "no %s but %s in: %s", cases[i].code,
                  seen.report.loads[0].findings[0].code, text);
        seen_clear(&seen);
    }
}

Test(log_reader, a_build_for_an_older_architecture_of_the_same_generation_is_no_mismatch)
{
    struct seen seen = see("ggml_cuda_init: found 1 CUDA devices:\n"
                           "  Device 0: A Card, compute capability 8.9, VMM: yes\n"
                           "system_info: n_threads = 8 | CUDA : ARCHS = 750,860 | CPU : A = 1 |\n"
                           "load_tensors: offloaded 0/33 layers to GPU\n" ON_CPU);

    cr_expect(has_finding(&seen, "nothing-offloaded"));
    seen_clear(&seen);
}

Test(log_reader, ollamas_scheduler_speaks_before_its_runner)
{
    struct seen seen = see(
        "level=INFO source=server.go:1 msg=\"offload to cuda\" layers.model=33 layers.offload=20\n"
        "load_tensors: offloaded 21/33 layers to GPU\n"
        "load_tensors: CUDA0 model buffer size = 10.00 MiB\n");

    cr_assert_eq(seen.log.n_loads, 1);
    cr_expect_eq(seen.log.loads[0].offloaded, 21);
    cr_expect_eq(seen.log.engine, ENGINE_OLLAMA);
    seen_clear(&seen);

    seen = see(
        "level=INFO source=server.go:1 msg=\"offload to cpu\" layers.model=33 layers.offload=0\n");
    cr_expect_str_eq(verdict(&seen), "cpu-fallback");
    seen_clear(&seen);
}

/* ---- too quiet ---- */

Test(log_reader, says_how_to_make_each_tool_talk)
{
    static const struct {
        const char *text, *flag;
    } cases[] = {
        {"srv  llama_server: model loaded\nllama_x\n", "-lv 4"},
        {"Welcome to KoboldCpp - Version 1.1\n", "--debugmode"},
        {"time=1 level=INFO source=server.go:1 msg=\"starting\"\n", "OLLAMA_DEBUG=1"},
        {"Using gguf chat template: {{ x }}\n", "verbose=True"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = see(cases[i].text);
        cr_expect(strstr(seen.report.loads[0].findings[0].message, cases[i].flag), "%s: %s",
                  cases[i].text, seen.report.loads[0].findings[0].message);
        seen_clear(&seen);
    }
}

/* ---- other engines and backends ------------------------------------------------------------- */

static bool found(const struct seen *seen, const char *code)
{
    for (size_t i = 0; i < seen->report.n_loads; i++)
        for (size_t k = 0; k < seen->report.loads[i].n_findings; k++)
            if (strcmp(seen->report.loads[i].findings[k].code, code) == 0)
                return true;
    return false;
}

#define LOADED                                                                                     \
    "load_tensors: offloaded 33/33 layers to GPU\n"                                                \
    "load_tensors:        CUDA0 model buffer size =  2100.00 MiB\n"
#define MAPPED "load_tensors:   CPU_Mapped model buffer size =  4281.81 MiB\n"

Test(log_reader, knows_how_a_load_ended_from_what_others_say_of_it)
{
    static const struct {
        const char *log, *code;
        enum log_verdict verdict;
    } cases[] = {
        {LOADED "Killed\n", "killed", VERDICT_FAILED},
        {LOADED "./run.sh: line 3: 4711 Killed                  llama-server -m x\n", "killed",
         VERDICT_FAILED},
        {LOADED "systemd[1]: llama.service: Main process exited, code=killed, status=9/KILL\n",
         "killed", VERDICT_FAILED},
        {LOADED "llama-1 exited with code 137\n", "killed", VERDICT_FAILED},
        {LOADED "srv  log: the word Killed in a prompt is nothing\n", NULL, VERDICT_LOADED},
        {LOADED "Remote RPC server crashed or returned malformed response\n", "aborted",
         VERDICT_FAILED},
        {LOADED "ggml-cuda.cu:9: ERROR: CUDA kernel x has no device code compatible with CUDA "
                "arch 520. ggml-cuda.cu was compiled for: 600\n",
         "arch-mismatch", VERDICT_FAILED},
        {LOADED "ROCm error: invalid device function\n", "arch-mismatch", VERDICT_FAILED},
        {LOADED "rocBLAS error: Cannot read /o/TensileLibrary.dat: Illegal seek for GPU arch : "
                "gfx1031\n",
         "arch-mismatch", VERDICT_FAILED},
        {LOADED "CUDA error: the provided PTX was compiled with an unsupported toolchain.\n",
         "no-driver", VERDICT_FAILED},
        {"ggml_cuda_init: failed to initialize CUDA: forward compatibility was attempted on non "
         "supported HW\n" MAPPED,
         "no-driver", VERDICT_CPU_FALLBACK},
        {"ggml_cuda_init: found 0 ROCm devices:\n" MAPPED, "no-device-found", VERDICT_CPU_FALLBACK},
        {"llama-server: error while loading shared libraries: libcudart.so.12: cannot open shared "
         "object file: No such file or directory\n",
         "load-failed", VERDICT_FAILED},
        {"error: unknown argument: --x\n", "load-failed", VERDICT_FAILED},
        {"ggml_vulkan: Warning: Device type is CPU. This is probably not the device you "
         "want.\n" LOADED,
         "software-device", VERDICT_LOADED},
        {MAPPED "AVX = 1 | AVX2 = 1 | BLAS = 0 | SSE3 = 1 | VSX = 0 | \n", "cpu-only-build",
         VERDICT_CPU_FALLBACK},
        /* ollama searches for the library by name: that is no trouble */
        {"time=2024-07-01 level=DEBUG source=gpu.go:1 msg=\"Searching for GPU library\" "
         "name=libcuda.so*\n" MAPPED,
         "cause-unknown", VERDICT_CPU_FALLBACK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = see(cases[i].log);
        cr_expect_eq(seen.report.verdict, cases[i].verdict, "%s: %s", cases[i].log,
                     log_verdict_name(seen.report.verdict));
        cr_expect(cases[i].code == NULL || found(&seen, cases[i].code), "%s: no %s", cases[i].log,
                  cases[i].code);
        seen_clear(&seen);
    }
}

Test(log_reader, reads_speeds_from_every_program_that_prints_some)
{
    static const struct {
        const char *line;
        double prompt, decode;
    } cases[] = {
        {"[ Prompt: 123.4 t/s | Generation: 45.6 t/s ]\n", 123.4, 45.6},
        {"prompt eval rate:     123.45 tokens/s\neval rate:            56.78 tokens/s\n", 123.45,
         56.78},
        {"|    PP |     TG |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |\n"
         "|-------|--------|--------|----------|----------|----------|----------|\n"
         "|   512 |    128 |      0 |    1.226 |   417.62 |    2.563 |    49.94 |\n",
         417.62, 49.94},
        {"|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s "
         "| "
         "   S t/s |\n"
         "|   128 |    128 |    1 |    256 |    0.108 |  1186.64 |    3.079 |    41.57 |    3.187 "
         "| "
         "   80.32 |\n",
         1186.64, 41.57},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = see(cases[i].line);
        cr_expect_float_eq(seen.log.loads[0].speed.prompt, cases[i].prompt, 1e-6, "%s: %f",
                           cases[i].line, seen.log.loads[0].speed.prompt);
        cr_expect_float_eq(seen.log.loads[0].speed.decode, cases[i].decode, 1e-6, "%s: %f",
                           cases[i].line, seen.log.loads[0].speed.decode);
        seen_clear(&seen);
    }
}

Test(log_reader, names_the_devices_of_sycl_old_vulkan_and_metal)
{
    static const struct {
        const char *log, *name, *description;
        uint64_t total_mib;
    } cases[] = {
        {"| 0| [level_zero:gpu:0]|                Intel Arc A770 Graphics|   12.55|    512|    "
         "1024|   32| 16225M|     1.6.31294+9|\n",
         "SYCL0", "Intel Arc A770 Graphics", 16225},
        {"Vulkan1: AMD Radeon RX 6800 (RADV NAVI21) (radv) | uma: 0 | fp16: 1 | warp size: 64\n",
         "Vulkan1", "AMD Radeon RX 6800", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = see(cases[i].log);
        cr_assert_eq(seen.log.loads[0].n_devices, 1, "%s", cases[i].log);
        cr_expect_str_eq(seen.log.loads[0].devices[0].name, cases[i].name);
        cr_expect_str_eq(seen.log.loads[0].devices[0].description, cases[i].description);
        cr_expect_eq(seen.log.loads[0].devices[0].total >> 20, cases[i].total_mib);
        seen_clear(&seen);
    }
    struct seen seen =
        see("ggml_backend_metal_buffer_type_alloc_buffer: error: failed to allocate buffer, size = "
            "24576.00 MiB\nllama_kv_cache: failed to allocate buffer for kv cache\n");
    cr_expect_str_eq(seen.log.loads[0].failure.buffer, "Metal");
    cr_expect_eq(seen.log.loads[0].failure.bytes >> 20, 24576);
    seen_clear(&seen);
}

Test(log_reader, names_devices_that_only_buffers_rules_or_errors_mention)
{
    static const struct {
        const char *log, *names;
    } cases[] = {
        {"Tensor a.weight buffer type overriden to CUDA0\nTensor b.weight buffer type overriden to "
         "CPU\n",
         "CUDA0 "},
        {"pre-allocated tensor (a.weight) in a buffer (CUDA3) that cannot run the operation\n",
         "CUDA3 "},
        {"load_tensors: RPC0[192.168.1.60:50052] model buffer size =  6011.49 MiB\n"
         "m: |   - RPC0 (192.168.1.60:50052) | 10267 = 1 + (8569 =  6011 +    2537 +      19) + 1 "
         "|\n",
         "RPC0 "},
        {"load_tensors: RPC[192.168.1.60:50052] model buffer size =  6011.49 MiB\n",
         "RPC[192.168.1.60:50052] "},
        {"~llama_context:      ROCm0 compute buffer size of   3.5024 MiB, does not match "
         "expectation of 130.4102 MiB\n",
         "ROCm0 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = see(cases[i].log);
        struct strbuf names = {0};
        for (size_t k = 0; k < seen.log.loads[0].n_devices; k++) {
            strbuf_format(&names, "%s ", seen.log.loads[0].devices[k].name);
        }
        cr_expect_str_eq(strbuf_text(&names), cases[i].names, "%s", cases[i].log);
        strbuf_clear(&names);
        seen_clear(&seen);
    }
}

/* Supervisors, pagers and editors put things in front of every line. */
Test(log_reader, reads_through_what_others_put_in_front_of_a_line)
{
    static const char *const fronts[] = {"12:",
                                         "    34\t",
                                         "0|llama    | ",
                                         "llama-1  | ",
                                         "\x1b[36mllama-1  |\x1b[0m ",
                                         "Mar 03 12:00:01 host llama-server[7]: ",
                                         "2026-03-03T12:00:01+0100 host llama[7]: ",
                                         "2026-03-03T12:00:01.123456789Z stderr F ",
                                         "12:30PM DBG GRPC(m-127.0.0.1:4): stderr ",
                                         "[2025-01-01 12:00:00][DEBUG] ",
                                         "[pod/llama-6f9c/llama] ",
                                         "time=2025 level=INFO msg=\"",
                                         "2026-03-03 12:00:01,123 - INFO - ",
                                         "0.00.123.456 I "};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        struct strbuf text = {0};
        strbuf_format(&text,
                      "%soffloaded 20/33 layers to GPU\r\n%sllm_load_tensors:      CUDA0 buffer "
                      "size =  2100.00 MiB\r\n%sload_tensors: RPC0[h:1] model buffer size = 3.00 "
                      "MiB\r\n",
                      fronts[i], fronts[i], fronts[i]);
        struct seen seen = see(strbuf_text(&text));
        cr_expect_eq(seen.log.loads[0].offloaded, 20, "%s", fronts[i]);
        cr_assert_eq(seen.log.loads[0].n_buffers, 2, "%s", fronts[i]);
        cr_expect_str_eq(seen.log.loads[0].buffers[0].name, "CUDA0", "%s", fronts[i]);
        cr_expect_str_eq(seen.log.loads[0].buffers[1].name, "RPC0[h:1]", "%s", fronts[i]);
        seen_clear(&seen);
        strbuf_clear(&text);
    }
}

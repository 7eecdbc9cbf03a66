/* What logs of ../shared/logs say, written down by reading them. A data table: its own formatting. */
#ifndef OTPLAN_TESTS_LOG_EXPECTED_LOGS_H
#define OTPLAN_TESTS_LOG_EXPECTED_LOGS_H

#include "model/log/log_verify.h"

enum { EXPECTED_BUFFERS = 5 };

struct expected_buffer {
    size_t context; /* 0: weights; n: the n-th context of the load */
    enum log_buffer_kind kind;
    const char *name;
    double mib;
};

struct expected_log {
    const char *file;
    enum log_verdict verdict;
    size_t n_loads, load;  /* how many, and which one the rest speaks of */
    const char *offloaded; /* "49/49"; NULL: not said */
    struct expected_buffer buffers[EXPECTED_BUFFERS];
    const char *refused;  /* buffer type that was refused memory */
    double refused_bytes; /* to the byte where the log says so */
    const char *finding;  /* a code that must be among the findings */
};

/* clang-format off */
#define W(name, mib)   {0, LOG_BUFFER_MODEL, name, mib}
#define KV(name, mib)  {1, LOG_BUFFER_KV, name, mib}
#define KV2(name, mib) {2, LOG_BUFFER_KV, name, mib}
#define RS(name, mib)  {1, LOG_BUFFER_RS, name, mib}
#define C(name, mib)   {1, LOG_BUFFER_COMPUTE, name, mib}
#define C2(name, mib)  {2, LOG_BUFFER_COMPUTE, name, mib}
#define MIB            1048576.0

static const struct expected_log expected_logs[] = {
    /* the quiet, the silent and the failed */
    {"server-v0.5.0-quiet-default.txt", VERDICT_INCONCLUSIVE, 1, 0, NULL, {{0}}, NULL, 0,
     "too-quiet"},
    {"server-v0.5.0-no-device-silent-cpu-lv4.txt", VERDICT_CPU_FALLBACK, 1, 0, NULL,
     {W("CPU_Mapped", 2368.18), W("CPU_REPACK", 1458.28), KV("CPU", 80.0 + 464.0),
     C("CPU", 87.02)}, NULL, 0, "cpu-only-build"},
    {"silent-cpu-rocm-igpu-0of33-2024.txt", VERDICT_CPU_FALLBACK, 1, 0, "0/33",
     {W("CPU", 4165.38)}, NULL, 0, "nothing-offloaded"},
    {"koboldcpp-1223-all-on-cpu-2025-01.txt", VERDICT_CPU_FALLBACK, 1, 0, NULL,
     {W("CPU_Mapped", 5524.33), KV("CPU", 1024.00)}, NULL, 0, "cause-unknown"},
    {"ik-pull333-l805-2xcuda-2025-04.txt", VERDICT_CPU_FALLBACK, 1, 0, "0/62",
     {W("CPU", 33345.02 + 29870.72), KV("CUDA_Host", 122.0), C("CUDA0", 2084.02),
     KV2("CPU", 122.0), C2("CPU", 308.0)}, NULL, 0, "nothing-offloaded"},
    {"ik-discussions357-l3550-2xcuda-2025-05.txt", VERDICT_FAILED, 2, 0, "0/95",
     {W("CUDA_Host", 203017.61), KV("CUDA_Host", 1598.0), C("CUDA0", 161.02)}, NULL, 0, "aborted"},
    {"ik-discussions384-l91-2xcuda-oom-2025-05.txt", VERDICT_FAILED, 1, 0, NULL,
     {KV("CUDA0", 768.0), KV("CUDA1", 736.0)}, "CUDA0", 181634272256, "out-of-memory"},
    {"ik-issues398-l235-0gpu-oom-2025-05.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, NULL, 0,
     "out-of-memory"},
    {"ik-issues398-l31-2xcuda-2025-05.txt", VERDICT_FAILED, 1, 0, "49/49", {W("CUDA0", 8509.23),
     W("CUDA1", 8213.14), KV("CUDA1", 1472.0), C("CUDA_Host", 260.02)}, NULL, 0, "aborted"},
    {"ik-issues749-l16-11xcuda-oom-2025-09.txt", VERDICT_FAILED, 1, 0, NULL, {KV("CUDA0", 379.23),
     KV("CUDA10", 16.49)}, "CUDA0", 292926534144, "out-of-memory"},
    {"ik-issues749-l349-11xcuda-oom-2025-09.txt", VERDICT_FAILED, 1, 0, NULL,
     {KV("CUDA5", 65.95)}, "CUDA0", 292926534144, "out-of-memory"},
    {"ik-issues756-l18-0gpu-oom-2025-09.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "CUDA0", 44063.76
     * MIB, "out-of-memory"},
    {"koboldcpp-1609-2gpu-oom-2025-06.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "CUDA0",
     6776811776, "out-of-memory"},
    {"oom-compute-4xp100-2026.txt", VERDICT_FAILED, 1, 0, NULL, {KV("CUDA0", 48.0)}, "CUDA1",
     9999417472, "out-of-memory"},
    {"oom-compute-then-segv-fit-abort-2026.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "CUDA1",
     547880960, "out-of-memory"},
    {"oom-vulkan1-weights-2026.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "Vulkan1", 822083584,
     "out-of-memory"},
    {"oom-weights-device1-34gb-2026.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "CUDA1", 35672889856,
     "out-of-memory"},
    {"server-v0.5.0-oom-weights-default.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, "CUDA0",
     4364328960, "out-of-memory"},
    {"server-v0.5.0-oom-kv-lv4.txt", VERDICT_FAILED, 1, 0, "35/35", {W("CPU_Mapped", 525.0),
     W("CUDA0", 2368.18)}, "CUDA0", 2684354560, "out-of-memory"},
    {"ollama-rocm-7900xtx-silent-host-mapped-2026.txt", VERDICT_FAILED, 1, 0, "49/49",
     {W("ROCm1", 20408.94), W("CPU_Mapped", 79536.97 + 33569.50)}, "ROCm0", 83582021888,
     "weights-on-host"},
    {"mi355x-2gpu-layer-and-row-2026.txt", VERDICT_FAILED, 1, 0, "66/66",
     {W("CPU_Mapped", 1288.28), W("ROCm0", 12730.50), W("ROCm1", 13241.79)}, NULL, 0,
     "load-failed"},
    {"ot-override-cannot-run-op-b11232-2026.txt", VERDICT_FAILED, 1, 0, NULL, {{0}}, NULL, 0,
     "aborted"},

    /* refusals that are no failure */
    {"ik-discussions258-l3735-2xcuda-oom-2025-05.txt", VERDICT_LOADED, 1, 0, "62/62",
     {W("CPU", 205716.0), W("CUDA_Host", 497.11), W("CUDA1", 4779.44), KV("CUDA0", 769.80),
     C("CUDA1", 16985.55)}, NULL, 0, "pinned-refused"},
    {"ik-pull879-l28-2xcuda-oom-2025-10.txt", VERDICT_LOADED, 1, 0, "28/28",
     {W("CUDA_Host", 106.25), W("CUDA0", 7972.11), W("CUDA1", 164.07), KV("CUDA0", 1350.0),
     C("CUDA_Host", 5405.72)}, NULL, 0, "graph-reallocated"},

    /* several loads, several contexts */
    {"ik-discussions357-l2664-2xcuda-2025-05.txt", VERDICT_LOADED, 2, 0, "95/95",
     {W("CPU", 167201.25), W("CUDA0", 17333.91), KV("CUDA1", 782.02), C("CUDA1", 312.75),
     C("CPU", 8.25)}, NULL, 0, NULL},
    {"ik-discussions357-l2664-2xcuda-2025-05.txt", VERDICT_LOADED, 2, 1, "95/95",
     {W("CUDA0", 15922.41), W("CPU_Mapped", 46604.38 + 47377.52 + 47377.52 + 42166.10),
     KV("CUDA0", 816.00), C("CUDA0", 774.00), C("CUDA_Host", 40.01)}, NULL, 0, NULL},
    {"ik-discussions357-l3550-2xcuda-2025-05.txt", VERDICT_FAILED, 2, 1, "95/95",
     {W("CUDA1", 17964.52), KV("CUDA0", 782.02), C("CUDA_Host", 120.01)}, NULL, 0, NULL},
    {"ik-discussions491-l43-4xcuda-2025-06.txt", VERDICT_LOADED, 1, 0, NULL, {KV("CUDA3", 748.01),
     C("CUDA0", 1856.02), KV2("CUDA0", 816.01), C2("CUDA0", 1664.02), C2("CUDA_Host", 1024.05)},
     NULL, 0, NULL},
    {"ik-discussions718-l213-3xcuda-2025-08.txt", VERDICT_LOADED, 1, 0, NULL,
     {KV("CUDA1", 2390.64), C("CUDA0", 17512.02), KV2("CUDA2", 2199.39), C2("CUDA2", 14992.03)},
     NULL, 0, NULL},
    {"ik-discussions839-l614-2xcuda-2025-10.txt", VERDICT_LOADED, 2, 1, "33/33",
     {W("CPU", 206.57), W("CUDA0", 18240.25), W("CUDA1", 17051.52), KV("CUDA0", 578.01),
     C("CUDA1", 2520.00)}, NULL, 0, NULL},
    {"ik-pull394-l62-4xcuda-2025-05.txt", VERDICT_LOADED, 3, 1, "62/62", {W("CPU", 134253.11),
     W("CUDA3", 42786.36)}, NULL, 0, NULL},
    {"ik-pull394-l62-4xcuda-2025-05.txt", VERDICT_LOADED, 3, 2, "62/62", {W("CPU", 142690.30),
     W("CUDA_Host", 497.11), W("CUDA3", 42378.83), KV("CUDA3", 748.0), C("CUDA3", 4481.0)}, NULL,
     0, NULL},
    {"ik-pull394-l298-4xcuda-2025-05.txt", VERDICT_LOADED, 2, 0, "62/62", {W("CPU", 133756.00),
     W("CUDA2", 21610.08), KV("CUDA3", 396.0), C("CUDA0", 2161.0), C("CUDA_Host", 64.01)}, NULL, 0,
     NULL},
    {"phase2-3gpu-split-mtp-2026-10.txt", VERDICT_LOADED, 2, 0, NULL, {W("CUDA1", 10478.04),
     W("CUDA2", 10085.15), W("CUDA_Host", 322.07), W("CPU_Mapped", 27465.95)}, NULL, 0, NULL},
    {"phase2-3gpu-split-mtp-2026-10.txt", VERDICT_LOADED, 2, 1, NULL, {W("CUDA2", 1805.24)}, NULL,
     0, NULL},
    {"vulkan2-rpc1-qwen38-27b-breakdown-2026.txt", VERDICT_LOADED, 1, 0, NULL,
     {W("RPC0[192.168.1.60:50052]", 6011.49), KV("RPC0[192.168.1.60:50052]", 2304.0),
     RS("Vulkan1", 264.96), W("CPU_Mapped", 682.03), KV2("RPC0[192.168.1.60:50052]", 384.0)}, NULL,
     0, NULL},

    /* weights in pieces, caches away from home, tables only */
    {"gfx906-minimax-m25-4xrocm-2026.txt", VERDICT_LOADED, 1, 0, "63/63", {W("CPU", 251.85),
     W("ROCm0", 27022.95), W("ROCm3", 23747.25)}, NULL, 0, NULL},
    {"ik-issues305-l102-4xcuda-2025-04.txt", VERDICT_LOADED, 1, 0, "27/62",
     {W("CPU", 46211.13 + 47115.34 + 31151.98 + 4607.07), W("CUDA2", 23557.67),
     W("CUDA3", 43189.07), KV("CUDA_Host", 306.0)}, NULL, 0, NULL},
    {"ik-issues485-l155-2xcuda-2025-06.txt", VERDICT_LOADED, 1, 0, "62/62",
     {W("CPU", 385631.46 + 497.11), W("CUDA0", 937.60), W("CUDA1", 10959.57)}, NULL, 0, NULL},
    {"ik-issues530-l99-2xcuda-2025-06.txt", VERDICT_LOADED, 1, 0, "95/95",
     {W("CPU", 3303.08 + 47617.27 + 40320.40 + 333.84), W("CUDA1", 22811.95), KV("CUDA0", 3264.02),
     C("CUDA1", 2502.0), C("CUDA_Host", 1088.05)}, NULL, 0, NULL},
    {"ik-issues675-l1938-2xcuda-2025-08.txt", VERDICT_LOADED, 1, 0, NULL, {KV("CUDA_Host", 800.0),
     KV("CUDA0", 480.0), KV("CUDA1", 224.0), C("CUDA0", 1114.27)}, NULL, 0, NULL},
    {"ik-issues873-l143-4xcuda-2025-10.txt", VERDICT_LOADED, 1, 0, "62/81", {W("CUDA3", 9213.94),
     KV("CUDA_Host", 9216.0), KV("CUDA0", 4096.0), C("CUDA0", 5892.02), C("CUDA_Host", 1359.98)},
     NULL, 0, NULL},
    {"ik-pull235-l94-15xcuda-oom-2025-02.txt", VERDICT_LOADED, 1, 0, "62/62", {W("CPU", 289.98),
     W("CUDA3", 11973.95), W("CUDA14", 20681.56)}, NULL, 0, NULL},
    {"ik-pull239-l345-16xcuda-2025-03.txt", VERDICT_LOADED, 1, 0, "62/62", {W("CPU", 938.98),
     W("CUDA1", 19696.41), W("CUDA15", 15138.89)}, NULL, 0, NULL},
    {"ik-pull668-l3956-4xcuda-2025-08.txt", VERDICT_LOADED, 1, 0, NULL, {C("CUDA0", 2336.02),
     C("CUDA3", 2448.0), C("CUDA_Host", 848.05)}, NULL, 0, NULL},
    {"llamacpp-pr15860-3x4090-breakdown-2025-09.txt", VERDICT_LOADED, 1, 0, NULL,
     {W("CUDA0", 13169), W("CUDA2", 13169), KV("CUDA1", 38), KV("CPU", 57), C("CUDA0", 985)}, NULL,
     0, NULL},
    {"llamacpp-19437-1080ti-fit-abort-2026-02.txt", VERDICT_INCONCLUSIVE, 1, 0, NULL, {{0}}, NULL,
     0, "fit-gave-up"},
    {"llamacpp-22673-fit-trial-rows-laptop-2026.txt", VERDICT_INCONCLUSIVE, 1, 0, NULL, {{0}},
     NULL, 0, "fit-trial"},
    {"koboldcpp-1794-override-banner-2025-10.txt", VERDICT_INCONCLUSIVE, 1, 0, NULL, {{0}}, NULL,
     0, "too-quiet"},
    {"koboldcpp-2347-2xp40-2026.txt", VERDICT_INCONCLUSIVE, 1, 0, NULL, {{0}}, NULL, 0,
     "too-quiet"},
    {"ollama-10114-cpu-mapped-2025-04.txt", VERDICT_LOADED, 1, 0, "25/25", {W("CUDA0", 577.22),
     W("CPU_Mapped", 520.30)}, NULL, 0, NULL},
    {"qwen3-30b-2cuda-exps-cpu-2025.txt", VERDICT_LOADED, 1, 0, "49/49",
     {W("CPU_Mapped", 17447.91), W("CUDA0", 135.76), W("CUDA1", 648.66), KV("CUDA0", 384.0),
     KV("CUDA1", 1152.0)}, NULL, 0, "weights-on-host"},
    {"rocm-4card-41layers-2026.txt", VERDICT_LOADED, 1, 0, "41/41", {W("ROCm0", 5626.21),
     W("ROCm3", 5130.85)}, NULL, 0, NULL},
    {"server-v0.5.0-1cuda-gemma-lv4.txt", VERDICT_LOADED, 1, 0, "35/35", {W("CPU_Mapped", 525.0),
     W("CUDA0", 2368.18), KV("CUDA0", 160.0 + 522.0), C("CUDA0", 86.52), C("CUDA_Host", 22.52)},
     NULL, 0, NULL},
    {"server-v0.5.0-2cuda-experts-cpu-lv5.txt", VERDICT_LOADED, 1, 0, "49/49",
     {W("CPU_Mapped", 10917.78), W("CUDA1", 6840.93), KV("CUDA1", 768.0), C("CUDA0", 269.75),
     C("CUDA_Host", 24.01)}, NULL, 0, "mmap-with-overrides"},
};
/* clang-format on */

#endif

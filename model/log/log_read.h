/* What a load log says: llama.cpp from 2024 to v0.5.0, ik_llama.cpp, llama-cpp-python, KoboldCpp, ollama's
 * runner. One file may hold several loads (a draft model, a benchmark, a restarted server).
 *
 * Lines are known by their invariant tails ("KV buffer size =", "offloaded a/b layers to GPU"), not by the
 * function name in front, which changed with every release. Formats: common/log.cpp, src/llama-model.cpp,
 * src/llama-context.cpp, ggml/src/ggml-alloc.c of llama.cpp, and the same files of ik_llama.cpp.
 *
 * Every text comes from a file that may be hostile: it holds no control characters, but is not trusted.
 */
#ifndef OTPLAN_MODEL_LOG_LOG_READ_H
#define OTPLAN_MODEL_LOG_LOG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_engine {
    ENGINE_UNKNOWN,
    ENGINE_LLAMA_CPP,
    ENGINE_IK_LLAMA,
    ENGINE_LLAMA_PYTHON,
    ENGINE_KOBOLDCPP,
    ENGINE_OLLAMA,
};
const char *log_engine_name(enum log_engine engine); /* "llama.cpp"; "unknown" */

enum log_buffer_kind {
    LOG_BUFFER_MODEL,
    LOG_BUFFER_KV,
    LOG_BUFFER_RS, /* recurrent state */
    LOG_BUFFER_COMPUTE,
    LOG_BUFFER_OUTPUT,
    LOG_BUFFER_KINDS,
};
const char *log_buffer_kind_name(enum log_buffer_kind kind); /* "KV" */

struct log_buffer {
    enum log_buffer_kind kind;
    char *name;     /* owned: buffer type, "CUDA0", "CPU_Mapped", "RPC0[host:port]" */
    uint64_t bytes; /* all lines of this name together */
    uint64_t slack; /* what the printed digits leave open */
    uint32_t lines; /* mapped: one per file of a split model; KV: one per cache */
};

struct log_device {
    char *name;        /* owned: "CUDA0" */
    char *description; /* owned: "NVIDIA GeForce RTX 3090"; "" where not said */
    char *capability;  /* owned: "8.6", "gfx1030 (0x1030)"; "" where not said */
    uint64_t total;    /* bytes; 0: not said */
    uint64_t free;     /* bytes, before this load; 0: not said */
    bool in_use;       /* "using device" */
};

/* A context made on the model. Fit trials and draft contexts leave more than one. */
struct log_context {
    struct log_buffer *buffers; /* never of kind model */
    size_t n_buffers;
    uint64_t n_ctx, n_seq_max, n_batch, n_ubatch; /* 0: not said */
    uint64_t splits, splits_decode;               /* graph splits: of a batch, of one token; 0 */
    int8_t flash_attn;                            /* 1, 0; -1: not said */
    bool pipeline_parallel;
    bool retried_without_pipeline;
};

struct log_override { /* a tensor that a rule took */
    char *tensor;     /* owned */
    char *buffer;     /* owned */
};

struct log_layer {
    uint64_t index; /* n_layer: the output layer */
    char *device;   /* owned */
};

struct log_row { /* of the memory breakdown, in MiB */
    char *name;  /* owned: "CUDA0", "Host", "CPU_REPACK" */
    char *description;
    uint64_t total, free; /* 0 for the host; free as printed may be an underflow: then 0 */
    uint64_t model, context, compute;
    int64_t unaccounted; /* below 0: nothing was really allocated, a fit trial */
    bool device;         /* has total and free */
};

enum log_failure_kind {
    FAILURE_NONE,
    FAILURE_LOAD,       /* the model did not load */
    FAILURE_CONTEXT,    /* the context was not made */
    FAILURE_ABORT,      /* the process aborted */
    FAILURE_ALLOCATION, /* memory was refused: bytes, buffer and what for */
};

enum log_memory_use { LOG_USE_UNKNOWN, LOG_USE_WEIGHTS, LOG_USE_KV, LOG_USE_COMPUTE };
const char *log_memory_use_name(enum log_memory_use use); /* "weights", "KV cache" */

struct log_failure {
    enum log_failure_kind kind; /* the most telling one of the load */
    enum log_memory_use use;
    char *buffer;   /* owned or NULL: "CUDA1" */
    uint64_t bytes; /* asked for; 0: not said */
    char *reason;   /* owned or NULL: llama.cpp's words */
};

enum log_hint {                      /* single lines that explain a fallback or deserve a finding */
                HINT_CPU_BUILD,      /* compiled without a GPU backend */
                HINT_NO_DRIVER,      /* driver missing, too old or without a device */
                HINT_NO_DEVICE,      /* a backend is there and finds no device */
                HINT_NO_PERMISSION,  /* the device file may not be opened */
                HINT_NO_KERNEL,      /* built for other compute capabilities */
                HINT_MASKED,         /* CUDA_VISIBLE_DEVICES and its like */
                HINT_BACKEND_FAILED, /* a backend library could not be loaded */
                HINT_PINNED_FAILED,  /* pinned memory refused: plain memory was taken */
                HINT_GRAPH_REALLOC,  /* "failed to allocate graph, reserving" */
                HINT_FLASH_ELSEWHERE, /* flash attention switched off for a layer's device */
                HINT_FIT_FAILED,      /* --fit gave up */
                HINT_FIT_CONTEXT,     /* --fit reduced the context */
                HINT_MMAP_OVERRIDES,  /* tensors overridden to CPU while mmap is on */
                HINT_OTHER_BUFFER,    /* tensors that cannot live in the preferred buffer type */
                HINT_KILLED,          /* ended from outside, most often for want of host memory */
                HINT_SOFTWARE_DEVICE, /* a device that is the CPU in disguise (llvmpipe) */
                HINT_COMPUTE_GREW,    /* compute buffers ended larger than reserved */
                HINT_COUNT,
};

struct log_speed {
    double prompt, decode; /* tokens per second, the last reported; 0: not said */
};

struct log_load {
    char *model; /* owned or NULL: path */
    char *arch;  /* owned or NULL */
    uint64_t n_tensors, n_layer;
    bool has_offloaded;
    bool offload_announced;          /* only ollama's scheduler said so, before the load */
    uint64_t offloaded, offloadable; /* "offloaded a/b layers" */
    bool no_alloc;                   /* a trial: nothing was allocated */
    bool draft;                      /* a draft model beside the main one */
    bool ready;                      /* "model loaded", listening, tokens produced */
    struct log_device *devices;
    size_t n_devices;
    struct log_buffer *buffers; /* of kind model */
    size_t n_buffers;
    struct log_context *contexts;
    size_t n_contexts;
    struct log_override *overrides;
    size_t n_overrides;
    struct log_layer *layers;
    size_t n_layers;
    struct log_row *rows; /* the last breakdown */
    size_t n_rows;
    struct log_failure failure;
    char *hints[HINT_COUNT]; /* owned or NULL: the line that said so */
    uint64_t pinned_bytes;   /* refused, the largest */
    struct log_speed speed;
    char *features; /* owned or NULL: the system_info line */
    bool fit_lines; /* --fit was at work */
    int stage;      /* private to the reader: how far the load has come */
};

struct log {
    enum log_engine engine;
    int verbosity; /* llama.cpp's -lv; -1: not said */
    char *command; /* owned or NULL: the command line, where it is echoed */
    char *build;   /* owned or NULL: "build 1 (de3ff81)" */
    struct log_load *loads;
    size_t n_loads;
    uint64_t n_lines;
};

/* Reads a whole log; never fails. At least one load comes out, an empty one where nothing was said.
 * Free with log_clear. */
void log_read(const char *text, size_t length, struct log *out);
void log_clear(struct log *log);

/* Host memory: CPU, CPU_Mapped, CUDA_Host, CPU_REPACK, AMX ... */
bool log_buffer_on_host(const char *name);
bool log_buffer_mapped(const char *name); /* the size printed is the span of a file */
/* Sum over a list; NULL name: all. `kind` LOG_BUFFER_KINDS: any. */
uint64_t log_buffers_bytes(const struct log_buffer *buffers, size_t n, enum log_buffer_kind kind,
                           const char *name);
const struct log_buffer *log_buffer_find(const struct log_buffer *buffers, size_t n,
                                         enum log_buffer_kind kind, const char *name);

#endif

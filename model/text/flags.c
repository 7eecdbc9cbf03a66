#include "model/text/flags.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define PASS(values, names, environment)                                                           \
    {                                                                                              \
        FLAG_ID_PASS, FLAG_PASS, values, names, "", environment, NULL                              \
    }
#define SWITCH(names, off, environment)                                                            \
    {                                                                                              \
        FLAG_ID_PASS, FLAG_PASS, 0, names, off, environment, NULL                                  \
    }
#define REMOVED(values, names, instead)                                                            \
    {                                                                                              \
        FLAG_ID_PASS, FLAG_REMOVED, values, names, "", NULL, instead                               \
    }

static const struct flag flags[] = {
    PASS(0, "-h --help --usage", NULL),
    PASS(0, "--version", NULL),
    PASS(0, "-cl --cache-list", NULL),
    PASS(0, "--completion-bash", NULL),
    PASS(1, "-t --threads", "THREADS"),
    PASS(1, "-tb --threads-batch", NULL),
    PASS(1, "-C --cpu-mask", NULL),
    PASS(1, "-Cr --cpu-range", NULL),
    PASS(1, "--cpu-strict", NULL),
    PASS(1, "--prio", NULL),
    PASS(1, "--poll", NULL),
    PASS(1, "-Cb --cpu-mask-batch", NULL),
    PASS(1, "-Crb --cpu-range-batch", NULL),
    PASS(1, "--cpu-strict-batch", NULL),
    PASS(1, "--prio-batch", NULL),
    PASS(1, "--poll-batch", NULL),
    {FLAG_ID_CTX_SIZE, FLAG_PLAN, 1, "-c --ctx-size", "", "CTX_SIZE", NULL},
    PASS(1, "-n --predict --n-predict", "N_PREDICT"),
    {FLAG_ID_BATCH, FLAG_PLAN, 1, "-b --batch-size", "", "BATCH", NULL},
    {FLAG_ID_UBATCH, FLAG_PLAN, 1, "-ub --ubatch-size", "", "UBATCH", NULL},
    PASS(1, "--keep", NULL),
    {FLAG_ID_SWA_FULL, FLAG_PLAN, 0, "--swa-full", "", "SWA_FULL", NULL},
    {FLAG_ID_FLASH_ATTN, FLAG_PLAN, 1, "-fa --flash-attn", "", "FLASH_ATTN", NULL},
    PASS(1, "-p --prompt", NULL),
    PASS(1, "-f --file", NULL),
    PASS(1, "-bf --binary-file", NULL),
    PASS(1, "-sys --system-prompt", NULL),
    PASS(1, "-sysf --system-prompt-file", NULL),
    SWITCH("--perf", "--no-perf", "PERF"),
    SWITCH("-e --escape", "--no-escape", NULL),
    PASS(1, "--rope-scaling", "ROPE_SCALING_TYPE"),
    PASS(1, "--rope-scale", "ROPE_SCALE"),
    PASS(1, "--rope-freq-base", "ROPE_FREQ_BASE"),
    PASS(1, "--rope-freq-scale", "ROPE_FREQ_SCALE"),
    PASS(1, "--yarn-orig-ctx", "YARN_ORIG_CTX"),
    PASS(1, "--yarn-ext-factor", "YARN_EXT_FACTOR"),
    PASS(1, "--yarn-attn-factor", "YARN_ATTN_FACTOR"),
    PASS(1, "--yarn-beta-slow", "YARN_BETA_SLOW"),
    PASS(1, "--yarn-beta-fast", "YARN_BETA_FAST"),
    {FLAG_ID_KV_OFFLOAD, FLAG_PLAN, 0, "-kvo --kv-offload", "-nkvo --no-kv-offload", "KV_OFFLOAD",
     NULL},
    {FLAG_ID_REPACK, FLAG_PLAN, 0, "--repack", "-nr --no-repack", "REPACK", NULL},
    {FLAG_ID_NO_HOST, FLAG_PLAN, 0, "--no-host", "", "NO_HOST", NULL},
    {FLAG_ID_CACHE_TYPE_K, FLAG_PLAN, 1, "-ctk --cache-type-k", "", "CACHE_TYPE_K", NULL},
    {FLAG_ID_CACHE_TYPE_V, FLAG_PLAN, 1, "-ctv --cache-type-v", "", "CACHE_TYPE_V", NULL},
    PASS(1, "-dt --defrag-thold", "DEFRAG_THOLD"),
    {FLAG_ID_PARALLEL, FLAG_PLAN, 1, "-np --parallel", "", "N_PARALLEL", NULL},
    {FLAG_ID_RPC, FLAG_PLAN, 1, "--rpc", "", "RPC", NULL},
    {FLAG_ID_LOAD_MODE, FLAG_PLAN, 1, "-lm --load-mode", "", "LOAD_MODE", NULL},
    PASS(1, "-lzm --lazy-mode", "LAZY_MODE"),
    PASS(1, "--numa", "NUMA"),
    {FLAG_ID_DEVICE, FLAG_PLAN, 1, "-dev --device", "", "DEVICE", NULL},
    PASS(0, "--list-devices", NULL),
    {FLAG_ID_OVERRIDE_TENSOR, FLAG_PLAN, 1, "-ot --override-tensor", "", "OVERRIDE_TENSOR", NULL},
    {FLAG_ID_CPU_MOE, FLAG_PLAN, 0, "-cmoe --cpu-moe", "", "CPU_MOE", NULL},
    {FLAG_ID_N_CPU_MOE, FLAG_PLAN, 1, "-ncmoe --n-cpu-moe", "", "N_CPU_MOE", NULL},
    PASS(1, "--moe-cache-mib", "MOE_CACHE_MIB"),
    {FLAG_ID_N_CPU_FFN, FLAG_PLAN, 1, "-ncffn --n-cpu-ffn", "", "N_CPU_FFN", NULL},
    {FLAG_ID_GPU_LAYERS, FLAG_PLAN, 1, "-ngl --gpu-layers --n-gpu-layers", "", "N_GPU_LAYERS",
     NULL},
    {FLAG_ID_SPLIT_MODE, FLAG_PLAN, 1, "-sm --split-mode", "", "SPLIT_MODE", NULL},
    {FLAG_ID_TENSOR_SPLIT, FLAG_PLAN, 1, "-ts --tensor-split", "", "TENSOR_SPLIT", NULL},
    {FLAG_ID_MAIN_GPU, FLAG_PLAN, 1, "-mg --main-gpu", "", "MAIN_GPU", NULL},
    {FLAG_ID_FIT, FLAG_PLAN, 1, "-fit --fit", "", "FIT", NULL},
    {FLAG_ID_FIT_TARGET, FLAG_PLAN, 1, "-fitt --fit-target", "", "FIT_TARGET", NULL},
    PASS(1, "-fitc --fit-ctx", "FIT_CTX"),
    PASS(1, "-fitp --fit-print", "FIT_ESTIMATE"),
    PASS(0, "--check-tensors", NULL),
    {FLAG_ID_OVERRIDE_KV, FLAG_PLAN, 1, "--override-kv", "", NULL, NULL},
    {FLAG_ID_OP_OFFLOAD, FLAG_PLAN, 0, "--op-offload", "--no-op-offload", NULL, NULL},
    PASS(1, "--lora", NULL),
    PASS(1, "--lora-scaled", NULL),
    PASS(1, "--control-vector", NULL),
    PASS(1, "--control-vector-scaled", NULL),
    PASS(2, "--control-vector-layer-range", NULL),
    {FLAG_ID_MODEL, FLAG_MODEL, 1, "-m --model", "", "MODEL", NULL},
    {FLAG_ID_MODEL_URL, FLAG_MODEL, 1, "-mu --model-url", "", "MODEL_URL", NULL},
    PASS(1, "-dr --docker-repo", "DOCKER_REPO"),
    {FLAG_ID_HF_REPO, FLAG_MODEL, 1, "-hf -hfr --hf-repo", "", "HF_REPO", NULL},
    {FLAG_ID_HF_FILE, FLAG_MODEL, 1, "-hff --hf-file", "", "HF_FILE", NULL},
    PASS(1, "-hfv -hfrv --hf-repo-v", "HF_REPO_V"),
    PASS(1, "-hffv --hf-file-v", "HF_FILE_V"),
    PASS(1, "-hft --hf-token", "=HF_TOKEN"),
    PASS(0, "--log-disable", NULL),
    PASS(1, "--log-file", "LOG_FILE"),
    SWITCH("--log-jsonl", "--no-log-jsonl", "LOG_JSONL"),
    PASS(1, "--log-colors", "LOG_COLORS"),
    PASS(0, "-v --verbose --log-verbose", NULL),
    {FLAG_ID_OFFLINE, FLAG_PASS, 0, "--offline", "", "OFFLINE", NULL},
    PASS(1, "-lv --verbosity --log-verbosity", "LOG_VERBOSITY"),
    SWITCH("--log-prefix", "--no-log-prefix", "LOG_PREFIX"),
    SWITCH("--log-timestamps", "--no-log-timestamps", "LOG_TIMESTAMPS"),
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1, "-ctkd --spec-draft-type-k --cache-type-k-draft", "",
     "SPEC_DRAFT_CACHE_TYPE_K", NULL},
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1, "-ctvd --spec-draft-type-v --cache-type-v-draft", "",
     "SPEC_DRAFT_CACHE_TYPE_V", NULL},
    PASS(1, "--samplers", NULL),
    PASS(1, "-s --seed", NULL),
    PASS(1, "--sampler-seq --sampling-seq", NULL),
    PASS(1, "--temp --temperature", "TEMPERATURE"),
    PASS(1, "--top-k", "TOP_K"),
    PASS(1, "--top-p", "TOP_P"),
    PASS(1, "--min-p", "MIN_P"),
    PASS(1, "--top-nsigma --top-n-sigma", NULL),
    PASS(1, "--xtc-probability", NULL),
    PASS(1, "--xtc-threshold", NULL),
    PASS(1, "--typical --typical-p", NULL),
    PASS(1, "--repeat-last-n", NULL),
    PASS(1, "--repeat-penalty", "REPEAT_PENALTY"),
    PASS(1, "--presence-penalty", NULL),
    PASS(1, "--frequency-penalty", NULL),
    PASS(1, "--dry-multiplier", NULL),
    PASS(1, "--dry-base", NULL),
    PASS(1, "--dry-allowed-length", NULL),
    PASS(1, "--dry-penalty-last-n", NULL),
    PASS(1, "--dry-sequence-breaker", NULL),
    PASS(1, "--adaptive-target", NULL),
    PASS(1, "--adaptive-decay", NULL),
    PASS(1, "--dynatemp-range", NULL),
    PASS(1, "--dynatemp-exp", NULL),
    PASS(1, "--mirostat", NULL),
    PASS(1, "--mirostat-lr", NULL),
    PASS(1, "--mirostat-ent", NULL),
    PASS(1, "-l --logit-bias", NULL),
    PASS(1, "--grammar", NULL),
    PASS(1, "--grammar-file", NULL),
    PASS(1, "-j --json-schema", NULL),
    PASS(1, "-jf --json-schema-file", NULL),
    PASS(0, "--ignore-eos", NULL),
    PASS(0, "-bs --backend-sampling", "BACKEND_SAMPLING"),
    PASS(1, "-lcs --lookup-cache-static", NULL),
    PASS(1, "-lcd --lookup-cache-dynamic", NULL),
    {FLAG_ID_KV_UNIFIED_PER_SLOT, FLAG_PLAN, 1, "--kv-unified-per-slot", "", "KV_UNIFIED_PER_SLOT",
     NULL},
    PASS(1, "-ctxcp --ctx-checkpoints --swa-checkpoints", "CTX_CHECKPOINTS"),
    PASS(1, "-cms --checkpoint-min-step", "CHECKPOINT_MIN_SPACING_NT"),
    PASS(1, "-cram --cache-ram", "CACHE_RAM"),
    {FLAG_ID_KV_UNIFIED, FLAG_PLAN, 0, "-kvu --kv-unified", "-no-kvu --no-kv-unified", "KV_UNIFIED",
     NULL},
    SWITCH("--cache-idle-slots", "--no-cache-idle-slots", "CACHE_IDLE_SLOTS"),
    SWITCH("--context-shift", "--no-context-shift", "CONTEXT_SHIFT"),
    PASS(1, "-r --reverse-prompt", NULL),
    PASS(0, "-sp --special", NULL),
    SWITCH("--warmup", "--no-warmup", NULL),
    PASS(0, "--spm-infill", NULL),
    {FLAG_ID_POOLING, FLAG_PLAN, 1, "--pooling", "", "POOLING", NULL},
    PASS(1, "--attention", NULL),
    SWITCH("-cb --cont-batching", "-nocb --no-cont-batching", "CONT_BATCHING"),
    {FLAG_ID_MMPROJ, FLAG_PLAN, 1, "-mm --mmproj", "", "MMPROJ", NULL},
    PASS(1, "-mmu --mmproj-url", "MMPROJ_URL"),
    SWITCH("--mmproj-auto", "--no-mmproj --no-mmproj-auto", "MMPROJ_AUTO"),
    SWITCH("--mmproj-offload", "--no-mmproj-offload", "MMPROJ_OFFLOAD"),
    PASS(1, "-mmdev --mmproj-device", "=MTMD_BACKEND_DEVICE"),
    PASS(1, "--image-min-tokens", "IMAGE_MIN_TOKENS"),
    PASS(1, "--image-max-tokens", "IMAGE_MAX_TOKENS"),
    PASS(1, "--mtmd-batch-max-tokens", "MTMD_BATCH_MAX_TOKENS"),
    PASS(1, "--video-fps", "VIDEO_FPS"),
    PASS(1, "--video-timestamp-interval", "VIDEO_TIMESTAMP_INTERVAL"),
    PASS(1, "--video-ffmpeg-dir", "VIDEO_FFMPEG_DIR"),
    PASS(1, "--image", NULL),
    PASS(1, "--audio", NULL),
    PASS(1, "--video", NULL),
    PASS(1, "-a --alias", "ALIAS"),
    PASS(1, "--tags", "TAGS"),
    PASS(1, "--embd-normalize", NULL),
    PASS(1, "--embd-output-format", NULL),
    PASS(1, "--embd-separator", NULL),
    PASS(1, "--host", "HOST"),
    PASS(1, "--port", "PORT"),
    PASS(1, "--path", "STATIC_PATH"),
    PASS(1, "--cors-origins", "CORS_ORIGINS"),
    PASS(1, "--cors-methods", "CORS_METHODS"),
    PASS(1, "--cors-headers", "CORS_HEADERS"),
    PASS(1, "--api-prefix", "API_PREFIX"),
    PASS(1, "--ui-config --webui-config", "UI_CONFIG"),
    PASS(1, "--ui-config-file --webui-config-file", "UI_CONFIG_FILE"),
    PASS(1, "--tools", "TOOLS"),
    PASS(1, "--tools-runtime", "TOOLS_RUNTIME"),
    PASS(1, "--mcp-servers-config", "MCP_SERVERS_CONFIG"),
    PASS(1, "--mcp-servers-json", "MCP_SERVERS_JSON"),
    PASS(1, "--api-key", "=LLAMA_API_KEY"),
    PASS(1, "--api-key-file", "API_KEY_FILE"),
    PASS(1, "--ssl-key-file", "SSL_KEY_FILE"),
    PASS(1, "--ssl-cert-file", "SSL_CERT_FILE"),
    PASS(1, "--chat-template-kwargs", "CHAT_TEMPLATE_KWARGS"),
    PASS(1, "-to --timeout", "TIMEOUT"),
    PASS(1, "--sse-ping-interval", "SSE_PING_INTERVAL"),
    PASS(1, "--threads-http", "THREADS_HTTP"),
    PASS(1, "--cache-reuse", "CACHE_REUSE"),
    PASS(1, "--slot-save-path", "SLOT_SAVE_PATH"),
    PASS(1, "--media-path", NULL),
    PASS(1, "--models-dir", "MODELS_DIR"),
    PASS(1, "--models-preset", "MODELS_PRESET"),
    PASS(1, "--models-max", "MODELS_MAX"),
    PASS(1, "--reasoning-format", "THINK"),
    PASS(1, "-rea --reasoning", "REASONING"),
    PASS(1, "--reasoning-effort", "REASONING_EFFORT"),
    PASS(1, "--reasoning-budget", "THINK_BUDGET"),
    PASS(1, "--reasoning-budget-message", "THINK_BUDGET_MESSAGE"),
    PASS(1, "--chat-template", "CHAT_TEMPLATE"),
    PASS(1, "--chat-template-file", "CHAT_TEMPLATE_FILE"),
    PASS(1, "-sps --slot-prompt-similarity", NULL),
    PASS(1, "--sleep-idle-seconds", NULL),
    PASS(1, "--log-prompts-dir", NULL),
    PASS(1, "--color", NULL),
    PASS(0, "--reuse-port", "REUSE_PORT"),
    {FLAG_ID_EMBEDDING, FLAG_PLAN, 0, "--embedding --embeddings", "", "EMBEDDINGS", NULL},
    {FLAG_ID_EMBEDDING, FLAG_PLAN, 0, "--rerank --reranking", "", "RERANKING", NULL},
    PASS(0, "--metrics", "ENDPOINT_METRICS"),
    PASS(0, "--props", "ENDPOINT_PROPS"),
    PASS(0, "--lora-init-without-apply", NULL),
    PASS(0, "-st --single-turn", NULL),
    PASS(0, "-i --interactive", NULL),
    PASS(0, "-if --interactive-first", NULL),
    PASS(0, "-mli --multiline-input", NULL),
    PASS(0, "--in-prefix-bos", NULL),
    PASS(0, "--simple-io", NULL),
    PASS(0, "--verbose-prompt", NULL),
    PASS(0, "-co", NULL),
    PASS(0, "--prompt-cache-all", NULL),
    PASS(0, "--prompt-cache-ro", NULL),
    {FLAG_ID_SPEC_DEFAULT, FLAG_PLAN, 0, "--spec-default", "", NULL, NULL},
    PASS(0, "--embd-gemma-default", NULL),
    PASS(0, "--fim-qwen-1.5b-default", NULL),
    PASS(0, "--fim-qwen-3b-default", NULL),
    PASS(0, "--fim-qwen-7b-default", NULL),
    PASS(0, "--fim-qwen-7b-spec", NULL),
    PASS(0, "--fim-qwen-14b-spec", NULL),
    PASS(0, "--fim-qwen-30b-default", NULL),
    PASS(0, "--gpt-oss-20b-default", NULL),
    PASS(0, "--gpt-oss-120b-default", NULL),
    PASS(0, "--vision-gemma-4b-default", NULL),
    PASS(0, "--vision-gemma-12b-default", NULL),
    SWITCH("--cors-credentials", "--no-cors-credentials", "CORS_CREDENTIALS"),
    SWITCH("--ui-mcp-proxy --webui-mcp-proxy", "--no-ui-mcp-proxy --no-webui-mcp-proxy",
           "UI_MCP_PROXY"),
    SWITCH("-ag --agent", "-no-ag --no-agent", "AGENT"),
    SWITCH("--ui --webui", "--no-ui --no-webui", "UI"),
    SWITCH("--cache-prompt", "--no-cache-prompt", "CACHE_PROMPT"),
    SWITCH("--slots", "--no-slots", "ENDPOINT_SLOTS"),
    SWITCH("--models-autoload", "--no-models-autoload", "MODELS_AUTOLOAD"),
    SWITCH("--jinja", "--no-jinja", "JINJA"),
    SWITCH("--reasoning-preserve", "--no-reasoning-preserve", "REASONING_PRESERVE"),
    SWITCH("--skip-chat-parsing", "--no-skip-chat-parsing", "SKIP_CHAT_PARSING"),
    SWITCH("--prefill-assistant", "--no-prefill-assistant", "PREFILL_ASSISTANT"),
    SWITCH("-cnv --conversation", "-no-cnv --no-conversation", NULL),
    SWITCH("--display-prompt", "--no-display-prompt", NULL),
    SWITCH("--show-timings", "--no-show-timings", "SHOW_TIMINGS"),
    SWITCH("--spec-draft-backend-sampling", "--no-spec-draft-backend-sampling",
           "SPEC_DRAFT_BACKEND_SAMPLING"),
    PASS(1, "--in-prefix", NULL),
    PASS(1, "--in-suffix", NULL),
    PASS(1, "--prompt-cache", NULL),
    PASS(1, "-ptc --print-token-count", NULL),
    PASS(1, "-ns --sequences", NULL),
    PASS(1, "-ppl --chunks", NULL),
    PASS(1, "-gan --grp-attn-n", NULL),
    PASS(1, "-gaw --grp-attn-w", NULL),
    PASS(1, "-hfd -hfrd --spec-draft-hf --hf-repo-draft", "SPEC_DRAFT_HF_REPO"),
    PASS(1, "-td --spec-draft-threads --threads-draft", NULL),
    PASS(1, "-tbd --spec-draft-threads-batch --threads-batch-draft", NULL),
    PASS(1, "-Cd --spec-draft-cpu-mask --cpu-mask-draft", NULL),
    PASS(1, "-Crd --spec-draft-cpu-range --cpu-range-draft", NULL),
    PASS(1, "--spec-draft-cpu-strict --cpu-strict-draft", NULL),
    PASS(1, "--spec-draft-prio --prio-draft", NULL),
    PASS(1, "--spec-draft-poll --poll-draft", NULL),
    PASS(1, "-Cbd --spec-draft-cpu-mask-batch --cpu-mask-batch-draft", NULL),
    PASS(1, "--spec-draft-cpu-strict-batch --cpu-strict-batch-draft", NULL),
    PASS(1, "--spec-draft-prio-batch --prio-batch-draft", NULL),
    PASS(1, "--spec-draft-poll-batch --poll-batch-draft", NULL),
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1, "-otd --spec-draft-override-tensor --override-tensor-draft",
     "", NULL, NULL},
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1,
     "-ncmoed --spec-draft-n-cpu-moe --spec-draft-ncmoe --n-cpu-moe-draft", "",
     "SPEC_DRAFT_N_CPU_MOE", NULL},
    {FLAG_ID_DRAFT_N_MAX, FLAG_PLAN, 1, "--spec-draft-n-max", "", "SPEC_DRAFT_N_MAX", NULL},
    PASS(1, "--spec-draft-n-min", "SPEC_DRAFT_N_MIN"),
    PASS(1, "--spec-synth-len", "SPEC_SYNTH_LEN"),
    PASS(1, "--spec-synth-rates", "SPEC_SYNTH_RATES"),
    PASS(1, "--spec-draft-p-split --draft-p-split", "SPEC_DRAFT_P_SPLIT"),
    PASS(1, "--spec-draft-p-min --draft-p-min", "SPEC_DRAFT_P_MIN"),
    PASS(1, "--spec-draft-sampling", "SPEC_DRAFT_SAMPLING"),
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1, "-devd --spec-draft-device --device-draft", "", NULL, NULL},
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 1,
     "-ngld --spec-draft-ngl --gpu-layers-draft --n-gpu-layers-draft", "", "N_GPU_LAYERS_DRAFT",
     NULL},
    PASS(1, "--spec-ngram-mod-n-min", NULL),
    {FLAG_ID_NGRAM_MOD, FLAG_PLAN, 1, "--spec-ngram-mod-n-max", "", NULL, NULL},
    PASS(1, "--spec-ngram-mod-n-match", NULL),
    PASS(1, "--spec-ngram-simple-size-n", NULL),
    {FLAG_ID_NGRAM_SIMPLE, FLAG_PLAN, 1, "--spec-ngram-simple-size-m", "", NULL, NULL},
    PASS(1, "--spec-ngram-simple-min-hits", NULL),
    PASS(1, "--spec-ngram-map-k-size-n", NULL),
    {FLAG_ID_NGRAM_MAP_K, FLAG_PLAN, 1, "--spec-ngram-map-k-size-m", "", NULL, NULL},
    PASS(1, "--spec-ngram-map-k-min-hits", NULL),
    PASS(1, "--spec-ngram-map-k4v-size-n", NULL),
    {FLAG_ID_NGRAM_MAP_K4V, FLAG_PLAN, 1, "--spec-ngram-map-k4v-size-m", "", NULL, NULL},
    PASS(1, "--spec-ngram-map-k4v-min-hits", NULL),
    {FLAG_ID_DRAFT_TWIN, FLAG_PLAN, 0, "-cmoed --spec-draft-cpu-moe --cpu-moe-draft", "",
     "SPEC_DRAFT_CPU_MOE", NULL},
    {FLAG_ID_DRAFT_MODEL, FLAG_PLAN, 1, "-md --spec-draft-model --model-draft", "",
     "SPEC_DRAFT_MODEL", NULL},
    {FLAG_ID_SPEC_TYPE, FLAG_PLAN, 1, "--spec-type", "", "SPEC_TYPE", NULL},
    REMOVED(1, "-cd --ctx-size-draft", "-c alone: the draft model has the main context's size"),
    REMOVED(0, "--mmap", "-lm mmap"),
    REMOVED(0, "--no-mmap", "-lm none"),
    REMOVED(0, "--mlock", "-lm mlock"),
    REMOVED(0, "-dio --direct-io", "-lm dio"),
    REMOVED(0, "-ndio --no-direct-io", "-lm mmap"),
    REMOVED(1, "--draft --draft-n --draft-max", "--spec-draft-n-max N"),
    REMOVED(1, "--draft-min --draft-n-min", "--spec-draft-n-min N"),
    REMOVED(1, "--spec-ngram-size-n", "--spec-ngram-simple-size-n N"),
    REMOVED(1, "--spec-ngram-size-m", "--spec-ngram-simple-size-m N"),
    REMOVED(1, "--spec-ngram-min-hits", "--spec-ngram-simple-min-hits N"),
};
enum { FLAG_COUNT = sizeof flags / sizeof flags[0], NAME_MAX_BYTES = 64 };

const struct flag *flag_table(size_t *n_flags)
{
    *n_flags = FLAG_COUNT;
    return flags;
}

const struct flag *flag_by_id(enum flag_id id)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (flags[i].id == id) {
            return &flags[i];
        }
    }
    return NULL;
}

/* Is `word` one of the spellings in `names`? */
static bool among(const char *names, const char *word, size_t length)
{
    for (const char *at = names; *at != '\0';) {
        size_t n = strcspn(at, " ");
        if (n == length && memcmp(at, word, n) == 0) {
            return true;
        }
        at += n + (at[n] == ' ' ? 1 : 0);
    }
    return false;
}

/* Long names take `_` for `-` (common/arg.cpp:820). False where the word cannot be a flag's name. */
static bool plain_name(const char *word, char *name)
{
    size_t length = strlen(word);
    if (length >= NAME_MAX_BYTES || word[0] != '-' || strchr(word, ' ') != NULL) {
        return false;
    }
    memcpy(name, word, length + 1);
    for (char *c = name; strncmp(word, "--", 2) == 0 && *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    return true;
}

const struct flag *flag_find(const char *word, bool *off)
{
    char name[NAME_MAX_BYTES];
    if (!plain_name(word, name)) {
        return NULL;
    }
    size_t length = strlen(name);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        bool negative = among(flags[i].off_names, name, length);
        if (negative || among(flags[i].names, name, length)) {
            if (off != NULL) {
                *off = negative;
            }
            return &flags[i];
        }
    }
    return NULL;
}

bool llama_flag_known(const char *word, enum flag_use *use, int *n_values)
{
    const struct flag *flag = flag_find(word, NULL);
    if (flag == NULL) {
        return false;
    }
    if (use != NULL) {
        *use = flag->use;
    }
    if (n_values != NULL) {
        *n_values = flag->n_values;
    }
    return true;
}

char *flag_spelling(const struct flag *flag, bool off)
{
    const char *names = off && flag->off_names[0] != '\0' ? flag->off_names : flag->names;
    return memory_text_n(names, strcspn(names, " "));
}

/* Edits (insert, delete, replace, swap neighbours) from `a` to `b`. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][NAME_MAX_BYTES + 1];
    for (size_t j = 0; j <= m; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && rows[(i + 1) % 3][j - 2] + 1 < best) {
                best = rows[(i + 1) % 3][j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

struct nearest {
    const char *name;
    size_t length;
    unsigned distance;
};

static void consider(const char *names, const char *word, size_t length, struct nearest *nearest)
{
    for (const char *at = names; *at != '\0';) {
        size_t n = strcspn(at, " ");
        unsigned edits = distance(word, length, at, n);
        if (edits < nearest->distance) {
            *nearest = (struct nearest){at, n, edits};
        }
        at += n + (at[n] == ' ' ? 1 : 0);
    }
}

char *flag_suggest(const char *word)
{
    char name[NAME_MAX_BYTES];
    if (!plain_name(word, name)) {
        return NULL;
    }
    size_t length = strcspn(name, "=");
    struct nearest nearest = {.distance = length < 6 ? 2 : 3};
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (flags[i].use == FLAG_PLAN || flags[i].use == FLAG_MODEL || length > 4) {
            consider(flags[i].names, name, length, &nearest);
            consider(flags[i].off_names, name, length, &nearest);
        }
    }
    return nearest.name == NULL ? NULL : memory_text_n(nearest.name, nearest.length);
}

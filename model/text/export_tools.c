#include "model/text/export_parts.h"

#include <string.h>

/* Other programs' command lines: the same plan in llama-bench's and ik_llama.cpp's flags. */

/* What becomes of a flag there. */
struct spelling {
    enum flag_id id;
    const char *on;  /* flag where it is given; "" leaves it out; NULL: the program cannot say it */
    const char *off; /* for the negative spelling of a switch */
    bool slashes;    /* `/` for `,` in its value */
};

static const struct spelling bench[] = {
    {FLAG_ID_CTX_SIZE, "", "", false},
    {FLAG_ID_GPU_LAYERS, "-ngl", NULL, false},
    {FLAG_ID_TENSOR_SPLIT, "-ts", NULL, true},
    {FLAG_ID_DEVICE, "-dev", NULL, true},
    {FLAG_ID_SPLIT_MODE, "-sm", NULL, false},
    {FLAG_ID_MAIN_GPU, "-mg", NULL, false},
    {FLAG_ID_BATCH, "-b", NULL, false},
    {FLAG_ID_UBATCH, "-ub", NULL, false},
    {FLAG_ID_CACHE_TYPE_K, "-ctk", NULL, false},
    {FLAG_ID_CACHE_TYPE_V, "-ctv", NULL, false},
    {FLAG_ID_FLASH_ATTN, "-fa", NULL, false},
    {FLAG_ID_KV_OFFLOAD, "", "-nkvo 1", false},
    {FLAG_ID_OP_OFFLOAD, "", "-nopo 1", false},
    {FLAG_ID_NO_HOST, "--no-host 1", NULL, false},
    {FLAG_ID_LOAD_MODE, "-lm", NULL, false},
    {FLAG_ID_RPC, "-rpc", NULL, false},
    /* one sequence, its own context, no --fit unless asked */
    {FLAG_ID_PARALLEL, "", "", false},
    {FLAG_ID_KV_UNIFIED, "", "", false},
    {FLAG_ID_KV_UNIFIED_PER_SLOT, "", "", false},
    {FLAG_ID_FIT, "", "", false},
    {FLAG_ID_FIT_TARGET, "", "", false},
    {FLAG_ID_SWA_FULL, NULL, NULL, false},
    {FLAG_ID_REPACK, "", NULL, false},
};

static const struct spelling ik[] = {
    {FLAG_ID_CTX_SIZE, "-c", NULL, false},
    {FLAG_ID_GPU_LAYERS, "-ngl", NULL, false},
    {FLAG_ID_TENSOR_SPLIT, "-ts", NULL, false},
    {FLAG_ID_DEVICE, "-dev", NULL, false},
    {FLAG_ID_SPLIT_MODE, "-sm", NULL, false},
    {FLAG_ID_MAIN_GPU, "-mg", NULL, false},
    {FLAG_ID_BATCH, "-b", NULL, false},
    {FLAG_ID_UBATCH, "-ub", NULL, false},
    {FLAG_ID_CACHE_TYPE_K, "-ctk", NULL, false},
    {FLAG_ID_CACHE_TYPE_V, "-ctv", NULL, false},
    {FLAG_ID_FLASH_ATTN, "-fa", NULL, false},
    {FLAG_ID_PARALLEL, "-np", NULL, false},
    {FLAG_ID_KV_OFFLOAD, "", "-nkvo", false},
    {FLAG_ID_RPC, "--rpc", NULL, false},
    {FLAG_ID_MMPROJ, "--mmproj", NULL, false},
    {FLAG_ID_DRAFT_MODEL, "-md", NULL, false},
    {FLAG_ID_FIT, "", "", false}, /* off unless asked for there */
    {FLAG_ID_FIT_TARGET, "", "", false},
    {FLAG_ID_REPACK, "", "", false}, /* it repacks with -rtr only */
    {FLAG_ID_NO_HOST, "", "", false},
    {FLAG_ID_KV_UNIFIED, "", "", false},
    {FLAG_ID_KV_UNIFIED_PER_SLOT, "", "", false},
    {FLAG_ID_OP_OFFLOAD, "", NULL, false},
    {FLAG_ID_SWA_FULL, NULL, NULL, false},
    {FLAG_ID_LOAD_MODE, "", NULL, false}, /* see load_mode */
};

static const struct spelling *find(const struct spelling *table, size_t n, enum flag_id id)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].id == id) {
            return &table[i];
        }
    }
    return NULL;
}

static void add_value(const struct export_item *item, bool slashes, struct strbuf *out)
{
    struct strbuf value = {0};
    for (const char *at = item->value; *at != '\0'; at++) {
        strbuf_add_char(&value, slashes && *at == ',' ? '/' : *at);
    }
    strbuf_add_char(out, ' ');
    shell_quote(out, strbuf_text(&value));
    strbuf_clear(&value);
}

static void separate(struct strbuf *out)
{
    strbuf_add(out, out->length > 0 ? " " : "");
}

static bool write_item(const char *program, const struct spelling *spelling,
                       const struct export_item *item, struct strbuf *out, struct error *error)
{
    const char *flag = item->off ? spelling->off : spelling->on;
    if (flag == NULL) {
        return error_set(error, ERROR_INPUT, "%s has no %s: the plan cannot be said there", program,
                         item->all[0]);
    }
    if (flag[0] == '\0') {
        return true;
    }
    separate(out);
    strbuf_add(out, flag);
    if (item->value != NULL) {
        add_value(item, spelling->slashes, out);
    }
    return true;
}

static void write_as_is(const struct export_item *item, struct strbuf *out)
{
    for (size_t i = 0; i < item->n_words; i++) {
        separate(out);
        shell_quote(out, item->all[i]);
    }
}

static bool add_rules(const struct export_source *source, const char *separator, struct strbuf *out,
                      struct error *error)
{
    struct strbuf rules = {0};
    size_t n = export_rules(source, separator, &rules);
    size_t separators = 0;
    for (const char *at = strbuf_text(&rules); *separator == ';' && *at != '\0'; at++) {
        separators += *at == ';' ? 1 : 0;
    }
    bool clear = *separator != ';' || n == 0 || separators == n - 1;
    if (n > 0) {
        separate(out);
        strbuf_add(out, "-ot ");
        shell_quote(out, strbuf_text(&rules));
    }
    strbuf_clear(&rules);
    return clear || error_set(error, ERROR_INPUT,
                              "--format bench: a rule holds a `;`, which parts "
                              "rules in llama-bench");
}

bool export_bench(const struct export_source *source, struct strbuf *out, struct error *error)
{
    struct export_item item;
    bool written = true;
    struct strbuf line = {0};
    for (size_t at = 0; written && export_next(source, &at, &item);) {
        const struct spelling *spelling =
            item.flag == NULL ? NULL : find(bench, sizeof bench / sizeof bench[0], item.flag->id);
        /* what it has no use for (--host, sampling) it would refuse */
        written = item.rule || spelling == NULL ||
                  write_item("llama-bench", spelling, &item, &line, error);
    }
    written = written && add_rules(source, ";", &line, error);
    strbuf_add(out, strbuf_text(&line));
    strbuf_add_char(out, '\n');
    strbuf_clear(&line);
    return written;
}

static void add_load_mode(enum load_mode mode, struct strbuf *out)
{
    if (mode == LOAD_NONE || mode == LOAD_MLOCK) {
        separate(out);
        strbuf_add(out, "--no-mmap");
    }
    if (mode == LOAD_MLOCK || mode == LOAD_MMAP_MLOCK) {
        separate(out);
        strbuf_add(out, "--mlock");
    }
}

bool export_ik(const struct export_source *source, struct strbuf *out, struct error *error)
{
    struct export_item item;
    bool written = true;
    struct strbuf line = {0};
    for (size_t at = 0; written && export_next(source, &at, &item);) {
        const struct spelling *spelling =
            item.flag == NULL ? NULL : find(ik, sizeof ik / sizeof ik[0], item.flag->id);
        if (spelling == NULL && !item.rule) {
            write_as_is(&item, &line);
        }
        written = item.rule || spelling == NULL ||
                  write_item("ik_llama.cpp", spelling, &item, &line, error);
    }
    add_load_mode(source->plan->settings.load_mode, &line);
    written = written && add_rules(source, ",", &line, error);
    strbuf_add(out, strbuf_text(&line));
    strbuf_add_char(out, '\n');
    strbuf_clear(&line);
    return written;
}

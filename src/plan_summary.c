#include "src/plan_summary.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/plan/advice.h"
#include "model/plan/components.h"
#include "model/text/argument_values.h"
#include "model/text/export.h"
#include "src/speed_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct summary_style summary_style_find(bool ascii)
{
    struct winsize size;
    struct summary_style style = {.columns = 80, .ascii = ascii};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
        style.columns = size.ws_col;
    }
    const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < 3 && (locale == NULL || *locale == '\0'); i++) {
        locale = getenv(variables[i]);
    }
    bool utf8 = locale != NULL &&
                (strcasestr(locale, "utf-8") != NULL || strcasestr(locale, "utf8") != NULL);
    style.ascii = ascii || !utf8;
    return style;
}

/* Groups of three digits, so that gigabytes read at a glance. */
static void group_digits(char *to, size_t size, uint64_t number)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    size_t at = 0;
    for (int i = 0; i < n && at + 2 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            to[at++] = ' ';
        }
        to[at++] = digits[i];
    }
    to[at] = '\0';
}

void summary_add_mib(struct strbuf *out, uint64_t bytes, int width)
{
    char whole[48];
    uint64_t tenths = (bytes * 10 + (1U << 19)) >> 20;
    group_digits(whole, sizeof whole, tenths / 10);
    char text[64];
    snprintf(text, sizeof text, "%s.%u", whole, (unsigned)(tenths % 10));
    strbuf_format(out, "%*s", width, text);
}

/* Whole MiB; what is used is rounded up, a budget down. */
static void add_whole_mib(struct strbuf *out, uint64_t bytes, bool up, int width)
{
    char text[48];
    group_digits(text, sizeof text, (bytes + (up ? 0xfffff : 0)) >> 20);
    strbuf_format(out, "%*s", width, text);
}

/* ---- the head ------------------------------------------------------------------------------- */

static void add_model(const struct plan_json_source *source, struct strbuf *out)
{
    const struct model *model = source->model;
    const struct hparams *hparams = &model->hparams;
    strbuf_add_plain(out, model->name);
    strbuf_add(out, "  ");
    strbuf_add_plain(out, model->arch_name);
    strbuf_format(out, ", %u layers, %llu tensors, %.1f GiB", hparams->n_layer,
                  (unsigned long long)model->gguf->n_tensors, (double)model->bytes / 1073741824.0);
    if (hparams->n_expert > 0) {
        strbuf_format(out, ", %u experts (%u used)", hparams->n_expert, hparams->n_expert_used);
    }
    strbuf_add(out, "\n");
}

static void add_settings(const struct plan_json_source *source, struct strbuf *out)
{
    const struct resolved *resolved = &source->evaluation->resolved;
    strbuf_format(out, "%s: context %u", target_name(source->plan->settings.target),
                  resolved->n_ctx);
    if (resolved->n_seq > 1) {
        strbuf_format(out, " for %u slots (%s)", resolved->n_seq,
                      resolved->kv_unified ? "shared" : "split");
    }
    strbuf_format(out, ", cache %s/%s, flash attention %s, batch %u/%u\n",
                  argument_cache_type_name(resolved->type_k),
                  argument_cache_type_name(resolved->type_v), resolved->flash_attn ? "on" : "off",
                  resolved->n_batch, resolved->n_ubatch);
    strbuf_add(out, "devices from ");
    strbuf_add_plain(out, source->rig->found_by != NULL ? source->rig->found_by : "a plan");
    strbuf_add(out, "\n\n");
}

void summary_head(const struct plan_json_source *source, struct strbuf *out)
{
    add_model(source, out);
    add_settings(source, out);
}

/* ---- bars ----------------------------------------------------------------------------------- */

enum cell {
    CELL_DENSE,
    CELL_EXPERTS,
    CELL_CONTEXT,
    CELL_COMPUTE,
    CELL_ROOM,
    CELL_OTHERS,
    CELL_MARK
};

static const char *glyph(enum cell cell, bool ascii)
{
    static const char *const glyphs[][2] = {
        [CELL_DENSE] = {"█", "#"},   [CELL_EXPERTS] = {"▓", "="}, [CELL_CONTEXT] = {"▒", "+"},
        [CELL_COMPUTE] = {"░", "-"}, [CELL_ROOM] = {" ", " "},    [CELL_OTHERS] = {"╱", "/"},
        [CELL_MARK] = {"╎", "|"},
    };
    return glyphs[cell][ascii ? 1 : 0];
}

/* Columns that `bytes` of `total` reach, at least one for anything there is. */
static int reach(uint64_t bytes, uint64_t total, int columns)
{
    if (bytes == 0 || total == 0) {
        return 0;
    }
    double share = (double)bytes / (double)total * columns;
    int cells = (int)(share + 0.5);
    return cells > columns ? columns : cells;
}

static void add_bar(const struct device *device, const struct device_use *use, int columns,
                    bool ascii, struct strbuf *out)
{
    const uint64_t parts[] = {use->model - use->experts + use->beside, use->experts, use->context,
                              use->compute};
    int ends[4];
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        sum += parts[i];
        ends[i] = reach(sum, device->total, columns);
        int before = i > 0 ? ends[i - 1] : 0;
        ends[i] = parts[i] > 0 && ends[i] == before && before < columns ? before + 1 : ends[i];
    }
    int mark = reach(use->budget, device->total, columns);
    int others = columns - reach(device->total - device->free, device->total, columns);
    for (int column = 0; column < columns; column++) {
        int part = 0;
        while (part < 4 && column >= ends[part]) {
            part++;
        }
        enum cell cell = part < 4 ? (enum cell)part
                         : column == mark || (mark == columns && column == mark - 1) ? CELL_MARK
                         : column >= others                                          ? CELL_OTHERS
                                                                                     : CELL_ROOM;
        strbuf_add(out, glyph(cell, ascii));
    }
}

static int longest_name(const struct rig *rig)
{
    size_t longest = 3;
    for (size_t i = 0; i < rig->n_devices; i++) {
        size_t n = strlen(rig->devices[i].name);
        longest = n > longest ? n : longest;
    }
    return longest < 24 ? (int)longest : 24;
}

static void add_device(const struct device *device, const struct device_use *use, int name_width,
                       const struct summary_style *style, bool host_mapped, struct strbuf *out)
{
    enum { FIGURES = 48 };
    int columns = style->columns - name_width - FIGURES;
    columns = columns < 8 ? 8 : columns > 60 ? 60 : columns;
    struct strbuf name = {0};
    strbuf_add_plain(&name, device->name);
    strbuf_format(out, "%-*.*s ", name_width, name_width, strbuf_text(&name));
    strbuf_clear(&name);
    add_bar(device, use, columns, style->ascii, out);
    add_whole_mib(out, use->used, true, 9);
    strbuf_add(out, "/");
    add_whole_mib(out, use->budget, false, 7);
    double percent = use->budget > 0 ? 100.0 * (double)use->used / (double)use->budget : 0;
    strbuf_format(out, " %6.1f%%", percent);
    uint64_t left = use->headroom >= 0 ? (uint64_t)use->headroom : (uint64_t)-use->headroom;
    add_whole_mib(out, left, use->headroom < 0, 9);
    strbuf_add(out, use->headroom >= 0 ? " left\n" : host_mapped ? " MORE\n" : " OVER\n");
}

/* In the figures above: a draft model, a multimodal projector. */
static void add_beside(const struct rig *rig, const struct evaluation *evaluation,
                       struct strbuf *out)
{
    for (size_t i = 0; i <= rig->n_devices; i++) {
        bool is_host = i == rig->n_devices;
        const struct device_use *use = is_host ? &evaluation->host : &evaluation->devices[i];
        if (use->beside > 0) {
            strbuf_format(out, "%s: of it %.1f MiB beside the model (draft model, projector)\n",
                          is_host ? "CPU" : rig->devices[i].name, (double)use->beside / 1048576.0);
        }
    }
}

static void add_devices(const struct plan_json_source *source, const struct summary_style *style,
                        struct strbuf *out)
{
    const struct rig *rig = source->rig;
    int name_width = longest_name(rig);
    strbuf_format(out,
                  "Used / budget in MiB:  %s dense  %s experts  %s KV cache  %s compute  %s "
                  "budget  %s in use elsewhere\n",
                  glyph(CELL_DENSE, style->ascii), glyph(CELL_EXPERTS, style->ascii),
                  glyph(CELL_CONTEXT, style->ascii), glyph(CELL_COMPUTE, style->ascii),
                  glyph(CELL_MARK, style->ascii), glyph(CELL_OTHERS, style->ascii));
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_device(&rig->devices[i], &source->evaluation->devices[i], name_width, style, false,
                   out);
    }
    const struct device_use *host = &source->evaluation->host;
    add_device(&rig->host, host, name_width, style, host->fits && host->headroom < 0, out);
    add_beside(rig, source->evaluation, out);
    strbuf_add(out, "\n");
}

/* ---- components ----------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 6, COLUMN = 10, LABEL = 15 };

/* The devices that get a column, beside CPU: those that hold something. Where they are too many for the
 * width, the last column is "others", the sum of the rest. */
struct columns {
    int16_t *devices; /* n_devices of them hold something; owned */
    size_t n_devices;
    size_t n_single; /* of those, with a column of their own */
};

static struct columns columns_of(const struct plan_json_source *source, int width)
{
    struct columns out = {.devices = memory_array(source->rig->n_devices, sizeof *out.devices)};
    for (size_t i = 0; i < source->rig->n_devices; i++) {
        if (source->evaluation->devices[i].used > 0) {
            out.devices[out.n_devices++] = (int16_t)i;
        }
    }
    int room = (width - 2 - LABEL) / COLUMN - 2;
    size_t most = room < 1 ? 1 : room > MOST_COLUMNS ? MOST_COLUMNS : (size_t)room;
    out.n_single = out.n_devices <= most ? out.n_devices : most - 1;
    return out;
}

static void add_component(const struct component *component, const struct columns *columns,
                          struct strbuf *out)
{
    if (component->total == 0) {
        return;
    }
    strbuf_format(out, "  %-*s", LABEL, component->name);
    summary_add_mib(out, component->total, COLUMN);
    summary_add_mib(out, component->host, COLUMN);
    uint64_t others = 0;
    for (size_t k = 0; k < columns->n_devices; k++) {
        if (k < columns->n_single) {
            summary_add_mib(out, component->devices[columns->devices[k]], COLUMN);
        } else {
            others += component->devices[columns->devices[k]];
        }
    }
    if (columns->n_single < columns->n_devices) {
        summary_add_mib(out, others, COLUMN);
    }
    strbuf_add(out, "\n");
}

static void add_components(const struct plan_json_source *source, const struct summary_style *style,
                           struct strbuf *out)
{
    struct columns columns = columns_of(source, style->columns);
    strbuf_format(out, "  %-*s%*s%*s", LABEL, "MiB of", COLUMN, "all", COLUMN, "CPU");
    for (size_t k = 0; k < columns.n_single; k++) {
        struct strbuf name = {0};
        strbuf_add_plain(&name, source->rig->devices[columns.devices[k]].name);
        strbuf_format(out, "%*.*s", COLUMN, COLUMN - 1, strbuf_text(&name));
        strbuf_clear(&name);
    }
    if (columns.n_single < columns.n_devices) {
        strbuf_format(out, "%*s", COLUMN, "others");
    }
    strbuf_add(out, "\n");
    struct components components;
    components_sum(source->model, source->rig, source->evaluation, &components);
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        add_component(&components.rows[i], &columns, out);
    }
    if (components.one_expert > 0) {
        strbuf_format(out, "  %-*s", LABEL, "one expert");
        summary_add_mib(out, components.one_expert, COLUMN);
        strbuf_format(out, "  of one layer, gate, up and down\n");
    }
    components_clear(&components);
    free(columns.devices);
    strbuf_add(out, "\n");
}

/* ---- warnings and the command --------------------------------------------------------------- */

static void add_warnings(const struct evaluation *evaluation, struct strbuf *out)
{
    if (evaluation->n_warnings == 0) {
        strbuf_add(out, evaluation->all_fit ? "Everything fits.\n\n" : "");
        return;
    }
    strbuf_format(out, "%zu warning%s\n", evaluation->n_warnings,
                  evaluation->n_warnings == 1 ? "" : "s");
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        strbuf_format(out, "  %s: ", warning_name(evaluation->warnings[i].code));
        strbuf_add_plain(out, evaluation->warnings[i].message);
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n");
}

static enum compute_term largest_term(const struct device_use *use)
{
    enum compute_term largest = COMPUTE_OTHER;
    for (int term = 0; term < COMPUTE_TERM_COUNT; term++) {
        if (use->terms.bytes[term] > use->terms.bytes[largest]) {
            largest = (enum compute_term)term;
        }
    }
    return largest;
}

static void add_remedy(const struct device *device, const struct device_use *use,
                       const struct hparams *hparams, struct strbuf *out)
{
    strbuf_add(out, "  ");
    strbuf_add_plain(out, device->name);
    strbuf_add(out, ": move ");
    add_whole_mib(out, (uint64_t)-use->headroom, true, 0);
    strbuf_format(out, " MiB elsewhere (%s)",
                  use->experts > 0
                      ? "more of its experts to CPU: -ncmoe N, or an -ot rule for some layers"
                  : hparams->n_expert > 0 ? "fewer layers: -ngl, -ts"
                                          : "fewer layers: -ngl, -ts; or -ncffn N");
    enum compute_term term = largest_term(use);
    const char *remedy = compute_term_remedy(term);
    if (use->terms.bytes[term] > use->used / 16 && remedy[0] != '\0') {
        strbuf_format(out, "; compute is mostly %s: %s", compute_term_name(term), remedy);
    }
    if (use->context > use->used / 8) {
        strbuf_add(out, "; a smaller -c or -ctk q8_0 -ctv q8_0 shrinks the cache");
    }
    strbuf_add(out, "\n");
}

static void add_remedies(const struct plan_json_source *source, struct strbuf *out)
{
    const struct evaluation *evaluation = source->evaluation;
    if (source->rig->n_devices == 0) {
        strbuf_add(out,
                   "No devices: everything is planned on the CPU. Say what you have, or would:\n"
                   "  --rig \"2x RTX 3090 + 128G DDR4-3200x2\"\n"
                   "  --devices FILE with {\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": "
                   "24000}], \"host\": {\"free_mib\": 64000}}\n\n");
    }
    if (evaluation->all_fit) {
        return;
    }
    strbuf_add(out, "To make it fit\n");
    for (size_t i = 0; i < source->rig->n_devices; i++) {
        if (!evaluation->devices[i].fits) {
            add_remedy(&source->rig->devices[i], &evaluation->devices[i], &source->model->hparams,
                       out);
        }
    }
    if (!evaluation->host.fits) {
        strbuf_add(out, "  CPU: leave weights on disk (-lm mmap), or move some to a device\n");
    }
    strbuf_add(out, "\n");
}

static void add_command(const struct plan_json_source *source, struct strbuf *out)
{
    struct export_source export;
    export_source_make(&export, source->model, source->rig, source->plan, source->evaluation,
                       source->model_path);
    struct strbuf command = {0};
    export_command(&export, &command);
    strbuf_add_plain(out, strbuf_text(&command));
    strbuf_add(out, "\n");
    strbuf_clear(&command);
    export_source_clear(&export);
}

/* What limits the optimiser's plan, a line a card, and what would help. */
static void add_advice(const struct plan_json_source *source, struct strbuf *out)
{
    const struct advice *advice = source->advice;
    for (size_t i = 0; advice != NULL && i < advice->n_cards; i++) {
        struct strbuf line = {0};
        advice_limit_text(source->model, source->rig, advice, i, &line);
        struct strbuf more = {0};
        advice_gib_text(source->rig, advice, i, &more);
        strbuf_add(&line, *strbuf_text(&more) != '\0' ? "; " : "");
        strbuf_add(&line, strbuf_text(&more));
        strbuf_clear(&more);
        strbuf_add_plain(out, strbuf_text(&line));
        strbuf_add(out, "\n");
        strbuf_clear(&line);
    }
    if (advice != NULL && advice->with_q8_cache > 0 && advice->q8_saves > 0) {
        advice_cache_text(advice, out);
        strbuf_add(out, "\n");
    }
    strbuf_add(out, advice != NULL ? "\n" : "");
}

void plan_summary(const struct plan_json_source *source, const struct summary_style *style,
                  struct strbuf *out)
{
    summary_head(source, out);
    add_devices(source, style, out);
    add_components(source, style, out);
    speed_summary(source, out);
    add_advice(source, out);
    add_warnings(source->evaluation, out);
    add_remedies(source, out);
    add_command(source, out);
}

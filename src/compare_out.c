#include "src/compare_out.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/text/export.h"
#include "src/json_out.h"
#include "src/plan_summary.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* New: the side's command line. */
static char *command_of(const struct side *side)
{
    const struct compare_side *of = &side->side;
    struct export_source source;
    export_source_make(&source, of->model, of->rig, of->plan, of->evaluation,
                       session_model_path(&side->session));
    struct strbuf command = {0};
    export_command(&source, &command);
    export_source_clear(&source);
    return strbuf_take(&command);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_speed_json(struct json_object *object, const char *key, double speed)
{
    json_object_object_add(object, key, speed > 0 ? json_object_new_double(speed) : NULL);
}

static struct json_object *summary_json(const struct side *side,
                                        const struct compare_summary *summary)
{
    struct json_object *object = json_object_new_object();
    char *command = command_of(side);
    json_out_text(object, "path", side->path);
    json_out_text(object, "command", command);
    json_out_bytes(object, "devices_used", summary->devices_used);
    json_object_object_add(object, "utilisation", json_object_new_double(summary->utilisation));
    json_out_bytes(object, "experts_on_devices", summary->experts_on_devices);
    json_out_bytes(object, "experts", summary->experts);
    json_out_bytes(object, "context", summary->context);
    json_out_bytes(object, "unused", summary->unused);
    json_out_bytes(object, "overrides", summary->overrides);
    json_out_bytes(object, "overrides_idle", summary->idle_overrides);
    json_out_bool(object, "fits", summary->fits);
    add_speed_json(object, "tokens_per_second", side->decode);
    add_speed_json(object, "prompt_tokens_per_second", side->prompt);
    json_out_bytes(object, "largest_context", side->largest_context);
    json_out_text(object, "model", side->side.model->name);
    json_out_bytes(object, "model_bytes", side->side.model->bytes);
    json_out_text(object, "mostly", side->mostly);
    free(command);
    return object;
}

static struct json_object *use_json(const struct device_use *use)
{
    if (use == NULL) {
        return NULL;
    }
    struct json_object *object = json_object_new_object();
    json_out_bytes(object, "model", use->model);
    json_out_bytes(object, "context", use->context);
    json_out_bytes(object, "compute", use->compute);
    json_out_bytes(object, "used", use->used);
    json_out_signed(object, "headroom", use->headroom);
    json_out_bool(object, "fits", use->fits);
    return object;
}

static struct json_object *delta_json(const struct device_use *before,
                                      const struct device_use *after)
{
    static const struct device_use nothing = {0};
    const struct device_use *a = before != NULL ? before : &nothing;
    const struct device_use *b = after != NULL ? after : &nothing;
    struct json_object *object = json_object_new_object();
    json_out_signed(object, "model", (int64_t)(b->model - a->model));
    json_out_signed(object, "context", (int64_t)(b->context - a->context));
    json_out_signed(object, "compute", (int64_t)(b->compute - a->compute));
    json_out_signed(object, "used", (int64_t)(b->used - a->used));
    json_out_signed(object, "headroom", b->headroom - a->headroom);
    return object;
}

static struct json_object *devices_json(const struct comparison *comparison)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < comparison->n_devices; i++) {
        const struct compare_device *device = &comparison->devices[i];
        struct json_object *object = json_object_new_object();
        json_out_text(object, "name", device->name);
        json_object_object_add(object, "before", use_json(device->before));
        json_object_object_add(object, "after", use_json(device->after));
        json_object_object_add(object, "delta", delta_json(device->before, device->after));
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *moves_json(const struct comparison *comparison)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < comparison->n_moves; i++) {
        const struct compare_move *move = &comparison->moves[i];
        struct json_object *object = json_object_new_object();
        json_out_bytes(object, "tensors", move->tensors);
        json_out_bytes(object, "bytes", move->bytes);
        json_out_text(object, "from", move->from);
        json_out_text(object, "to", move->to);
        json_out_text(object, "what", move->what);
        json_object_array_add(list, object);
    }
    return list;
}

char *compare_json(const struct side *before, const struct side *after,
                   const struct comparison *comparison)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "before", summary_json(before, &comparison->before));
    json_object_object_add(object, "after", summary_json(after, &comparison->after));
    json_object_object_add(object, "devices", devices_json(comparison));
    json_object_object_add(object, "moved", moves_json(comparison));
    struct json_object *overrides = json_object_new_object();
    json_object_object_add(
        overrides, "added",
        json_out_words((const char *const *)comparison->added, comparison->n_added));
    json_object_object_add(
        overrides, "removed",
        json_out_words((const char *const *)comparison->removed, comparison->n_removed));
    json_object_object_add(object, "overrides", overrides);
    return json_out_take(object);
}

/* ---- the table ------------------------------------------------------------------------------ */

enum { LABEL = 20, COLUMN = 14 };

struct table {
    struct strbuf *out;
    bool is_markdown;
};

static void add_row(const struct table *table, const char *label, const char *before,
                    const char *after, const char *change)
{
    if (table->is_markdown) {
        strbuf_format(table->out, "| %s | %s | %s | %s |\n", label, before, after, change);
        return;
    }
    strbuf_format(table->out, "%-*s%*s%*s%*s\n", LABEL, label, COLUMN, before, COLUMN, after,
                  COLUMN, change);
}

static void add_count(const struct table *table, const char *label, uint32_t before, uint32_t after)
{
    char a[16];
    char b[16];
    char change[24];
    snprintf(a, sizeof a, "%u", before);
    snprintf(b, sizeof b, "%u", after);
    snprintf(change, sizeof change, "%+lld", (long long)after - (long long)before);
    add_row(table, label, a, b, before == after ? "" : change);
}

static void add_mib(const struct table *table, const char *label, uint64_t before, uint64_t after)
{
    struct strbuf a = {0};
    struct strbuf b = {0};
    struct strbuf change = {0};
    summary_add_mib(&a, before, 0);
    summary_add_mib(&b, after, 0);
    strbuf_add(&change, after > before ? "+" : "-");
    summary_add_mib(&change, after > before ? after - before : before - after, 0);
    add_row(table, label, strbuf_text(&a), strbuf_text(&b),
            before == after ? "" : strbuf_text(&change));
    strbuf_clear(&a);
    strbuf_clear(&b);
    strbuf_clear(&change);
}

static void add_summary(const struct comparison *comparison, const struct table *table)
{
    const struct compare_summary *before = &comparison->before;
    const struct compare_summary *after = &comparison->after;
    char a[24];
    char b[24];
    char change[24];
    add_row(table, "", "before", "after", "change");
    strbuf_add(table->out, table->is_markdown ? "|---|---:|---:|---:|\n" : "");
    add_count(table, "devices used", before->devices_used, after->devices_used);
    snprintf(a, sizeof a, "%.1f%%", 100 * before->utilisation);
    snprintf(b, sizeof b, "%.1f%%", 100 * after->utilisation);
    snprintf(change, sizeof change, "%+.1f", 100 * (after->utilisation - before->utilisation));
    add_row(table, "utilisation", a, b, strcmp(a, b) == 0 ? "" : change);
    add_count(table, "experts on devices", before->experts_on_devices, after->experts_on_devices);
    add_count(table, "experts on CPU", before->experts - before->experts_on_devices,
              after->experts - after->experts_on_devices);
    add_count(table, "context", before->context, after->context);
    add_mib(table, "unused MiB", before->unused, after->unused);
    add_count(table, "override rules", before->overrides, after->overrides);
    add_count(table, "  decide nothing", before->idle_overrides, after->idle_overrides);
    add_row(table, "fits", before->fits ? "yes" : "no", after->fits ? "yes" : "no", "");
}

static void add_speed(const struct table *table, const char *label, double before, double after)
{
    char a[32] = "unknown";
    char b[32] = "unknown";
    char change[32] = "";
    if (before > 0) {
        snprintf(a, sizeof a, "%.2f", before);
    }
    if (after > 0) {
        snprintf(b, sizeof b, "%.2f", after);
    }
    if (before > 0 && after > 0 && strcmp(a, b) != 0) {
        snprintf(change, sizeof change, "%+.2f", after - before);
    }
    if (before > 0 || after > 0) {
        add_row(table, label, a, b, change);
    }
}

static void add_model(const struct side *side, const char *which, struct strbuf *out)
{
    const struct model *model = side->side.model;
    strbuf_format(out, "%-8s", which);
    strbuf_add_plain(out, side->path != NULL ? side->path : "the flags given");
    strbuf_add(out, "  (");
    strbuf_add_plain(out, model->name);
    strbuf_format(out, ", %.1f GiB, mostly %s)\n", (double)model->bytes / 1073741824.0,
                  side->mostly);
}

static void add_device_mib(const struct table *table, const char *device, uint64_t before,
                           uint64_t after)
{
    struct strbuf name = {0};
    strbuf_add_plain(&name, device);
    add_mib(table, strbuf_text(&name), before, after);
    strbuf_clear(&name);
}

static void add_devices(const struct comparison *comparison, struct strbuf *out)
{
    const struct table table = {.out = out};
    strbuf_add(out, "\nMiB of weights\n");
    for (size_t i = 0; i < comparison->n_devices; i++) {
        const struct compare_device *device = &comparison->devices[i];
        add_device_mib(&table, device->name, device->before != NULL ? device->before->model : 0,
                       device->after != NULL ? device->after->model : 0);
    }
    strbuf_add(out, "\nMiB used in all, with cache and compute\n");
    for (size_t i = 0; i < comparison->n_devices; i++) {
        const struct compare_device *device = &comparison->devices[i];
        add_device_mib(&table, device->name, device->before != NULL ? device->before->used : 0,
                       device->after != NULL ? device->after->used : 0);
    }
}

static void add_moves(const struct comparison *comparison, struct strbuf *out)
{
    strbuf_add(out, comparison->n_moves > 0 ? "\nMoved\n" : "\nNothing moved.\n");
    for (size_t i = 0; i < comparison->n_moves; i++) {
        const struct compare_move *move = &comparison->moves[i];
        summary_add_mib(out, move->bytes, COLUMN);
        strbuf_format(out, " MiB  %s -> %s  ", move->from, move->to);
        strbuf_add_plain(out, move->what);
        strbuf_format(out, " (%u tensor%s)\n", move->tensors, move->tensors == 1 ? "" : "s");
    }
}

static void add_rules(char **rules, size_t n, char sign, struct strbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_format(out, "  %c ", sign);
        strbuf_add_plain(out, rules[i]);
        strbuf_add(out, "\n");
    }
}

static void add_refused(const struct side *side, const char *name, struct strbuf *out)
{
    if (side->evaluation.refused.kind != ERROR_NONE) {
        strbuf_format(out, "\n%s: llama.cpp refuses it: ", name);
        strbuf_add_plain(out, side->evaluation.refused.text);
        strbuf_add(out, "\n");
    }
}

static void add_rows(const struct side *before, const struct side *after,
                     const struct comparison *comparison, const struct table *table)
{
    add_summary(comparison, table);
    add_speed(table, "tokens/s (model)", before->decode, after->decode);
    add_speed(table, "prompt tokens/s", before->prompt, after->prompt);
    add_count(table, "largest context", before->largest_context, after->largest_context);
    add_mib(table, "MiB of the model", before->side.model->bytes, after->side.model->bytes);
}

void compare_rows_markdown(const struct side *before, const struct side *after,
                           const struct comparison *comparison, struct strbuf *out)
{
    const struct table table = {.out = out, .is_markdown = true};
    add_rows(before, after, comparison, &table);
}

void compare_models(const struct side *before, const struct side *after, struct strbuf *out)
{
    add_model(before, "before:", out);
    add_model(after, "after:", out);
}

void compare_details(const struct side *before, const struct side *after,
                     const struct comparison *comparison, struct strbuf *out)
{
    add_devices(comparison, out);
    add_moves(comparison, out);
    if (comparison->n_removed + comparison->n_added > 0) {
        strbuf_add(out, "\nRules\n");
        add_rules(comparison->removed, comparison->n_removed, '-', out);
        add_rules(comparison->added, comparison->n_added, '+', out);
    }
    add_refused(before, "before", out);
    add_refused(after, "after", out);
}

void compare_table(const struct side *before, const struct side *after,
                   const struct comparison *comparison, struct strbuf *out)
{
    const struct table table = {.out = out};
    compare_models(before, after, out);
    strbuf_add(out, "\n");
    add_rows(before, after, comparison, &table);
    compare_details(before, after, comparison, out);
}

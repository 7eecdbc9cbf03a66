#include "src/report_markdown.h"

#include "model/text/export.h"
#include "src/markdown.h"
#include "src/plan_summary.h"
#include "src/speed_summary.h"

static void add_mib(struct strbuf *out, int64_t bytes)
{
    strbuf_add(out, bytes < 0 ? " | -" : " | ");
    summary_add_mib(out, bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes, 0);
}

static void add_device(const char *name, const struct device_use *use, struct strbuf *out)
{
    double percent = use->budget > 0 ? 100.0 * (double)use->used / (double)use->budget : 0;
    strbuf_add(out, "| ");
    markdown_add(out, name);
    add_mib(out, (int64_t)(use->model + use->beside));
    add_mib(out, (int64_t)use->context);
    add_mib(out, (int64_t)use->compute);
    add_mib(out, (int64_t)use->used);
    add_mib(out, (int64_t)use->budget);
    strbuf_format(out, " | %.1f%%", percent);
    add_mib(out, use->headroom);
    strbuf_add(out, use->fits ? " |\n" : " OVER |\n");
}

static void add_devices(const struct plan_json_source *source, struct strbuf *out)
{
    const struct rig *rig = source->rig;
    strbuf_add(out, "\n| MiB | weights | KV cache | compute | used | budget | of it | left |\n"
                    "|---|---:|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_device(rig->devices[i].name, &source->evaluation->devices[i], out);
    }
    add_device(rig->host.name, &source->evaluation->host, out);
}

static void add_warnings(const struct evaluation *evaluation, struct strbuf *out)
{
    strbuf_add(out, evaluation->n_warnings > 0 ? "\n## Warnings\n\n"
                    : evaluation->all_fit      ? "\nEverything fits.\n"
                                               : "");
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        strbuf_format(out, "- %s: ", warning_name(evaluation->warnings[i].code));
        markdown_add(out, evaluation->warnings[i].message);
        strbuf_add(out, "\n");
    }
    if (evaluation->refused.kind != ERROR_NONE) {
        strbuf_add(out, "\nllama.cpp refuses it: ");
        markdown_add(out, evaluation->refused.text);
        strbuf_add(out, "\n");
    }
}

static void add_command(const struct plan_json_source *source, struct strbuf *out)
{
    struct export_source export;
    struct strbuf command = {0};
    export_source_make(&export, source->model, source->rig, source->plan, source->evaluation,
                       source->model_path);
    export_command(&export, &command);
    strbuf_add(out, "\n## Arguments\n\n");
    markdown_add_code(out, strbuf_text(&command));
    strbuf_clear(&command);
    export_source_clear(&export);
}

void report_plan_markdown(const struct plan_json_source *source, struct strbuf *out)
{
    struct strbuf head = {0};
    strbuf_add(out, "# ");
    markdown_add(out, source->model->name);
    strbuf_add(out, "\n\n");
    summary_head(source, &head);
    speed_summary(source, &head);
    markdown_add_code(out, strbuf_text(&head));
    strbuf_clear(&head);
    add_devices(source, out);
    add_warnings(source->evaluation, out);
    add_command(source, out);
}

void report_comparison_markdown(const struct side *before, const struct side *after,
                                const struct comparison *comparison, struct strbuf *out)
{
    struct strbuf text = {0};
    compare_rows_markdown(before, after, comparison, out);
    strbuf_add(out, "\n");
    compare_models(before, after, &text);
    compare_details(before, after, comparison, &text);
    markdown_add_code(out, strbuf_text(&text));
    strbuf_clear(&text);
}

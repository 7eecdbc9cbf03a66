#include "src/verify_text.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/base/strbuf.h"

#include <stdlib.h>

static void add_figure(struct strbuf *out, uint64_t value, bool is_count)
{
    if (is_count)
        strbuf_format(out, "%12llu    ", (unsigned long long)value);
    else
        strbuf_format(out, "%12.2f MiB", (double)value / (1 << 20));
}

static void add_check(struct strbuf *out, const struct log_check *check)
{
    char *what = memory_text(check->what);
    plain_text(what);
    strbuf_format(out, "%-44.60s ", what);
    free(what);
    if (check->has_planned)
        add_figure(out, check->planned, check->is_count);
    else
        strbuf_format(out, "%16s", "-");
    strbuf_add(out, "  ");
    add_figure(out, check->actual, check->is_count);
    strbuf_format(out, "  %s\n", !check->has_planned ? "-" : check->ok ? "ok" : "differs");
}

static void add_load(struct strbuf *out, const struct log_load *load,
                     const struct load_report *report)
{
    if (report->n_checks)
        strbuf_format(out, "%-44s %16s  %16s  %s\n", "", "planned", "actual", "verdict");
    for (size_t i = 0; i < report->n_checks; i++)
        add_check(out, &report->checks[i]);
    if (load->has_offloaded)
        strbuf_format(out, "offloaded %llu/%llu layers\n", (unsigned long long)load->offloaded,
                      (unsigned long long)load->offloadable);
    for (size_t i = 0; i < report->n_findings; i++) {
        strbuf_format(out, "%s: ", report->findings[i].code);
        strbuf_add_plain(out, report->findings[i].message);
        strbuf_add(out, "\n");
    }
}

char *verify_text(const struct log *log, const struct log_report *report)
{
    struct strbuf out = {0};

    for (size_t i = 0; i < report->n_loads; i++) {
        const struct log_load *load = &log->loads[i];
        if (report->n_loads > 1) {
            strbuf_format(&out, "%sload %zu of %zu: %s%s", i ? "\n" : "", i + 1, report->n_loads,
                          log_verdict_name(report->loads[i].verdict), load->model ? ": " : "");
            strbuf_add_plain(&out, load->model ? load->model : "");
            strbuf_add(&out, "\n");
        }
        add_load(&out, load, &report->loads[i]);
    }
    strbuf_format(&out, "%s: %s\n", log_verdict_name(report->verdict),
                  log_verdict_describe(report->verdict));
    return strbuf_take(&out);
}

int verify_status(enum log_verdict verdict)
{
    return verdict <= VERDICT_DIFFERS ? ERROR_UNFIT : ERROR_NONE;
}

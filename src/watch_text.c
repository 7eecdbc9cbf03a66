#include "src/watch_text.h"

#include "model/base/plain_text.h"
#include "model/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

static void add_mib(struct strbuf *out, bool known, uint64_t bytes)
{
    if (known) {
        strbuf_format(out, " %9llu", (unsigned long long)((bytes + (1U << 19)) >> 20));
    } else {
        strbuf_format(out, " %9s", "-");
    }
}

static void add_line(const struct watch_line *line, const struct watch_device *device,
                     struct strbuf *out)
{
    strbuf_format(out, "%-12s", line->name);
    add_mib(out, true, line->used);
    add_mib(out, line->knows_server, line->server);
    add_mib(out, device->has_processes, line->others);
    add_mib(out, true, line->free);
    add_mib(out, true, line->peak);
    add_mib(out, line->is_planned, line->planned);
    strbuf_add(out, "  ");
    strbuf_add_plain(out, line->description);
    strbuf_add(out, "\n");
    for (size_t i = 0; i < device->n_processes; i++) {
        const struct watch_process *process = &device->processes[i];
        strbuf_format(out, "  pid %lld %s", (long long)process->pid,
                      process->name[0] != '\0' ? process->name : "(not to be seen from here)");
        if (process->is_known) {
            strbuf_format(out, ", %llu MiB", (unsigned long long)(process->bytes >> 20));
        }
        strbuf_add(out, process->is_server ? ", the server\n" : "\n");
    }
}

char *watch_text(const struct watch *watch, const char *replan)
{
    struct strbuf out = {0};
    struct strbuf alerts = {0};
    strbuf_format(&out, "%-12s %9s %9s %9s %9s %9s %9s  MiB\n", "", "used", "server", "others",
                  "free", "peak", "planned");
    for (size_t i = 0; i < watch->n_lines; i++) {
        add_line(&watch->lines[i], &watch->last.devices[i], &out);
    }
    watch_alerts(watch, &alerts);
    for (const char *at = strbuf_text(&alerts); *at != '\0'; at += strcspn(at, "\n") + 1) {
        strbuf_format(&out, "alert: %.*s\n", (int)strcspn(at, "\n"), at);
    }
    strbuf_clear(&alerts);
    if (replan != NULL) {
        strbuf_add_plain(&out, replan);
        strbuf_add(&out, "\n");
    }
    return strbuf_take(&out);
}

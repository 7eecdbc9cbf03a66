/* `otplan probe`: what the user's own llama.cpp answers, beside what was predicted. */
#include "model/base/strbuf.h"
#include "src/commands.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/probe_cache.h"
#include "src/session.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* One device or the host, predicted and answered. */
struct compared {
    const char *name;
    const struct device_use *use;
    const struct probe_row *row; /* NULL: not in the answer */
};

static uint64_t predicted(const struct device_use *use, int column)
{
    return column == 0 ? use->model : column == 1 ? use->context : use->compute;
}

static uint64_t answered_mib(const struct probe_row *row, int column)
{
    return column == 0 ? row->model_mib : column == 1 ? row->context_mib : row->compute_mib;
}

static bool differs(const struct compared *compared)
{
    bool any = false;
    for (int column = 0; compared->row != NULL && column < 3; column++) {
        any = any || measured_differs(predicted(compared->use, column),
                                      answered_mib(compared->row, column));
    }
    return any;
}

/* What counts in `used`: each figure as printed and one MiB. */
static uint64_t answered_bytes(const struct probe_row *row)
{
    uint64_t bytes = 0;
    for (int column = 0; column < 3; column++) {
        bytes += (answered_mib(row, column) + 1) << 20;
    }
    return bytes;
}

static struct compared compare_at(const struct session *session,
                                  const struct evaluation *evaluation, const struct probe *probe,
                                  size_t i)
{
    bool host = i == session->rig.n_devices;
    struct compared out = {
        .name = host ? "CPU" : session->rig.devices[i].name,
        .use = host ? &evaluation->host : &evaluation->devices[i],
        .row = probe_find(probe, host ? "Host" : session->rig.devices[i].device_name),
    };
    return out;
}

/* ---- for people ----------------------------------------------------------------------------- */

static char *report_text(const struct session *session, const struct evaluation *evaluation,
                         const struct probe *probe)
{
    struct strbuf out = {0};
    bool any = false;
    strbuf_format(&out, "%s%s%s%s\n\n", probe->program,
                  probe->version[0] != '\0' ? "  version " : "", probe->version,
                  probe->cached ? "  (cached; --force asks again)" : "");
    strbuf_format(&out, "%-10s %28s   %28s\n", "MiB", "predicted", "llama.cpp");
    strbuf_format(&out, "%-10s %9s %8s %9s   %9s %8s %9s\n", "", "model", "context", "compute",
                  "model", "context", "compute");
    for (size_t i = 0; i <= session->rig.n_devices; i++) {
        struct compared at = compare_at(session, evaluation, probe, i);
        strbuf_format(&out, "%-10s %9.1f %8.1f %9.1f   ", at.name,
                      (double)at.use->model / 1048576.0, (double)at.use->context / 1048576.0,
                      (double)at.use->compute / 1048576.0);
        if (at.row == NULL) {
            strbuf_add(&out, "        not in its answer\n");
            continue;
        }
        strbuf_format(&out, "%9llu %8llu %9llu  %s\n", (unsigned long long)at.row->model_mib,
                      (unsigned long long)at.row->context_mib,
                      (unsigned long long)at.row->compute_mib,
                      differs(&at) ? "differs" : "the same");
        any = any || differs(&at);
    }
    strbuf_add(&out, any ? "\nPrediction and llama.cpp differ by more than 1 %: trust llama.cpp.\n"
                         : "\nPrediction and llama.cpp agree.\n");
    return strbuf_take(&out);
}

/* ---- --json --------------------------------------------------------------------------------- */

static struct json_object *figures_json(const struct compared *at)
{
    static const char *const names[] = {"model", "context", "compute"};
    struct json_object *out = json_object_new_object();
    struct json_object *ours = json_object_new_object();
    struct json_object *theirs = at->row == NULL ? NULL : json_object_new_object();
    for (int column = 0; column < 3; column++) {
        json_out_bytes(ours, names[column], predicted(at->use, column));
        if (theirs != NULL) {
            json_out_bytes(theirs, names[column], answered_mib(at->row, column) << 20);
        }
    }
    if (theirs != NULL) {
        json_out_bytes(theirs, "used", answered_bytes(at->row));
    }
    json_out_text(out, "name", at->name);
    json_object_object_add(out, "predicted", ours);
    json_object_object_add(out, "probe", theirs);
    if (theirs == NULL) {
        json_out_null(out, "differs");
    } else {
        json_out_bool(out, "differs", differs(at));
    }
    return out;
}

static char *report_json(const struct session *session, const struct evaluation *evaluation,
                         const struct probe *probe)
{
    struct json_object *root = json_object_new_object();
    struct json_object *devices = json_object_new_array();
    json_out_text(root, "otplan", OTPLAN_VERSION);
    json_out_text(root, "program", probe->program);
    json_out_text(root, "version", probe->version[0] == '\0' ? NULL : probe->version);
    json_out_bool(root, "cached", probe->cached);
    for (size_t i = 0; i < session->rig.n_devices; i++) {
        struct compared at = compare_at(session, evaluation, probe, i);
        json_object_array_add(devices, figures_json(&at));
    }
    json_object_object_add(root, "devices", devices);
    struct compared host = compare_at(session, evaluation, probe, session->rig.n_devices);
    json_object_object_add(root, "host", figures_json(&host));
    return json_out_take(root);
}

/* The answer kept from before, else a new one. */
static bool find_answer(const struct options *options, const struct session *session,
                        const struct probe_request *request, struct probe *out, struct error *error)
{
    struct probe_question question;
    if (!probe_question_make(request, &question, error)) {
        return false;
    }
    char *key = probe_cache_key(&question, session->file, &session->rig);
    bool found = !options->force && probe_cache_find(key, out);
    out->cached = found;
    if (!found && probe_ask(&question, out, error)) {
        probe_cache_keep(key, out);
        found = true;
    }
    free(key);
    probe_question_clear(&question);
    return found;
}

static bool report(const struct options *options, const struct session *session,
                   const struct evaluation *evaluation, struct error *error)
{
    struct probe probe;
    struct probe_request request = probe_request_of(options, session, evaluation);
    if (!find_answer(options, session, &request, &probe, error)) {
        return false;
    }
    char *text = (options->json ? report_json : report_text)(session, evaluation, &probe);
    bool printed = output_print(text, strlen(text), error);
    free(text);
    probe_clear(&probe);
    return printed;
}

int command_probe(const struct options *options, struct error *error)
{
    struct session session;
    struct evaluation evaluation = {0};
    bool done = session_open(options, false, &session, error) &&
                session_evaluate(&session, options, true, &evaluation, error) &&
                report(options, &session, &evaluation, error);
    evaluation_clear(&evaluation);
    session_close(&session);
    return done ? 0 : (int)error->kind;
}

#include "src/commands.h"

#include "model/base/plain_text.h"
#include "model/override/explain.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/plan_summary.h"
#include "src/session.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ----------------------------------------------------------------------------------- */

static struct json_object *findings_json(const struct findings *findings)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < findings->n; i++) {
        struct json_object *object = json_object_new_object();
        json_out_text(object, "code", finding_name(findings->items[i].code));
        json_out_text(object, "message", findings->items[i].message);
        json_out_text(object, "repair", findings->items[i].repair);
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *entry_json(const struct override *entry,
                                      const struct entry_explanation *explained)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "pattern", entry->pattern);
    json_out_text(object, "buffer", entry->buffer);
    json_out_text(object, "refused", explained->unread ? NULL : entry->refused);
    json_out_bytes(object, "matches", explained->matches);
    json_out_bytes(object, "match_bytes", explained->match_bytes);
    json_out_text(object, "layers", explained->layers);
    json_out_bytes(object, "left", explained->left);
    json_out_bytes(object, "left_bytes", explained->left_bytes);
    json_out_text(object, "left_layers", explained->left_layers);
    if (explained->shadowed_by >= 0) {
        json_out_signed(object, "shadowed_by", explained->shadowed_by);
    } else {
        json_out_null(object, "shadowed_by");
    }
    json_object_object_add(object, "findings", findings_json(&explained->findings));
    return object;
}

static void add_json(const struct override_list *list, const struct explanation *explanation,
                     struct strbuf *out)
{
    struct json_object *object = json_object_new_object();
    struct json_object *entries = json_object_new_array();
    for (size_t i = 0; i < list->n_entries; i++) {
        json_object_array_add(entries, entry_json(&list->entries[i], &explanation->entries[i]));
    }
    json_out_text(object, "otplan", OTPLAN_VERSION);
    json_object_object_add(object, "overrides", entries);
    json_object_object_add(object, "findings", findings_json(&explanation->findings));
    char *text = json_out_take(object);
    strbuf_add(out, text);
    free(text);
}

/* ---- for people ----------------------------------------------------------------------------- */

static void add_findings(const struct findings *findings, const char *indent, struct strbuf *out)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        strbuf_format(out, "%s%s: ", indent, finding_name(finding->code));
        strbuf_add_plain(out, finding->message);
        if (finding->repair != NULL && strstr(finding->message, finding->repair) == NULL) {
            strbuf_add(out, "; write ");
            strbuf_add_plain(out, finding->repair);
        }
        strbuf_add(out, "\n");
    }
}

static void add_entry(size_t index, const struct override *entry,
                      const struct entry_explanation *explained, struct strbuf *out)
{
    strbuf_format(out, "%3zu  ", index + 1);
    strbuf_add_plain(out, entry->pattern);
    strbuf_add(out, "=");
    strbuf_add_plain(out, entry->buffer);
    strbuf_format(out, "\n     matches %u", explained->matches);
    if (explained->left != explained->matches) {
        strbuf_format(out, ", decides %u", explained->left);
    }
    strbuf_format(out, " tensor%s, ", explained->matches == 1 ? "" : "s");
    summary_add_mib(out, explained->left_bytes, 0);
    strbuf_add(out, " MiB");
    if (explained->left_layers[0] != '\0') {
        strbuf_format(out, ", layers %s", explained->left_layers);
    }
    strbuf_add(out, "\n");
    add_findings(&explained->findings, "     ", out);
}

static size_t count_idle(const struct explanation *explanation)
{
    size_t n = 0;
    for (size_t i = 0; i < explanation->n_entries; i++) {
        n += explanation->entries[i].left == 0 ? 1 : 0;
    }
    return n;
}

static void add_table(const struct override_list *list, const struct explanation *explanation,
                      struct strbuf *out)
{
    for (size_t i = 0; i < list->n_entries; i++) {
        add_entry(i, &list->entries[i], &explanation->entries[i], out);
    }
    add_findings(&explanation->findings, "", out);
    strbuf_format(out, "%zu rule%s", list->n_entries, list->n_entries == 1 ? "" : "s");
    size_t idle = count_idle(explanation);
    if (idle > 0) {
        strbuf_format(out, ", %zu of them decide%s nothing", idle, idle == 1 ? "s" : "");
    }
    strbuf_add(out, "\n");
}

int command_overrides(const struct options *options, struct error *error)
{
    struct session session;
    struct evaluation evaluation = {0};
    bool done = session_open(options, false, &session, error) &&
                session_evaluate(&session, options, false, &evaluation, error);
    if (done) {
        session_print_notes(&session);
        struct explanation explanation = {0};
        struct strbuf out = {0};
        overrides_explain(session.model, &session.rig, session.plan.given, &evaluation,
                          &explanation);
        if (options->json) {
            add_json(session.plan.given, &explanation, &out);
        } else {
            add_table(session.plan.given, &explanation, &out);
        }
        done = output_print(strbuf_text(&out), out.length, error);
        explanation_clear(&explanation);
        strbuf_clear(&out);
    }
    evaluation_clear(&evaluation);
    session_close(&session);
    return done ? 0 : (int)error->kind;
}

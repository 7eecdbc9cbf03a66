#include "src/commands.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/plan_summary.h"
#include "src/session.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static void add_row(const struct model_tensor *tensor, int name_width, struct strbuf *out)
{
    struct strbuf shape = {0};
    for (int i = 0; i < 4 && (i == 0 || tensor->ne[i] > 1); i++) {
        strbuf_format(&shape, "%s%llu", i > 0 ? " x " : "", (unsigned long long)tensor->ne[i]);
    }
    struct strbuf name = {0};
    strbuf_add_plain(&name, tensor->name);
    strbuf_format(out, "%-*s  %-8s %-13s", name_width, strbuf_text(&name), tensor->type->name,
                  tensor_group_name(tensor->group));
    summary_add_mib(out, tensor->bytes, 11);
    strbuf_format(out, "  %s%s%s\n", strbuf_text(&shape), tensor->tied_to >= 0 ? "  tied" : "",
                  tensor->role == ROLE_SKIPPED ? "  not loaded" : "");
    strbuf_clear(&name);
    strbuf_clear(&shape);
}

static void add_table(const struct model *model, struct strbuf *out)
{
    size_t width = 4;
    for (size_t i = 0; i < model->n_tensors; i++) {
        size_t n = strlen(model->tensors[i].name);
        width = n > width ? n : width;
    }
    strbuf_format(out, "%-*s  %-8s %-13s%11s  shape\n", (int)width, "name", "type", "group", "MiB");
    for (size_t i = 0; i < model->n_tensors; i++) {
        add_row(&model->tensors[i], (int)width, out);
    }
    strbuf_format(out, "%llu tensors, ", (unsigned long long)model->gguf->n_tensors);
    summary_add_mib(out, model->bytes, 0);
    strbuf_add(out, " MiB\n");
}

static char *tensors_json(const struct model *model)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "otplan", OTPLAN_VERSION);
    json_object_object_add(object, "model", plan_json_model(model));
    json_object_object_add(object, "tensors", plan_json_tensors(model, NULL, NULL));
    return json_out_take(object);
}

int command_tensors(const struct options *options, struct error *error)
{
    struct options own = *options;
    struct session session;
    bool opened = session_open_model(&own, &session, error);
    if (opened) {
        struct strbuf out = {0};
        if (options->json) {
            char *text = tensors_json(session.model);
            strbuf_add(&out, text);
            free(text);
        } else {
            add_table(session.model, &out);
        }
        opened = output_print(strbuf_text(&out), out.length, error);
        strbuf_clear(&out);
    }
    session_close(&session);
    return opened ? 0 : (int)error->kind;
}

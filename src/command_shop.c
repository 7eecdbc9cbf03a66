#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/plan/shop.h"
#include "src/accelerator_data.h"
#include "src/assets.h"
#include "src/beside.h"
#include "src/commands.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/rig_calibration.h"
#include "src/session.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_RIGS = 1000, MOST_BYTES = 1 << 20, MOST_WIDTH = 60 };

struct offer { /* one rig of the list */
    char *spec;
    struct rig rig;
    struct shop_result result;
};

struct shop_list {
    struct offer *offers;
    size_t n;
};

/* ---- the list ------------------------------------------------------------------------------- */

static bool add_offer(struct shop_list *list, const char *spec, const char *where,
                      struct error *error)
{
    struct error why = {0};
    struct offer offer = {.spec = memory_text(spec)};
    if (list->n == MOST_RIGS) {
        free(offer.spec);
        return error_set(error, ERROR_INPUT, "%s: more than %d rigs", where, MOST_RIGS);
    }
    if (!accelerator_rig(spec, &offer.rig, &why)) {
        free(offer.spec);
        return error_set(error, why.kind, "%s%s%.900s", where, *where != '\0' ? ": " : "",
                         why.text);
    }
    calibration_apply(&offer.rig);
    list->offers = memory_resize(list->offers, list->n + 1, sizeof *list->offers);
    list->offers[list->n++] = offer;
    return true;
}

static bool add_line(struct shop_list *list, const char *path, size_t number, char *line,
                     struct error *error)
{
    line[strcspn(line, "#\r")] = '\0';
    char *text = line + strspn(line, " \t");
    for (size_t n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--) {
        text[n - 1] = '\0';
    }
    char *where = memory_format("%s: line %zu", path, number);
    bool added = *text == '\0' || add_offer(list, text, where, error);
    free(where);
    return added;
}

static bool read_list(struct shop_list *list, const char *path, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    bool read = input_read_file(path, MOST_BYTES, &text, &bytes, error);
    size_t number = 0;
    for (const char *at = text; read && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        char *line = memory_text_n(at, length);
        read = add_line(list, path, ++number, line, error);
        free(line);
        at += length + (at[length] != '\0');
    }
    free(text);
    return read;
}

static bool make_list(const struct options *options, struct shop_list *list, struct error *error)
{
    bool made = true;
    for (size_t i = 0; made && i < options->n_each_rig; i++) {
        made = add_offer(list, options->each_rig[i], "", error);
    }
    if (made && options->rigs != NULL) {
        made = read_list(list, options->rigs, error);
    }
    if (made && options->n_each_rig == 0 && options->rigs == NULL) {
        char *path = NULL;
        made = asset_path(ASSET_RIGS, &path, error) && read_list(list, path, error);
        free(path);
    }
    const char *from = options->rigs != NULL ? options->rigs : ASSET_RIGS;
    return made && (list->n > 0 || error_set(error, ERROR_INPUT, "%s: no rig in it", from));
}

static void list_clear(struct shop_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->offers[i].spec);
        rig_clear(&list->offers[i].rig);
        shop_result_clear(&list->offers[i].result);
    }
    free(list->offers);
    *list = (struct shop_list){0};
}

/* ---- looking -------------------------------------------------------------------------------- */

static void say_progress(const struct shop_list *list, size_t at)
{
    if (isatty(STDERR_FILENO) == 0) {
        return;
    }
    struct strbuf text = {0};
    if (at < list->n) {
        strbuf_add_plain(&text, list->offers[at].spec);
        fprintf(stderr, "\r\033[K%zu of %zu: %.60s", at + 1, list->n, strbuf_text(&text));
    } else {
        fprintf(stderr, "\r\033[K");
    }
    fflush(stderr);
    strbuf_clear(&text);
}

static void look(struct session *session, struct shop_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct offer *offer = &list->offers[i];
        struct strbuf notes = {0};
        say_progress(list, i);
        beside_weigh(session->model, &session->plan, &session->facts, &offer->rig, &notes, NULL);
        shop_look(session->model, &offer->rig, &session->plan, session->depth, &offer->result);
        strbuf_clear(&notes);
    }
    say_progress(list, list->n);
}

static int by_result(const void *a, const void *b)
{
    const struct offer *x = a;
    const struct offer *y = b;
    int order = shop_compare(&x->result, &y->result);
    return order != 0 ? order : strcmp(x->spec, y->spec);
}

/* ---- what is said --------------------------------------------------------------------------- */

static double gib(uint64_t bytes)
{
    return (double)bytes / 1073741824.0;
}

/* What stops the model there, in a few words. */
static char *limit_text(const struct session *session, const struct offer *offer)
{
    const struct shop_result *result = &offer->result;
    uint32_t trained = session->model->hparams.n_ctx_train;
    if (result->refused != NULL) {
        return memory_format("refused: %s", result->refused);
    }
    if (result->fit == SHOP_NOT) {
        return memory_format("%.1f GiB of memory missing", gib(result->missing));
    }
    if (result->fit == SHOP_WITH_CPU && result->decode > 0) {
        return memory_format("%s takes %.0f%% of a token's time; %.1f GiB on CPU",
                             rig_name(&offer->rig, result->slowest), 100 * result->slowest_share,
                             gib(result->on_host));
    }
    if (result->fit == SHOP_WITH_CPU) {
        return memory_format("%.1f GiB on CPU; a bandwidth is not known", gib(result->on_host));
    }
    if (session->plan.settings.n_ctx == 0 && result->largest_context < trained) {
        return memory_format("memory of %s for a larger context",
                             rig_name(&offer->rig, result->fullest));
    }
    return memory_format("bandwidth of %s", rig_name(&offer->rig, result->slowest));
}

static void add_offer_row(const struct session *session, const struct offer *offer, int width,
                          struct strbuf *out)
{
    const struct shop_result *result = &offer->result;
    struct strbuf spec = {0};
    char *limit = limit_text(session, offer);
    strbuf_add_plain(&spec, offer->spec);
    if (result->decode > 0) {
        strbuf_format(out, "%9.2f", result->decode);
    } else {
        strbuf_format(out, "%9s", "-");
    }
    if (result->prompt > 0) {
        strbuf_format(out, " %8.0f", result->prompt);
    } else {
        strbuf_format(out, " %8s", "-");
    }
    if (result->fit == SHOP_NOT) {
        strbuf_format(out, " %8s", "-");
    } else {
        strbuf_format(out, " %8u", result->largest_context);
    }
    strbuf_format(out, "  %-8s  %-*s  ", shop_fit_name(result->fit), width, strbuf_text(&spec));
    strbuf_add_plain(out, limit);
    strbuf_add(out, "\n");
    free(limit);
    strbuf_clear(&spec);
}

static void add_table(const struct session *session, const struct shop_list *list,
                      struct strbuf *out)
{
    size_t width = 3;
    for (size_t i = 0; i < list->n; i++) {
        size_t n = strlen(list->offers[i].spec);
        width = n > width ? n : width;
    }
    width = width < MOST_WIDTH ? width : MOST_WIDTH;
    strbuf_add_plain(out, session->model->name);
    strbuf_format(out, ", %.1f GiB; fits and speeds with a context of %u tokens at depth %llu\n",
                  gib(session->model->bytes), list->offers[0].result.n_ctx,
                  (unsigned long long)session->depth);
    strbuf_format(out, "%9s %8s %8s  %-8s  %-*s  %s\n", "tokens/s", "prompt",
                  session->plan.settings.n_ctx == 0 ? "up to" : "context", "fits", (int)width,
                  "rig", "limit");
    for (size_t i = 0; i < list->n; i++) {
        add_offer_row(session, &list->offers[i], (int)width, out);
    }
}

static struct json_object *known(bool is_known, struct json_object *value)
{
    if (!is_known) {
        json_object_put(value);
        return NULL;
    }
    return value;
}

static struct json_object *offer_json(const struct session *session, const struct offer *offer)
{
    const struct shop_result *result = &offer->result;
    struct json_object *object = json_object_new_object();
    char *limit = limit_text(session, offer);
    json_out_text(object, "rig", offer->spec);
    json_out_text(object, "fits", shop_fit_name(result->fit));
    json_out_bytes(object, "context", result->n_ctx);
    json_object_object_add(
        object, "largest_context",
        known(result->fit != SHOP_NOT, json_object_new_uint64(result->largest_context)));
    json_object_object_add(object, "tokens_per_second",
                           known(result->decode > 0, json_object_new_double(result->decode)));
    json_object_object_add(object, "prompt_tokens_per_second",
                           known(result->prompt > 0, json_object_new_double(result->prompt)));
    json_out_bytes(object, "missing", result->missing);
    json_out_bytes(object, "on_host", result->on_host);
    json_out_text(object, "limit", limit);
    free(limit);
    return object;
}

static char *shop_json(const struct session *session, const struct shop_list *list)
{
    struct json_object *object = json_object_new_object();
    struct json_object *rigs = json_object_new_array();
    json_out_text(object, "model", session->model->name);
    json_out_bytes(object, "bytes", session->model->bytes);
    json_out_bytes(object, "depth", session->depth);
    for (size_t i = 0; i < list->n; i++) {
        json_object_array_add(rigs, offer_json(session, &list->offers[i]));
    }
    json_object_object_add(object, "rigs", rigs);
    return json_out_take(object);
}

static bool print(const struct options *options, const struct session *session,
                  const struct shop_list *list, struct error *error)
{
    struct strbuf out = {0};
    if (options->json) {
        char *text = shop_json(session, list);
        strbuf_add(&out, text);
        free(text);
    } else {
        add_table(session, list, &out);
    }
    bool printed = output_print(strbuf_text(&out), out.length, error);
    strbuf_clear(&out);
    return printed;
}

int command_shop(const struct options *options, struct error *error)
{
    struct session session;
    struct shop_list list = {0};
    bool done = session_open_model(options, &session, error) &&
                session_read_depth(options, &session, error) && make_list(options, &list, error);
    if (done) {
        look(&session, &list);
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): make_list finds some or fails */
        qsort(list.offers, list.n, sizeof *list.offers, by_result);
        done = print(options, &session, &list, error);
    }
    list_clear(&list);
    session_close(&session);
    return done ? 0 : (int)error->kind;
}

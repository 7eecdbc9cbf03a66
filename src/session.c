#include "src/session.h"

#include "model/base/memory.h"
#include "model/plan/optimise.h"
#include "model/plan/optimise_fit.h"
#include "model/text/flags.h"
#include "src/accelerator_data.h"
#include "src/assets.h"
#include "src/beside.h"
#include "src/detect.h"
#include "src/device_file.h"
#include "src/import_file.h"
#include "src/place_progress.h"
#include "src/plan_document.h"
#include "src/plan_rules.h"
#include "src/rig_calibration.h"
#include "src/session_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const demo_arguments[] = {
    "-c", "32768", "-ngl", "62", "-ts", "16,16,15,15", "-ot", "\\.ffn_(gate|up|down)_exps=CPU"};

/* ---- the arguments, from all that says some ------------------------------------------------- */

struct arguments {
    const char **words;
    size_t n;
};

static void append(struct arguments *to, const char *const *words, size_t n)
{
    to->words = memory_resize(to->words, to->n + n + 1, sizeof *to->words);
    for (size_t i = 0; i < n; i++) {
        to->words[to->n++] = words[i];
    }
}

static bool is_override(const char *word)
{
    const struct flag *flag = flag_find(word, NULL);
    return flag != NULL && (flag->id == FLAG_ID_OVERRIDE_TENSOR || flag->id == FLAG_ID_CPU_MOE ||
                            flag->id == FLAG_ID_N_CPU_MOE || flag->id == FLAG_ID_N_CPU_FFN);
}

/* The flags of the command line that are (or are not) override rules. */
static void append_some(struct arguments *to, const struct options *options, bool overrides)
{
    for (size_t i = 0; i < options->n_llama;) {
        const struct flag *flag = flag_find(options->llama[i], NULL);
        size_t n = 1 + (flag != NULL ? (size_t)flag->n_values : 0);
        if (is_override(options->llama[i]) == overrides) {
            append(to, &options->llama[i], n);
        }
        i += n;
    }
}

/* Flags override a plan's arguments: settings by standing behind them, rules (first match wins) by
 * standing in front. */
static void gather(struct arguments *to, const struct options *options, const char *const *base,
                   size_t n_base)
{
    append_some(to, options, true);
    append(to, base, n_base);
    append_some(to, options, false);
}

/* What is imported stands where --import stands among the flags: what comes later wins, and of rules the first.
 * As one side of a comparison the file says what it says; flags only fill in what it leaves open. */
static void gather_import(struct arguments *to, const struct options *options,
                          const struct imported *imported)
{
    bool side = options->command == COMMAND_COMPARE;
    size_t before = options->n_before_import;
    if (side) {
        append_some(to, options, false);
    } else {
        append(to, options->llama, before);
    }
    append(to, (const char *const *)imported->arguments, imported->n_arguments);
    if (!side) {
        append(to, options->llama + before, options->n_llama - before);
    }
}

/* ---- the machine ---------------------------------------------------------------------------- */

bool session_find_devices(const struct options *options, const char *const *environment,
                          struct rig *rig, struct error *error)
{
    if (options->devices != NULL && options->rig != NULL) {
        return error_set(error, ERROR_USAGE, "--devices and --rig both name the machine: give one");
    }
    if (options->rig != NULL) {
        bool read = accelerator_rig(options->rig, rig, error);
        if (read) {
            calibration_apply(rig);
        }
        return read;
    }
    if (options->devices != NULL && !device_file_read(options->devices, rig, error)) {
        return false;
    }
    if (options->devices == NULL) {
        detect_devices(environment, rig);
    }
    accelerator_fill_bandwidths(rig);
    calibration_apply(rig);
    return true;
}

static bool find_rig(const struct options *options, const struct plan_document *document, bool demo,
                     struct session *session, struct error *error)
{
    bool named = options->devices != NULL || options->rig != NULL;
    if (!named && document->has_devices) {
        rig_copy(&session->rig, &document->rig);
        accelerator_fill_bandwidths(&session->rig);
        calibration_apply(&session->rig);
        return true;
    }
    if (!named && demo) {
        char *path = NULL;
        bool read = asset_path(ASSET_DEMO_DEVICES, &path, error) &&
                    device_file_read(path, &session->rig, error);
        free(path);
        if (read) {
            accelerator_fill_bandwidths(&session->rig);
            calibration_apply(&session->rig);
        }
        return read;
    }
    const char *const *environment = session->command.environment != NULL
                                         ? (const char *const *)session->command.environment
                                         : (const char *const *)environ;
    return session_find_devices(options, environment, &session->rig, error);
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool read_import(const struct options *options, struct session *session, struct error *error)
{
    struct arguments all = {0};
    struct imported imported = {0};
    bool read = import_file(options->import, &imported, &session->notes, error);
    if (read) {
        gather_import(&all, options, &imported);
        read = arguments_read(&session->plan, &session->facts, all.words, all.n,
                              (const char *const *)imported.environment, error);
    }
    imported_clear(&imported);
    free(all.words);
    return read;
}

static bool read_arguments(const struct options *options, const struct plan_document *document,
                           bool demo, struct session *session, struct error *error)
{
    if (options->import != NULL) {
        return read_import(options, session, error);
    }
    struct arguments all = {0};
    struct imported imported = {0};
    const char *const *environment = (const char *const *)environ;
    if (session->plan_path != NULL) {
        gather(&all, options, (const char *const *)document->args, document->n_args);
        environment = NULL; /* the document holds the whole placement */
    } else if (options->after != NULL) {
        const struct command_line *command = &session->command;
        bool foreign = import_command(command->program, command->arguments, command->n_arguments,
                                      &imported, &session->notes);
        gather(&all, options,
               foreign ? (const char *const *)imported.arguments : command->arguments,
               foreign ? imported.n_arguments : command->n_arguments);
        environment = (const char *const *)command->environment;
    } else if (demo) {
        gather(&all, options, demo_arguments, sizeof demo_arguments / sizeof demo_arguments[0]);
        environment = NULL;
    } else {
        append(&all, options->llama, options->n_llama);
    }
    bool read =
        arguments_read(&session->plan, &session->facts, all.words, all.n, environment, error);
    imported_clear(&imported);
    free(all.words);
    return read;
}

static bool choose_target(const struct options *options, const struct plan_document *document,
                          struct session *session, struct error *error)
{
    enum target *target = &session->plan.settings.target;
    *target = options->after != NULL ? session->command.target : document->target;
    if (options->target != NULL && !target_by_name(options->target, target)) {
        return error_set(
            error, ERROR_USAGE,
            "--target %s: must be llama-server, llama-cli, llama-bench or llama-fit-params",
            options->target);
    }
    return true;
}

bool session_read_depth(const struct options *options, struct session *session, struct error *error)
{
    char *end = NULL;
    const char *text = options->depth != NULL ? options->depth : "0";
    session->depth = strtoull(text, &end, 10);
    bool number = *text >= '0' && *text <= '9' && *end == '\0' && session->depth <= UINT32_MAX;
    return number || error_set(error, ERROR_USAGE, "--depth %s: must be a number of tokens", text);
}

/* Takes `placed` for the session's plan. */
static void replace_plan(struct session *session, struct plan *placed)
{
    plan_clear(&session->plan);
    session->plan = *placed;
}

bool session_find_strategy(const struct options *options, const struct session *session,
                           struct optimise_options *out, struct error *error)
{
    *out = (struct optimise_options){
        .strategy = config_strategy(&session->config),
        .depth = session->depth,
        .utilisation = session->config.expert_gpu_threshold,
    };
    return options->strategy == NULL || options->strategy[0] == '\0' ||
           strategy_read(options->strategy, out) ||
           error_set(error, ERROR_USAGE, "--auto=%s: must be " STRATEGY_NAMES, options->strategy);
}

bool session_place(const struct options *options, const struct session *session,
                   const struct plan *start, struct plan *out, struct error *error)
{
    struct optimise_options optimise;
    struct optimise_report report;
    if (!session_find_strategy(options, session, &optimise, error)) {
        return false;
    }
    place_progress_begin(&optimise);
    bool placed =
        plan_optimise(session->model, &session->rig, start, &optimise, out, &report, error);
    place_progress_end();
    return placed;
}

/* --auto, or what llama.cpp's own --fit would do where a command leaves that to it. */
static bool place(const struct options *options, struct session *session, struct error *error)
{
    const struct argument_facts *facts = &session->facts;
    bool left_to_fit =
        session->plan.settings.fit && !facts->ngl_given && !facts->ts_given && !facts->ot_given;
    struct plan placed;
    if (options->strategy == NULL) {
        session->fit_decided =
            left_to_fit && plan_fit(session->model, &session->rig, &session->plan, &placed, NULL);
        if (session->fit_decided) {
            replace_plan(session, &placed);
            session->plan.settings.fit = false; /* has decided: warned of once */
        }
        return true;
    }
    if (!session_place(options, session, &session->plan, &placed, error)) {
        return false;
    }
    session->before_auto = session->plan;
    session->has_before_auto = true;
    session->plan = placed;
    return true;
}

static bool open_rest(const struct options *options, const struct plan_document *document,
                      bool demo, struct session *session, struct error *error)
{
    char *path = NULL;
    bool opened = choose_target(options, document, session, error) &&
                  session_read_depth(options, session, error) &&
                  config_read(options->config, &session->config, &session->notes, error) &&
                  read_arguments(options, document, demo, session, error);
    bool fills_in = session->plan_path == NULL && options->after == NULL && !demo;
    if (opened && fills_in) {
        config_apply_settings(&session->config, &session->facts, &session->plan.settings);
    }
    if (opened) {
        config_tell(&session->config, &session->facts, fills_in, &session->notes);
    }
    if (opened && options->after == NULL && !session->facts.fit_given) {
        session->plan.settings.fit = false; /* exports say -fit off */
    }
    opened = opened &&
             (demo ? asset_path(ASSET_DEMO_MODEL, &path, error)
                   : session_choose_model(options, document, session, &path, error)) &&
             session_read_model(path, document, session, error) &&
             find_rig(options, document, demo, session, error);
    free(path);
    if (opened) {
        config_apply_margins(&session->config, &session->rig);
        plan_document_apply_locks(document, session->model, &session->plan);
        session->facts.elsewhere = session->command.in_container || options->import != NULL;
        beside_weigh(session->model, &session->plan, &session->facts, &session->rig,
                     &session->notes, &session->beside);
    }
    opened = opened && place(options, session, error);
    if (opened && session->plan.settings.load_mtp) {
        /* its second context follows the layers */
        struct strbuf told = {0};
        beside_weigh(session->model, &session->plan, &session->facts, &session->rig, &told,
                     &session->beside);
        strbuf_clear(&told);
    }
    return opened;
}

bool session_open(const struct options *options, bool demo, struct session *out,
                  struct error *error)
{
    *out = (struct session){0};
    plan_init(&out->plan, NULL);
    struct plan_document document = {0};
    const char *plan = options->plan != NULL            ? options->plan
                       : session_plan_is_given(options) ? options->positional[0]
                                                        : NULL;
    if (options->n_positional >
        (session_plan_is_given(options) && options->plan == NULL ? 2U : 1U)) {
        return error_set(error, ERROR_USAGE, "%s: one model is enough", options->positional[1]);
    }
    bool opened = plan == NULL || plan_document_read(plan, &document, error);
    out->plan_path = opened ? memory_text(plan) : NULL;
    out->plan_notes = memory_text(document.notes);
    opened = opened &&
             (options->after == NULL ||
              command_line_read(options->after, options->n_after, (const char *const *)environ,
                                &out->command, error)) &&
             open_rest(options, &document, demo, out, error);
    plan_document_clear(&document);
    return opened;
}

bool session_open_model(const struct options *options, struct session *out, struct error *error)
{
    *out = (struct session){0};
    plan_init(&out->plan, NULL);
    struct plan_document none = {0};
    char *path = NULL;
    if (options->n_positional > 1) {
        return error_set(error, ERROR_USAGE, "%s: one model is enough", options->positional[1]);
    }
    bool opened = arguments_read(&out->plan, &out->facts, options->llama, options->n_llama,
                                 (const char *const *)environ, error) &&
                  session_choose_model(options, &none, out, &path, error) &&
                  session_read_model(path, &none, out, error);
    free(path);
    return opened;
}

void session_close(struct session *session)
{
    plan_clear(&session->plan);
    if (session->has_before_auto) {
        plan_clear(&session->before_auto);
    }
    argument_facts_clear(&session->facts);
    rig_clear(&session->rig);
    model_free(&session->model);
    model_file_close(&session->file);
    command_line_clear(&session->command);
    free(session->plan_path);
    free(session->plan_notes);
    free(session->notice);
    config_clear(&session->config);
    strbuf_clear(&session->notes);
    *session = (struct session){0};
}

void session_print_notes(const struct session *session)
{
    enum { MOST_NOTES = 12 };
    size_t n = 0;
    for (const char *at = strbuf_text(&session->notes); *at != '\0'; n++) {
        int length = (int)strcspn(at, "\n");
        if (n < MOST_NOTES) {
            fprintf(stderr, "otplan: note: %.*s\n", length > 300 ? 300 : length, at);
        }
        at += length + 1;
    }
    if (n > MOST_NOTES) {
        fprintf(stderr, "otplan: note: and %zu more of these\n", n - MOST_NOTES);
    }
}

const char *session_model_path(const struct session *session)
{
    return session->file->first_path != NULL ? session->file->first_path : session->file->path;
}

struct plan_json_source session_source(const struct session *session,
                                       const struct evaluation *evaluation)
{
    return (struct plan_json_source){
        .model = session->model,
        .rig = &session->rig,
        .plan = &session->plan,
        .evaluation = evaluation,
        .model_path = session_model_path(session),
        .depth = session->depth,
    };
}

bool session_evaluate(struct session *session, const struct options *options, bool strict,
                      struct evaluation *out, struct error *error)
{
    plan_evaluate(session->model, &session->rig, &session->plan, NULL, out);
    if (out->refused.kind == ERROR_NONE) {
        out->refused = session->beside;
    }
    if (strict && out->refused.kind != ERROR_NONE) {
        return error_set(error, out->refused.kind, "%s", out->refused.text);
    }
    if (session->fit_decided) {
        evaluation_add_warning(out, WARN_FIT_DECIDES,
                               "with -fit on and no -ngl, -ts or -ot llama.cpp places the model "
                               "itself; this plan is what it would choose");
    }
    if (options->compact) {
        plan_rules_anew(session->model, &session->rig, &session->plan, out);
    }
    return true;
}

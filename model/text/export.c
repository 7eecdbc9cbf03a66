#include "model/text/export.h"

#include "model/base/plain_text.h"

#include "model/text/export_parts.h"

#include <stdint.h>
#include <string.h>

static const char *const names[EXPORT_FORMAT_COUNT] = {
    [EXPORT_ARGS] = "args",
    [EXPORT_OT] = "ot",
    [EXPORT_LINES] = "lines",
    [EXPORT_SCRIPT] = "script",
    [EXPORT_ENV] = "env",
    [EXPORT_INI] = "ini",
    [EXPORT_JSON] = "json",
    [EXPORT_BENCH] = "bench",
    [EXPORT_IK] = "ik",
    [EXPORT_KOBOLD] = "kobold",
    [EXPORT_LLAMA_SWAP] = "llama-swap",
};

const char *export_format_name(enum export_format format)
{
    return names[format];
}

bool export_format_by_name(const char *name, enum export_format *out)
{
    for (size_t i = 0; i < EXPORT_FORMAT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum export_format)i;
            return true;
        }
    }
    return false;
}

/* ---- variables ------------------------------------------------------------------------------ */

const char *export_variable(const struct export_source *source, size_t i)
{
    return source->rig->order_uncertain && i == 0 ? "CUDA_DEVICE_ORDER=PCI_BUS_ID" : NULL;
}

const char *export_unset_variable(const struct export_source *source, size_t i)
{
    static const struct {
        const char *flag, *variable;
    } variables[] = {
        {"-ot", "LLAMA_ARG_OVERRIDE_TENSOR"},
        {"-cmoe", "LLAMA_ARG_CPU_MOE"},
        {"-ncmoe", "LLAMA_ARG_N_CPU_MOE"},
        {"-ncffn", "LLAMA_ARG_N_CPU_FFN"},
    };
    const struct override_list *list = source->plan->given;
    for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
        bool found = false;
        for (size_t a = 0; a < list->n_arguments; a++) {
            found = found || (list->arguments[a].from_environment &&
                              strcmp(list->arguments[a].flag, variables[k].flag) == 0);
        }
        if (found && i-- == 0) {
            return variables[k].variable;
        }
    }
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------- */

static void add_quoted(const struct export_source *source, struct strbuf *out)
{
    for (size_t i = 0; i < source->n_args; i++) {
        strbuf_add(out, i > 0 ? " " : "");
        shell_quote(out, source->args[i]);
    }
}

const struct export_model_flag *export_model_flag(const char *path)
{
    static const struct export_model_flag file = {"-m", "LLAMA_ARG_MODEL", "model"};
    static const struct export_model_flag address = {"-mu", "LLAMA_ARG_MODEL_URL", "model-url"};
    bool remote = strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
    return remote ? &address : &file;
}

void export_add_path(const char *path, struct strbuf *out)
{
    struct strbuf safe = {0};
    strbuf_format(&safe, "%s%s", path[0] == '-' ? "./" : "", path);
    shell_quote(out, strbuf_text(&safe));
    strbuf_clear(&safe);
}

void export_source_make(struct export_source *source, const struct model *model,
                        const struct rig *rig, const struct plan *plan,
                        const struct evaluation *evaluation, const char *model_path)
{
    *source = (struct export_source){.model = model,
                                     .rig = rig,
                                     .plan = plan,
                                     .evaluation = evaluation,
                                     .model_path = model_path};
    source->owned = arguments_write(model, rig, plan, evaluation, &source->n_args);
    source->args = (const char *const *)source->owned;
}

void export_source_clear(struct export_source *source)
{
    arguments_free(&source->owned);
    *source = (struct export_source){0};
}

void export_command(const struct export_source *source, struct strbuf *out)
{
    const char *unset = export_unset_variable(source, 0);
    const char *set = NULL;
    if (unset != NULL) {
        strbuf_add(out, "env ");
    }
    for (size_t i = 0; (unset = export_unset_variable(source, i)) != NULL; i++) {
        strbuf_format(out, "-u %s ", unset);
    }
    for (size_t i = 0; (set = export_variable(source, i)) != NULL; i++) {
        strbuf_format(out, "%s ", set);
    }
    strbuf_format(out, "%s %s ", target_name(source->plan->settings.target),
                  export_model_flag(source->model_path)->flag);
    export_add_path(source->model_path, out);
    strbuf_add(out, source->n_args > 0 ? " " : "");
    add_quoted(source, out);
}

/* ---- formats -------------------------------------------------------------------------------- */

static bool write_args(const struct export_source *source, struct strbuf *out, struct error *error)
{
    (void)error;
    add_quoted(source, out);
    strbuf_add(out, "\n");
    return true;
}

static bool write_ot(const struct export_source *source, struct strbuf *out, struct error *error)
{
    (void)error;
    export_rules(source, ",", out);
    strbuf_add(out, "\n");
    return true;
}

/* In double quotes the shell (and readers that treat them alike) still takes these. */
static void add_double_quoted(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool escaped = *text == '"' || *text == '$' || *text == '`' ||
                       (*text == '\\' && strchr("\\\"$`", text[1]) != NULL);
        if (escaped) {
            strbuf_add_char(out, '\\');
        }
        strbuf_add_char(out, *text);
    }
}

static void write_line(struct strbuf *out, const char *pattern, const char *buffer)
{
    strbuf_add(out, "-ot \"");
    add_double_quoted(out, pattern);
    strbuf_add(out, "=");
    add_double_quoted(out, buffer);
    strbuf_add(out, "\"\n");
}

/* Names come from files: a line break in one must not end the comment. */
static void add_comment(struct strbuf *out, const char *label, const char *text)
{
    strbuf_format(out, "# %s: ", label);
    strbuf_add_plain(out, text);
    strbuf_add(out, "\n");
}

static void add_header(const struct export_source *source, struct strbuf *out)
{
    add_comment(out, "model", source->model->name);
    for (size_t i = 0; i < source->rig->n_devices; i++) {
        const struct device_use *use = &source->evaluation->devices[i];
        if (use->order >= 0) {
            strbuf_format(out, "# %s: %llu of %llu MiB\n", source->rig->devices[i].name,
                          (unsigned long long)((use->used + 0xfffff) >> 20),
                          (unsigned long long)(use->budget >> 20));
        }
    }
}

static bool write_lines(const struct export_source *source, struct strbuf *out, struct error *error)
{
    (void)error;
    strbuf_add(out, "# Tensor overrides for llama.cpp, written by otplan. First match wins.\n");
    add_header(source, out);
    struct strbuf rest = {0};
    for (size_t i = 0; i < source->n_args && strcmp(source->args[i], "-ot") != 0; i++) {
        strbuf_add(&rest, i > 0 ? " " : "");
        shell_quote(&rest, source->args[i]);
    }
    add_comment(out, "they hold together with", strbuf_text(&rest));
    strbuf_clear(&rest);
    export_each_rule(source, out, write_line);
    return true;
}

static bool write_script(const struct export_source *source, struct strbuf *out,
                         struct error *error)
{
    (void)error;
    const char *variable = NULL;
    strbuf_add(out, "#!/bin/sh\n# Written by otplan.\n");
    add_header(source, out);
    for (size_t i = 0; (variable = export_unset_variable(source, i)) != NULL; i++) {
        strbuf_format(out, "unset %s\n", variable);
    }
    for (size_t i = 0; (variable = export_variable(source, i)) != NULL; i++) {
        strbuf_format(out, "export %s\n", variable);
    }
    strbuf_format(out, "exec %s %s ", target_name(source->plan->settings.target),
                  export_model_flag(source->model_path)->flag);
    export_add_path(source->model_path, out);
    for (size_t i = 0; i < source->n_args; i++) {
        strbuf_add(out, llama_flag_known(source->args[i], NULL, NULL) ? " \\\n    " : " ");
        shell_quote(out, source->args[i]);
    }
    strbuf_add(out, " \\\n    \"$@\"\n");
    return true;
}

/* A path or a pattern may hold what a terminal obeys; a file that says it would act wherever it is shown. */
static bool refuse_controls(const char *text, struct error *error)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool eight_bit = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f || eight_bit) {
            return error_set(error, ERROR_INPUT,
                             "the model's path or a rule holds a control character: rename the "
                             "file, nothing is exported");
        }
    }
    return true;
}

bool export_write(enum export_format format, const struct export_source *source, struct strbuf *out,
                  struct error *error)
{
    static bool (*const writers[EXPORT_FORMAT_COUNT])(const struct export_source *, struct strbuf *,
                                                      struct error *) = {
        [EXPORT_ARGS] = write_args,
        [EXPORT_OT] = write_ot,
        [EXPORT_LINES] = write_lines,
        [EXPORT_SCRIPT] = write_script,
        [EXPORT_ENV] = export_env,
        [EXPORT_INI] = export_ini,
        [EXPORT_BENCH] = export_bench,
        [EXPORT_IK] = export_ik,
        [EXPORT_LLAMA_SWAP] = export_llama_swap,
    };
    size_t begin = out->length;
    return writers[format] != NULL && writers[format](source, out, error) &&
           refuse_controls(strbuf_text(out) + begin, error);
}

const char *export_note(enum export_format format, const struct export_source *source)
{
    if (format == EXPORT_IK && source->evaluation->n_in_use > 1) {
        return "ik_llama.cpp splits layers over cards by bytes, not by counts: the homes, and so "
               "the caches, "
               "may be cut elsewhere than -ts says here";
    }
    if (format == EXPORT_BENCH) {
        return "llama-bench sets the context by its own -p, -n and -d and runs one sequence";
    }
    return NULL;
}

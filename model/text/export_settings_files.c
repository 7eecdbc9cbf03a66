#include "model/text/export_parts.h"

#include <stdlib.h>
#include <string.h>

/* Environment files and presets: one setting a line, nothing quoted. */

static bool refuse(const char *format, const char *flag, const char *why, struct error *error)
{
    return error_set(error, ERROR_INPUT, "--format %s cannot say %s: %s; use --format script",
                     format, flag, why);
}

/* Values that would end their line early. */
static bool value_fits(const char *format, const char *flag, const char *value,
                       const char *forbidden, struct error *error)
{
    size_t n = strcspn(value, forbidden);
    return value[n] == '\0' ||
           refuse(format, flag,
                  value[n] == '\n' ? "its value holds a line break" : "its value holds a ; or #",
                  error);
}

/* "true" or "false" for a switch. */
static const char *switch_value(const struct export_item *item)
{
    return item->off ? "false" : "true";
}

/* ---- env ------------------------------------------------------------------------------------ */

static bool env_item(const struct export_item *item, struct strbuf *out, struct error *error)
{
    const char *word = item->all[0];
    const char *variable = item->flag != NULL ? item->flag->environment : NULL;
    if (variable == NULL && item->flag != NULL && item->flag->use == FLAG_PLAN) {
        return refuse("env", word, "it has no variable", error);
    }
    if (variable == NULL) {
        strbuf_format(out, "# %s has no variable: give it on the command line\n", word);
        return true;
    }
    const char *value = item->value != NULL ? item->value : switch_value(item);
    const char *prefix = variable[0] == '=' ? "" : "LLAMA_ARG_";
    strbuf_format(out, "%s%s=%s\n", prefix, variable + (variable[0] == '='), value);
    return value_fits("env", word, value, "\n", error);
}

bool export_env(const struct export_source *source, struct strbuf *out, struct error *error)
{
    const char *variable = NULL;
    for (size_t i = 0; (variable = export_variable(source, i)) != NULL; i++) {
        strbuf_format(out, "%s\n", variable);
    }
    strbuf_format(out, "%s=%s\n", export_model_flag(source->model_path)->variable,
                  source->model_path);
    bool written = value_fits("env", "-m", source->model_path, "\n", error);
    struct export_item item;
    for (size_t at = 0; written && export_next(source, &at, &item);) {
        written = item.rule || env_item(&item, out, error);
    }
    struct strbuf rules = {0};
    if (export_rules(source, ",", &rules) > 0) {
        strbuf_format(out, "LLAMA_ARG_OVERRIDE_TENSOR=%s\n", strbuf_text(&rules));
    }
    strbuf_clear(&rules);
    return written;
}

/* ---- ini ------------------------------------------------------------------------------------ */

/* A section's name: the model's, of what cannot end it. */
static void add_section(const char *name, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (; *name != '\0'; name++) {
        bool plain =
            (unsigned char)*name > 0x20 && *name != 0x7f && strchr("[]:;#\"'", *name) == NULL;
        strbuf_add_char(out, plain ? *name : '-');
    }
    strbuf_add(out, "]\n");
}

/* The key is the flag without dashes; a switch has its positive name. */
static bool ini_item(const struct export_item *item, struct strbuf *out, struct error *error)
{
    const char *word = item->all[0];
    if (item->flag == NULL || item->n_words > 2) {
        return refuse("ini", word, "a key has one value", error);
    }
    const char *value = item->value != NULL ? item->value : switch_value(item);
    const char *long_name = strstr(item->flag->names, "--");
    const char *name = item->value == NULL && long_name != NULL ? long_name : word;
    name += strspn(name, "-");
    bool only_off = item->off && strcmp(item->flag->off_names, word) == 0 && long_name == NULL;
    strbuf_format(out, "%.*s = %s\n", (int)strcspn(name, " "), name, only_off ? "true" : value);
    return value_fits("ini", word, value, "\n;#", error);
}

bool export_ini(const struct export_source *source, struct strbuf *out, struct error *error)
{
    add_section(source->model->name, out);
    strbuf_format(out, "%s = %s\n", export_model_flag(source->model_path)->key, source->model_path);
    bool written = value_fits("ini", "-m", source->model_path, "\n;#", error);
    struct export_item item;
    for (size_t at = 0; written && export_next(source, &at, &item);) {
        written = item.rule || ini_item(&item, out, error);
    }
    struct strbuf rules = {0};
    if (export_rules(source, ",", &rules) > 0) {
        strbuf_format(out, "ot = %s\n", strbuf_text(&rules));
        written = written && value_fits("ini", "-ot", strbuf_text(&rules), "\n;#", error);
    }
    strbuf_clear(&rules);
    return written;
}

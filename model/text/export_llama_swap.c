#include "model/text/export_parts.h"

#include <string.h>

/* One entry for llama-swap's models:. Its `cmd` is cut into words as a shell would, after `${macros}` are
 * put in, and the server listens on the port that it is given. */

static void add_yaml_text(const char *text, struct strbuf *out)
{
    strbuf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            strbuf_add_char(out, '\\');
        }
        if (c < 0x20 || c == 0x7f) {
            strbuf_format(out, "\\x%02x", c);
        } else {
            strbuf_add_char(out, *text);
        }
    }
    strbuf_add_char(out, '"');
}

static bool add_word(const char *word, const char *before, struct strbuf *out, struct error *error)
{
    if (strchr(word, '\n') != NULL || strstr(word, "${") != NULL) {
        return error_set(error, ERROR_INPUT,
                         "--format llama-swap cannot say '%.80s': a line break or ${ in it", word);
    }
    strbuf_add(out, before);
    shell_quote(out, word);
    return true;
}

static bool is_port(const struct export_item *item)
{
    return strcmp(item->all[0], "--port") == 0;
}

bool export_llama_swap(const struct export_source *source, struct strbuf *out, struct error *error)
{
    strbuf_add(out, "models:\n  ");
    add_yaml_text(source->model->name, out);
    strbuf_format(out, ":\n    cmd: |\n      %s --port ${PORT}\n      %s",
                  target_name(source->plan->settings.target),
                  export_model_flag(source->model_path)->flag);
    bool written = add_word(source->model_path, " ", out, error);
    struct export_item item;
    for (size_t at = 0; written && export_next(source, &at, &item);) {
        for (size_t i = 0; written && i < item.n_words && !is_port(&item); i++) {
            written = add_word(item.all[i], i == 0 ? "\n      " : " ", out, error);
        }
    }
    strbuf_add(out, "\n");
    const char *variable = export_variable(source, 0);
    if (variable != NULL) {
        strbuf_format(out, "    env:\n      - \"%s\"\n", variable);
    }
    return written;
}

#include "model/text/export_parts.h"

#include <string.h>

void export_each_rule(const struct export_source *source, struct strbuf *out,
                      void (*write)(struct strbuf *, const char *, const char *))
{
    const struct generated_rules *rules = &source->evaluation->rules;
    for (size_t i = 0; i < rules->n; i++) {
        write(out, rules->rules[i].pattern, rig_name(source->rig, rules->rules[i].device));
    }
    for (size_t i = 0; i < source->plan->given->n_entries; i++) {
        const struct override *entry = &source->plan->given->entries[i];
        if (entry->refused == NULL && rig_find(source->rig, entry->buffer) != DEVICE_NONE) {
            write(out, entry->pattern, entry->buffer);
        }
    }
}

/* A line break never stands in a pattern that was read as an argument of one line; here it only parts them. */
static void write_rule(struct strbuf *out, const char *pattern, const char *buffer)
{
    strbuf_format(out, "%s=%s\n", pattern, buffer);
}

size_t export_rules(const struct export_source *source, const char *separator, struct strbuf *out)
{
    struct strbuf lines = {0};
    size_t n = 0;
    export_each_rule(source, &lines, write_rule);
    for (const char *at = strbuf_text(&lines); *at != '\0'; n++) {
        size_t length = strcspn(at, "\n");
        strbuf_add(out, n > 0 ? separator : "");
        strbuf_add_n(out, at, length);
        at += length + 1;
    }
    strbuf_clear(&lines);
    return n;
}

bool export_next(const struct export_source *source, size_t *at, struct export_item *item)
{
    if (*at >= source->n_args) {
        return false;
    }
    *item = (struct export_item){.all = &source->args[*at]};
    item->flag = flag_find(source->args[*at], &item->off);
    size_t n = item->flag != NULL ? (size_t)item->flag->n_values : 0;
    item->n_words = 1 + (n < source->n_args - *at ? n : source->n_args - *at - 1);
    item->value = item->n_words > 1 ? item->all[1] : NULL;
    enum flag_id id = item->flag != NULL ? item->flag->id : FLAG_ID_PASS;
    item->rule = id == FLAG_ID_OVERRIDE_TENSOR || id == FLAG_ID_CPU_MOE ||
                 id == FLAG_ID_N_CPU_MOE || id == FLAG_ID_N_CPU_FFN;
    *at += item->n_words;
    return true;
}

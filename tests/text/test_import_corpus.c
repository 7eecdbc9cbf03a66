/* Every entry of what people posted: its -ot values as files and command lines carry them, the text they stood
 * in, and where each tensor of the reference models goes, by std::regex itself. */
#include "model/base/memory.h"
#include "model/override/override.h"
#include "model/text/arguments.h"
#include "model/text/import.h"
#include "tests/support/oracle.h"
#include "tests/support/std_regex.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts that do not hold the values recorded beside them, and why no reader can find those. */
static const struct {
    const char *id, *why;
} elsewhere[] = {
    {"c004", "no shell stood between the form and the program: the quotes arrived"},
    {"c015", "a launcher's JSON, whose backslashes were doubled: the text shows the half"},
    {"c018", "layers in the middle are elided"},
    {"c031", "a template: -ot <ot>"},
    {"c050", "the address is a variable that the text does not set"},
    {"c078", "rules behind the second are elided"},
    {"c117", "a loop writes the rules"},
    {"c123", "rules in the middle are elided"},
    {"c243", "the text is cut off"},
    {"c267", "runs of blanks inside the value were made one"},
    {"c325", "the text is cut off"},
    {"c390", "the text is cut off"},
    {"c407", "the first value stands in a comment"},
};

static const char *why_elsewhere(const char *id)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        if (strcmp(elsewhere[i].id, id) == 0) {
            return elsewhere[i].why;
        }
    }
    return NULL;
}

/* --- entries -------------------------------------------------------------------------------------- */

static void each_entry(void (*see)(const char *id, struct json_object *entry, void *data),
                       void *data)
{
    FILE *file = fopen(OTPLAN_SHARED "/ot-corpus/corpus.jsonl", "r");
    char *line = NULL;
    size_t room = 0, n = 0;
    cr_assert_not_null(file);
    while (getline(&line, &room, file) > 0) {
        struct json_object *entry = json_tokener_parse(line);
        cr_assert_not_null(entry);
        see(json_object_get_string(json_object_object_get(entry, "id")), entry, data);
        json_object_put(entry);
        n++;
    }
    fclose(file);
    free(line);
    cr_expect_gt(n, 0);
}

static const char *value_at(struct json_object *entry, size_t i)
{
    return json_object_get_string(
        json_object_array_get_idx(json_object_object_get(entry, "args"), i));
}

static size_t count_values(struct json_object *entry)
{
    return json_object_array_length(json_object_object_get(entry, "args"));
}

/* The -ot values among imported arguments, one a line. */
static void values_of(const struct imported *imported, struct strbuf *out)
{
    for (size_t i = 0; i + 1 < imported->n_arguments; i++) {
        const char *word = imported->arguments[i];
        if (strcmp(word, "-ot") == 0 || strcmp(word, "--override-tensor") == 0 ||
            strcmp(word, "--override_tensor") == 0) {
            strbuf_format(out, "%s\n", imported->arguments[++i]);
        }
    }
}

static void expect_values(const char *id, const char *text, struct json_object *entry)
{
    struct imported imported = {0};
    struct error error = {0};
    struct strbuf expected = {0}, found = {0};
    for (size_t i = 0; i < count_values(entry); i++) {
        strbuf_format(&expected, "%s\n", value_at(entry, i));
    }
    if (import_text(text, strlen(text), NULL, &imported, &error)) {
        values_of(&imported, &found);
    }
    cr_expect_str_eq(strbuf_text(&found), strbuf_text(&expected), "%s: %s%s", id, text, error.text);
    imported_clear(&imported);
    strbuf_clear(&expected);
    strbuf_clear(&found);
}

/* --- the values ----------------------------------------------------------------------------------- */

static void see_values(const char *id, struct json_object *entry, void *data)
{
    struct strbuf command = {0}, lines = {0};
    bool colon = false;
    (void)data;
    strbuf_add(&command, "llama-server -m x.gguf");
    for (size_t i = 0; i < count_values(entry); i++) {
        strbuf_add(&command, " -ot ");
        shell_quote(&command, value_at(entry, i));
        strbuf_format(&lines, "-ot '%s'\n", value_at(entry, i));
        colon = colon || strchr(value_at(entry, i), '=') == NULL; /* which a file repairs */
    }
    expect_values(id, strbuf_text(&command), entry);
    if (count_values(entry) > 1 && !colon && strchr(strbuf_text(&lines), '"') == NULL) {
        expect_values(id, strbuf_text(&lines), entry);
    }
    strbuf_clear(&command);
    strbuf_clear(&lines);
}

Test(import_corpus, values_come_through_a_command_and_a_file_as_they_are)
{
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    each_entry(see_values, NULL);
}

static void see_text(const char *id, struct json_object *entry, void *data)
{
    const char *text = json_object_get_string(json_object_object_get(entry, "cmd"));
    (void)data;
    if (text[0] != '\0' && why_elsewhere(id) == NULL) {
        expect_values(id, text, entry);
    }
}

Test(import_corpus, the_texts_they_stood_in_give_the_same_values)
{
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    each_entry(see_text, NULL);
}

/* --- where each tensor goes ----------------------------------------------------------------------- */

struct placed {
    const struct model *model;
    struct strbuf questions, ours;
    size_t n_entries;
};

/* What is refused is refused for every model. */
static bool is_valid(struct json_object *entry)
{
    struct json_object *expect = json_object_object_get(entry, "expect");
    if (!json_object_is_type(expect, json_type_object)) {
        return false;
    }
    json_object_object_foreach(expect, model, here)
    {
        (void)model;
        return json_object_object_get(here, "error") == NULL;
    }
    return false;
}

static struct override_list *imported_list(struct json_object *entry)
{
    struct override_list *list = override_list_new();
    struct strbuf command = {0}, values = {0};
    struct imported imported = {0};
    char *save = NULL;
    strbuf_add(&command, "llama-server");
    for (size_t i = 0; i < count_values(entry); i++) {
        strbuf_add(&command, " -ot ");
        shell_quote(&command, value_at(entry, i));
    }
    cr_assert(import_text(strbuf_text(&command), command.length, NULL, &imported, NULL));
    values_of(&imported, &values);
    for (char *value = strtok_r(values.text, "\n", &save); value != NULL;
         value = strtok_r(NULL, "\n", &save)) {
        override_list_add(list, "-ot", value, false);
    }
    imported_clear(&imported);
    strbuf_clear(&command);
    strbuf_clear(&values);
    return list;
}

static void see_placing(const char *id, struct json_object *entry, void *data)
{
    struct placed *placed = data;
    (void)id;
    if (!is_valid(entry)) {
        return;
    }
    struct override_list *list = imported_list(entry);
    int32_t *decided = memory_array(placed->model->n_tensors, sizeof *decided);
    override_list_decide(list, placed->model, decided);
    strbuf_add(&placed->questions, "list\n");
    for (size_t i = 0; i < list->n_entries; i++) {
        strbuf_format(&placed->questions, "+%s\n", list->entries[i].pattern);
        strbuf_add(&placed->ours, "ok\n");
    }
    for (size_t row = 0; row < placed->model->n_tensors; row++) {
        strbuf_format(&placed->questions, "?%s\n", placed->model->tensors[row].name);
        strbuf_format(&placed->ours, "%d\n", decided[row]);
    }
    placed->n_entries++;
    free(decided);
    override_list_drop(&list);
}

static void compare_model(const char *path)
{
    struct open_model open;
    struct strbuf theirs = {0};
    open_model(path, &open);
    struct placed placed = {.model = open.model};
    each_entry(see_placing, &placed);
    cr_expect_gt(placed.n_entries, 0);
    std_regex_ask(&placed.questions, &theirs);
    cr_expect(strcmp(strbuf_text(&theirs), strbuf_text(&placed.ours)) == 0,
              "%s: std::regex places tensors otherwise", path);
    strbuf_clear(&theirs);
    strbuf_clear(&placed.questions);
    strbuf_clear(&placed.ours);
    close_model(&open);
}

Test(import_corpus, every_valid_entry_places_every_tensor_as_std_regex_does)
{
    std_regex_needed();
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    char **paths = oracle_models("models");
    for (size_t i = 0; paths[i] != NULL; i++) {
        compare_model(paths[i]);
    }
    oracle_models_free(&paths);
}

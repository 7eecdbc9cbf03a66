/* Our matcher against std::regex itself, and against the answers recorded for what people posted. */
#include "model/base/memory.h"
#include "model/override/override.h"
#include "model/override/pattern.h"
#include "tests/support/oracle.h"
#include "tests/support/std_regex.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What people write, what breaks, and what the two engines read differently. */
static const char *const pieces[] = {"a",           "b",
                                     "blk",         "\\.",
                                     ".",           "1",
                                     "12",          "[0-9]",
                                     "[1-3]",       "[^a]",
                                     "(a|b)",       "(",
                                     "(?:",         "(?=",
                                     "(?!",         ")",
                                     "|",           "*",
                                     "+",           "?",
                                     "{2}",         "{1,2}",
                                     "{0,3}",       "{2,}",
                                     "{,2}",        "^",
                                     "$",           "\\b",
                                     "\\B",         "\\d",
                                     "\\w",         "\\s",
                                     "\\D",         "\\W",
                                     "\\1",         "\\2",
                                     "\\0",         "\\_",
                                     "\\cA",        "\\x61",
                                     "\\u0061",     "\\x6",
                                     "[",           "[^",
                                     "]",           "-",
                                     "[[:alpha:]]", "[[:digit:]_]",
                                     "[[=a=]]",     "[[.hyphen.]]",
                                     "[a-\\d]",     "[\\d-a]",
                                     "[a-b-c]",     "[]",
                                     "[^]",         "[--a]",
                                     "[a-]",        "ffn",
                                     "_",           "exps",
                                     "{",           "}",
                                     "\\",          "\\A",
                                     "\\Z",         "/",
                                     "{0}",         "??",
                                     "*?",          "[\\w.]",
                                     "[^\\w]",      "#",
                                     "(a*)",        "(a)",
                                     "()",          "[9-1]",
                                     "\\Q",         "\\K",
                                     "\\R",         "(*",
                                     "\\g",         "[[:<:]]",
                                     "[[a]",        "\\-",
                                     "(1[2-9]|20)", "(?=^a)",
                                     "(?!\\b1)",    "ffn_(up|gate)"};

static const char *const subjects[] = {"blk.1.ffn_up_exps.weight",
                                       "blk.12.ffn_gate.weight",
                                       "output.weight",
                                       "a",
                                       "",
                                       "aab",
                                       "abab",
                                       "baab",
                                       "A",
                                       "12.12",
                                       "a-b",
                                       "ab1"};
enum { N_SUBJECTS = sizeof subjects / sizeof subjects[0], N_PATTERNS = 3000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* std::regex has no limit: three repeats over short names are what it can do in a moment. */
static bool is_bearable(const char *text)
{
    size_t repeats = 0;
    for (; *text != '\0'; text++) {
        repeats += *text == '*' || *text == '+' || *text == '{' || *text == '?';
    }
    return repeats <= 4;
}

static char *random_pattern(uint32_t *state)
{
    struct strbuf text = {0};
    uint32_t n = 1 + next_random(state) % 8;
    for (uint32_t i = 0; i < n; i++) {
        strbuf_add(&text, pieces[next_random(state) % (sizeof pieces / sizeof pieces[0])]);
    }
    return strbuf_take(&text);
}

static void ask_patterns(char *const *patterns, size_t n, struct strbuf *answers)
{
    struct strbuf questions = {0};
    for (size_t i = 0; i < n; i++) {
        strbuf_format(&questions, "list\n+%s\n", patterns[i]);
        for (size_t k = 0; k < N_SUBJECTS; k++) {
            strbuf_format(&questions, "?%s\n", subjects[k]);
        }
    }
    std_regex_ask(&questions, answers);
    strbuf_clear(&questions);
}

static void compare_pattern(const char *text, char **answers)
{
    struct pattern *pattern = NULL;
    struct error error = {0};
    bool ours = pattern_compile(text, &pattern, &error);
    bool theirs = strcmp(std_regex_next(answers), "ok") == 0;
    cr_expect_eq(ours, theirs, "'%s': std::regex %s, we say '%s'", text,
                 theirs ? "takes it" : "throws", error.text);
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        bool found = strcmp(std_regex_next(answers), "0") == 0;
        if (ours && theirs) {
            cr_expect_eq(pattern_found(pattern, subjects[k]), found, "'%s' in '%s'", text,
                         subjects[k]);
        }
    }
    pattern_free(&pattern);
}

/* 3000 patterns on 12 names. */
Test(std_regex, generated_patterns_agree)
{
    std_regex_needed();
    static char *patterns[N_PATTERNS];
    uint32_t state = 20261121;
    struct strbuf answers = {0};
    for (size_t i = 0; i < N_PATTERNS; i++) {
        do {
            free(patterns[i]);
            patterns[i] = random_pattern(&state);
        } while (!is_bearable(patterns[i]));
    }
    ask_patterns(patterns, N_PATTERNS, &answers);
    char *at = answers.text;
    for (size_t i = 0; i < N_PATTERNS; i++) {
        compare_pattern(patterns[i], &at);
        free(patterns[i]);
    }
    strbuf_clear(&answers);
}

/* --- the corpus --------------------------------------------------------------------------------- */

static struct override_list *list_of(struct json_object *values)
{
    struct override_list *list = override_list_new();
    for (size_t i = 0; i < json_object_array_length(values); i++) {
        override_list_add(list, "-ot", json_object_get_string(json_object_array_get_idx(values, i)),
                          false);
    }
    return list;
}

static bool list_refused(const struct override_list *list)
{
    for (size_t i = 0; i < list->n_entries; i++) {
        if (list->entries[i].refused != NULL) {
            return true;
        }
    }
    return false;
}

static void compare_wins(const char *id, const struct override_list *list,
                         const struct model *model, struct json_object *wins)
{
    uint64_t *count = memory_array(list->n_entries, sizeof *count);
    int32_t *decided = memory_array(model->n_tensors, sizeof *decided);
    override_list_decide(list, model, decided);
    for (size_t row = 0; row < model->n_tensors; row++) {
        if (decided[row] >= 0 && model->tensors[row].tied_to < 0) {
            count[decided[row]]++;
        }
    }
    for (size_t i = 0; i < list->n_entries; i++) {
        char key[24];
        struct json_object *expected = NULL;
        snprintf(key, sizeof key, "%zu", i);
        json_object_object_get_ex(wins, key, &expected);
        cr_expect_eq(count[i], (uint64_t)json_object_get_int64(expected), "%s rule %zu", id, i);
    }
    free(count);
    free(decided);
}

static void compare_entry(struct json_object *entry, const char *name, const struct model *model)
{
    struct json_object *expect = json_object_object_get(entry, "expect");
    struct json_object *here = NULL;
    const char *id = json_object_get_string(json_object_object_get(entry, "id"));
    if (!json_object_object_get_ex(expect, name, &here)) {
        return;
    }
    struct override_list *list = list_of(json_object_object_get(entry, "args"));
    bool refused = json_object_object_get(here, "error") != NULL;
    cr_expect_eq(list_refused(list), refused, "%s %s refused", id, refused ? "is not" : "is");
    if (!refused) {
        compare_wins(id, list, model, json_object_object_get(here, "wins"));
    }
    override_list_drop(&list);
}

static void compare_corpus(const char *path)
{
    struct open_model open;
    open_model(path, &open);
    const char *slash = strrchr(path, '/');
    char *name = memory_text_n(slash + 1, strlen(slash + 1) - strlen(".gguf"));
    FILE *file = fopen(OTPLAN_SHARED "/ot-corpus/corpus.jsonl", "r");
    char *line = NULL;
    size_t room = 0;
    cr_assert_not_null(file);
    while (getline(&line, &room, file) > 0) {
        struct json_object *entry = json_tokener_parse(line);
        compare_entry(entry, name, open.model);
        json_object_put(entry);
    }
    fclose(file);
    free(line);
    free(name);
    close_model(&open);
}

Test(std_regex, what_people_posted_decides_what_it_did)
{
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    char **paths = oracle_models("models");
    for (size_t i = 0; paths[i] != NULL; i++) {
        compare_corpus(paths[i]);
    }
    oracle_models_free(&paths);
}

/* `otplan report`: the same figures as everywhere else, in documents that hold what they are given as text. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/stage.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT(...)                                                                                \
    otplan_run("report", demo_model(), "--devices", demo_devices(), "-c", "32768", "-ngl", "62",   \
               "-cmoe", __VA_ARGS__)

/* What a reader sees: without tags, one blank between words. */
static void keep_words(char *text)
{
    char *to = text;
    bool in_tag = false;
    for (const char *at = text; *at != '\0'; at++) {
        in_tag = *at == '<' || (in_tag && *at != '>');
        bool is_blank = strchr(" \n<>", *at) != NULL;
        if (!in_tag && (!is_blank || (to > text && to[-1] != ' '))) {
            *to++ = (char)(is_blank ? ' ' : *at);
        }
    }
    *to = '\0';
}

static char *report_of(struct program_result result)
{
    cr_assert_eq(result.status, 0, "%s", result.errors);
    free(result.errors);
    return result.output;
}

/* Every element is closed, no `<` and no bare `&` is left in text, no control but the line's end. */
static void expect_well_formed(const char *text)
{
    char open[16][32];
    size_t depth = 0;
    for (const char *at = text; *at != '\0'; at++) {
        cr_assert(*at == '\n' || (unsigned char)*at >= 0x20, "a control character");
        if (*at == '&') {
            const char *end = at + 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
            cr_assert(end > at + 1 && *end == ';', "%.40s", at);
        }
        if (*at != '<' || at[1] == '!') {
            continue;
        }
        const char *end = strchr(at, '>');
        cr_assert_not_null(end, "%.40s", at);
        const char *name = at + (at[1] == '/' ? 2 : 1);
        size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
        cr_assert(length > 0 && length < sizeof open[0], "%.40s", at);
        if (at[1] == '/') {
            cr_assert(depth-- > 0 && strncmp(open[depth], name, length) == 0, "%.40s", at);
        } else if (end[-1] != '/') {
            cr_assert_lt(depth, 16, "%.40s", at);
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, name);
        }
        at = end;
    }
    cr_assert_eq(depth, 0);
}

/* Nothing is loaded from elsewhere and nothing runs. */
static void expect_self_contained(const char *text)
{
    static const char *const forbidden[] = {"href",   "src=",     "url(", "@import",
                                            "<image", "<script>", " on",  "<use"};
    for (const char *tag = strchr(text, '<'); tag != NULL; tag = strchr(tag + 1, '<')) {
        char *inside = strndup(tag, strcspn(tag, ">"));
        for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
            cr_assert_null(strstr(inside, forbidden[i]), "%s", inside);
        }
        free(inside);
    }
}

/* "5 853.7" as Markdown and HTML have it, "5 854/" as the screen has it. */
static char *figure(uint64_t bytes, bool is_screen)
{
    uint64_t tenths = (bytes * 10 + (1U << 19)) >> 20;
    uint64_t whole = is_screen ? (bytes + 0xFFFFF) >> 20 : tenths / 10;
    char *digits = whole >= 1000 ? memory_format("%llu %03llu", (unsigned long long)whole / 1000,
                                                 (unsigned long long)whole % 1000)
                                 : memory_format("%llu", (unsigned long long)whole);
    char *text = is_screen ? memory_format("%s/", digits)
                           : memory_format("%s.%llu", digits, (unsigned long long)tenths % 10);
    free(digits);
    return text;
}

static void expect_figures(const char *report, bool is_screen)
{
    char *json = report_of(otplan_run("plan", demo_model(), "--devices", demo_devices(), "-c",
                                      "32768", "-ngl", "62", "-cmoe", "--json"));
    struct json_object *plan = json_tokener_parse(json);
    struct json_object *devices = json_object_object_get(plan, "devices");
    size_t n = json_object_array_length(devices);
    cr_assert_gt(n, 3);
    for (size_t i = 0; i < n; i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        const char *name = json_object_get_string(json_object_object_get(device, "name"));
        char *used =
            figure(json_object_get_uint64(json_object_object_get(device, "used")), is_screen);
        cr_assert_not_null(strstr(report, name), "%s is not in:\n%s", name, report);
        cr_assert_not_null(strstr(report, used), "%s of %s is not in:\n%s", used, name, report);
        free(used);
    }
    json_object_put(plan);
    free(json);
}

Test(report, has_the_figures_of_plan_json_in_every_format)
{
    static const char *const formats[] = {"md", "svg", "html", "ansi"};
    for (size_t i = 0; i < 4; i++) {
        char *report = report_of(REPORT("--format", formats[i]));
        keep_words(report);
        expect_figures(report, strcmp(formats[i], "md") != 0);
        free(report);
    }
}

Test(report, pictures_are_well_formed_and_stand_alone)
{
    static const char *const formats[] = {"svg", "html"};
    for (size_t i = 0; i < 2; i++) {
        char *plan = report_of(REPORT("--format", formats[i]));
        char *comparison = report_of(REPORT("--format", formats[i], "--compare", demo_model()));
        expect_well_formed(plan);
        expect_self_contained(plan);
        expect_well_formed(comparison);
        expect_self_contained(comparison);
        free(plan);
        free(comparison);
    }
}

Test(report, ansi_is_the_screen_that_the_planner_draws)
{
    char *report = report_of(REPORT("--format=ansi", "--color=never"));
    struct strbuf text = {0};
    for (const char *at = report; *at != '\0'; at++) {
        if (*at == '\033') {
            at += strcspn(at, "m");
        } else {
            strbuf_add_char(&text, *at);
        }
    }
    struct stage *stage = stage_open(120, 40, false);
    const char *map = strstr(stage_text(stage), " Map ");
    size_t length = strcspn(map, "\n");
    char *line = strndup(map, length);
    cr_assert_not_null(strstr(strbuf_text(&text), line), "%s\n%s", line, strbuf_text(&text));
    cr_assert_null(strstr(report, "38;5"));
    free(line);
    stage_close(stage);
    strbuf_clear(&text);
    free(report);
}

Test(report, a_comparison_begins_with_before_after_change)
{
    static const char *const formats[] = {"md", "ansi", "svg", "html"};
    static const char *const rows[] = {"devices used",   "utilisation", "experts on devices",
                                       "experts on CPU", "context",     "unused MiB"};
    for (size_t i = 0; i < 4; i++) {
        char *report = report_of(REPORT("--compare", demo_model(), "--format", formats[i]));
        keep_words(report);
        const char *at = strstr(report, "before");
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            at = at != NULL ? strstr(at, rows[k]) : NULL;
            cr_assert_not_null(at, "%s: %s is not there, or not in its place:\n%.2000s", formats[i],
                               rows[k], report);
        }
        free(report);
    }
}

/* ---- what is hostile ------------------------------------------------------------------------ */

/* 64 bytes longer than "tiny", so that what follows keeps its alignment. */
#define NAME "a|b</text></title><script>x()</script>&amp;\"`\033[31m\n# ccccccccccccccc"
_Static_assert(sizeof NAME - 1 == 4 + 64, "alignment");

/* A tiny model with that name in place of its own. */
static char *hostile_model(const char *folder)
{
    static const uint8_t tiny[] = {4, 0, 0, 0, 0, 0, 0, 0, 't', 'i', 'n', 'y'};
    static const uint8_t length[] = {4 + 64, 0, 0, 0, 0, 0, 0, 0};
    struct strbuf head = {0};
    struct strbuf named = {0};
    gguf_make_tiny(&head, 2);
    const char *at = memmem(head.text, head.length, tiny, sizeof tiny);
    cr_assert_not_null(at);
    size_t before = (size_t)(at - head.text);
    strbuf_add_n(&named, head.text, before);
    strbuf_add_n(&named, (const char *)length, sizeof length);
    strbuf_add(&named, NAME);
    strbuf_add_n(&named, at + sizeof tiny, head.length - before - sizeof tiny);
    char *path = test_file_write_head(folder, "m.gguf", &named);
    strbuf_clear(&head);
    strbuf_clear(&named);
    return path;
}

Test(report, a_hostile_name_stays_text)
{
    static const char *const formats[] = {"svg", "html", "md", "ansi"};
    char *folder = test_folder_make();
    char *model = hostile_model(folder);
    for (size_t i = 0; i < 4; i++) {
        char *report = report_of(
            otplan_run("report", model, "--devices", demo_devices(), "--format", formats[i]));
        if (i < 2) {
            expect_well_formed(report);
            expect_self_contained(report);
        }
        cr_assert_null(strstr(report, "\n# c"), "%s", report);
        cr_assert_null(strstr(report, "\033[31m"), "%s", report);
        cr_assert(i == 3 || strstr(report, "# a|b<") == NULL, "%s", report);
        free(report);
    }
    free(model);
    test_folder_remove(folder);
}

/* ---- files ---------------------------------------------------------------------------------- */

Test(report, goes_to_a_file_whose_ending_tells_the_format_and_replaces_none)
{
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "plan.svg", "mine", 4);
    struct program_result refused = REPORT("-o", path);
    cr_assert_eq(refused.status, 4, "%s", refused.errors);
    struct program_result kept = program_run((const char *const[]){"cat", path, NULL}, NULL, NULL);
    cr_assert_str_eq(kept.output, "mine");
    struct program_result forced = REPORT("-o", path, "--force");
    cr_assert_eq(forced.status, 0, "%s", forced.errors);
    cr_assert_str_eq(forced.output, "");
    struct program_result file = program_run((const char *const[]){"cat", path, NULL}, NULL, NULL);
    cr_assert_eq(strncmp(file.output, "<svg ", 5), 0, "%.40s", file.output);
    program_result_clear(&refused);
    program_result_clear(&kept);
    program_result_clear(&forced);
    program_result_clear(&file);
    free(path);
    test_folder_remove(folder);
}

Test(report, of_the_planner_is_the_one_of_the_command)
{
    char *folder = test_folder_make();
    char *path = memory_format("%s/plan.md", folder);
    char *command = memory_format("report %s", path);
    struct error error = {0};
    struct stage *stage = stage_open(120, 40, false);
    stage_command(stage, command);
    cr_assert_not(planner_command(&stage->planner, command, &error), "it was replaced");
    struct program_result file = program_run((const char *const[]){"cat", path, NULL}, NULL, NULL);
    expect_figures(file.output, false);
    cr_assert_not_null(strstr(file.output, "## Arguments"), "%s", file.output);
    program_result_clear(&file);
    stage_close(stage);
    free(command);
    free(path);
    test_folder_remove(folder);
}

Test(report, names_the_formats_it_has)
{
    struct program_result result = REPORT("--format=png");
    cr_assert_eq(result.status, 1, "%s", result.errors);
    cr_assert_not_null(strstr(result.errors, "md svg html ansi"), "%s", result.errors);
    program_result_clear(&result);
}

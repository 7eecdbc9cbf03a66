#include "src/command_verify.h"

#include "src/log_file.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify_arguments {
    const char *paths[2]; /* PLAN LOG, or LOG alone */
    int n_paths;
    bool json;
};

static bool arguments_take(int n, char **words, struct verify_arguments *out, struct error *error)
{
    for (int i = 0; i < n; i++) {
        bool option = words[i][0] == '-' && words[i][1] != '\0';
        if (strcmp(words[i], "--json") == 0)
            out->json = true;
        else if (option)
            return error_set(error, ERROR_USAGE, "verify: unknown option %s", words[i]);
        else if (out->n_paths == 2)
            return error_set(error, ERROR_USAGE, "verify: too many files: %s", words[i]);
        else
            out->paths[out->n_paths++] = words[i];
    }
    return out->n_paths > 0 ||
           error_set(error, ERROR_USAGE, "verify: which log? otplan verify [PLAN.json] LOG");
}

/* ---- for people ---- */

static void print_figure(uint64_t value, bool is_count)
{
    if (is_count)
        printf("%12llu    ", (unsigned long long)value);
    else
        printf("%12.2f MiB", (double)value / (1 << 20));
}

static void print_checks(const struct load_report *load)
{
    if (load->n_checks)
        printf("%-44s %16s  %16s  %s\n", "", "planned", "actual", "verdict");
    for (size_t i = 0; i < load->n_checks; i++) {
        const struct log_check *check = &load->checks[i];
        printf("%-44.60s ", check->what);
        if (check->has_planned)
            print_figure(check->planned, check->is_count);
        else
            printf("%16s", "-");
        printf("  ");
        print_figure(check->actual, check->is_count);
        printf("  %s\n", !check->has_planned ? "-" : check->ok ? "ok" : "differs");
    }
}

static void print_load(const struct log_load *load, const struct load_report *report, size_t number,
                       size_t of)
{
    if (of > 1)
        printf("%sload %zu of %zu: %s%s%s\n", number > 1 ? "\n" : "", number, of,
               log_verdict_name(report->verdict), load->model ? ": " : "",
               load->model ? load->model : "");
    print_checks(report);
    for (size_t i = 0; i < report->n_findings; i++)
        printf("%s: %s\n", report->findings[i].code, report->findings[i].message);
}

static void print_report(const struct log *log, const struct log_report *report)
{
    for (size_t i = 0; i < report->n_loads; i++)
        print_load(&log->loads[i], &report->loads[i], i + 1, report->n_loads);
    printf("%s: %s\n", log_verdict_name(report->verdict), log_verdict_describe(report->verdict));
}

static void print_json(const struct log *log, const struct log_report *report)
{
    struct json_object *object = verify_json(log, report);

    puts(json_object_to_json_string_ext(object,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

/* ---- the command ---- */

static int exit_status(enum log_verdict verdict)
{
    return verdict <= VERDICT_DIFFERS ? ERROR_UNFIT : ERROR_NONE;
}

static int verify(const struct verify_arguments *arguments, const struct log_plan *plan,
                  struct error *error)
{
    struct strbuf text = {0};
    struct log log;
    struct log_report report;

    if (!log_file_read(arguments->paths[arguments->n_paths - 1], &text, error))
        return (int)error->kind;
    log_read(strbuf_text(&text), text.length, &log);
    strbuf_clear(&text);
    log_verify(&log, plan, &report);
    (arguments->json ? print_json : print_report)(&log, &report);
    int status = exit_status(report.verdict);
    log_report_clear(&report);
    log_clear(&log);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_set(error, ERROR_SYSTEM, "cannot write the report");
        return ERROR_SYSTEM;
    }
    return status;
}

int command_verify(int n_arguments, char **words)
{
    struct verify_arguments arguments = {.n_paths = 0};
    struct error error = {.kind = ERROR_NONE};
    int status;

    if (arguments_take(n_arguments, words, &arguments, &error))
        status = verify(&arguments, NULL, &error);
    else
        status = (int)error.kind;
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "otplan: %s\n", error.text);
    return status;
}

#include "src/calibrate_run.h"

#include "model/base/memory.h"
#include "src/plan_document.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool calibrate_is_model(const char *path)
{
    return strncmp(path, "hf:", 3) == 0 || strncmp(path, "https://", 8) == 0 ||
           strncmp(path, "http://", 7) == 0 || file_is_gguf(path) || plan_document_is_plan(path);
}

/* The command that a log echoes says how it ran, where nothing was given. */
static bool take_command(struct calibrate_run *run, struct trial *trial)
{
    const char *command = run->results.command;
    if (run->model != NULL || run->options->n_llama > 0 || command == NULL ||
        !shell_split(command, strlen(command), SHELL_POSIX, &trial->script, NULL) ||
        trial->script.n == 0) {
        return false;
    }
    const struct shell_command *first = &trial->script.commands[0];
    trial->after = memory_array(first->n, sizeof *trial->after);
    for (size_t i = 0; i < first->n; i++) {
        trial->after[i] = first->words[i].text;
    }
    trial->options.after = trial->after;
    trial->options.n_after = first->n;
    return true;
}

/* The options of one result: what was given, then what the result says it ran with. */
static void trial_options(struct calibrate_run *run, const struct bench_result *result,
                          struct trial *trial)
{
    struct options *options = &trial->options;
    *options = *run->options;
    options->command = COMMAND_PLAN;
    const char **words = memory_array(options->n_llama + result->n_words + 2, sizeof *words);
    for (size_t i = 0; i < options->n_llama; i++) {
        words[i] = options->llama[i];
    }
    for (size_t i = 0; i < result->n_words; i++) {
        words[options->n_llama + i] = result->words[i];
    }
    options->llama = words;
    options->n_llama += result->n_words;
    bool here = result->model != NULL && access(result->model, R_OK) == 0;
    const char *model = run->model != NULL ? run->model : here ? result->model : NULL;
    options->positional = memory_array(1, sizeof *options->positional);
    options->positional[0] = model;
    options->n_positional = model != NULL ? 1 : 0;
    if (result->n_words > 0 && options->target == NULL) {
        options->target = "llama-bench";
    }
}

static void trial_free(struct trial *trial)
{
    evaluation_clear(&trial->evaluation);
    session_close(&trial->session);
    shell_script_clear(&trial->script);
    free(trial->after);
    free(trial->options.llama);
    free(trial->options.positional);
    free(trial);
}

static bool same_plan(const struct bench_result *a, const struct bench_result *b)
{
    bool same = a->n_words == b->n_words && (a->model == NULL) == (b->model == NULL) &&
                (a->model == NULL || strcmp(a->model, b->model) == 0);
    for (size_t i = 0; same && i < a->n_words; i++) {
        same = strcmp(a->words[i], b->words[i]) == 0;
    }
    return same;
}

bool calibrate_open_trial(struct calibrate_run *run, size_t index, struct error *error)
{
    const struct bench_result *result = &run->results.list[index];
    for (size_t i = 0; i < index; i++) {
        if (same_plan(&run->results.list[i], result)) {
            run->trials[index] = run->trials[i];
            return true;
        }
    }
    struct trial *trial = memory_array(1, sizeof *trial);
    run->trials[index] = trial;
    trial_options(run, result, trial);
    bool has_command = result->n_words == 0 && take_command(run, trial);
    bool named = trial->options.n_positional > 0 || run->options->n_llama > 0 || has_command;
    if (!named) {
        return error_set(error, ERROR_USAGE,
                         "%s: which model? it does not say so, or the file is not here: otplan "
                         "calibrate MODEL|PLAN.json [the flags it ran with] RESULT",
                         result->where);
    }
    struct error why = {0};
    bool opened =
        session_open(&trial->options, false, &trial->session, &why) &&
        session_evaluate(&trial->session, &trial->options, true, &trial->evaluation, &why);
    return opened || error_set(error, why.kind, "%s: %.900s", result->where, why.text);
}

void calibrate_close_trials(struct calibrate_run *run)
{
    for (size_t i = 0; run->trials != NULL && i < run->results.n; i++) {
        struct trial *trial = run->trials[i];
        for (size_t k = i; k < run->results.n; k++) { /* the ones that share it */
            run->trials[k] = run->trials[k] == trial ? NULL : run->trials[k];
        }
        if (trial != NULL) {
            trial_free(trial);
        }
    }
    free(run->trials);
    run->trials = NULL;
}

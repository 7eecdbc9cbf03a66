/* `otplan watch`: the machine's memory as it is now, beside a plan, live, as text, as JSON lines, on record. */
#include "model/base/memory.h"
#include "src/commands.h"
#include "src/output.h"
#include "src/session.h"
#include "src/watch_json.h"
#include "src/watch_live.h"
#include "src/watch_recording.h"
#include "src/watch_replan.h"
#include "src/watch_source.h"
#include "src/watch_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct watching {
    const struct options *options;
    struct session *session; /* NULL: no plan */
    struct evaluation evaluation;
    struct watch_source *source;
    struct watch watch;
    double interval;
    int64_t pid;
    FILE *record;
    char *replan;   /* owned or NULL: a command */
    char *note;     /* owned or NULL: that, in words */
    bool was_alert; /* a proposal is looked for when trouble begins, not every second of it */
};

/* ---- the words of the command line ---------------------------------------------------------- */

static bool read_number(const char *name, const char *text, double least, double most, double *out,
                        struct error *error)
{
    char *end = NULL;
    errno = 0;
    double value = text != NULL ? strtod(text, &end) : *out;
    bool fine = text == NULL ||
                (end != text && *end == '\0' && errno == 0 && value >= least && value <= most);
    *out = fine ? value : *out;
    return fine || error_set(error, ERROR_USAGE, "%s %s: must be a number from %g to %g", name,
                             text, least, most);
}

static bool read_options(const struct options *options, struct watching *watching,
                         struct error *error)
{
    double interval = 1;
    double threshold = WATCH_THRESHOLD_MIB;
    double pid = 0;
    if (!read_number("--interval", options->interval, 0.05, 86400, &interval, error) ||
        !read_number("--threshold", options->threshold, 0, 1 << 24, &threshold, error) ||
        !read_number("--pid", options->pid, 1, 4194304, &pid, error)) {
        return false;
    }
    watching->interval = interval;
    watching->pid = (int64_t)pid;
    watch_init(&watching->watch, (uint64_t)(threshold * 1048576));
    return true;
}

/* ---- a sample ------------------------------------------------------------------------------- */

static void find_replan(struct watching *watching)
{
    bool is_alert = watch_is_alert(&watching->watch);
    bool begins = is_alert && !watching->was_alert;
    watching->was_alert = is_alert;
    if (watching->session == NULL || (is_alert && !begins)) {
        return;
    }
    free(watching->replan);
    free(watching->note);
    watching->replan = watching->note = NULL;
    if (!begins) {
        return;
    }
    bool same = false;
    watching->replan = watch_replan(&watching->watch, watching->session, &same);
    watching->note =
        watching->replan == NULL
            ? memory_text("re-plan: no placement fits the memory there is now")
            : memory_format("%s: %s",
                            same ? "the plan fits what is free and what the server gives back"
                                 : "a plan for the memory there is now",
                            watching->replan);
}

static bool record(struct watching *watching, struct error *error)
{
    if (watching->record == NULL) {
        return true;
    }
    char *line = watch_json(&watching->watch, watching->replan);
    bool written = fputs(line, watching->record) >= 0 && fflush(watching->record) == 0;
    free(line);
    return written || error_set(error, ERROR_SYSTEM, "%s: cannot write: %s",
                                watching->options->record, strerror(errno));
}

static bool sample(void *payload, struct error *error)
{
    struct watching *watching = payload;
    struct watch_sample taken;
    watch_source_read(watching->source, &taken);
    watch_take(&watching->watch, &taken);
    if (watching->session != NULL) {
        watch_plan(&watching->watch, &watching->session->rig, &watching->evaluation);
    }
    find_replan(watching);
    return record(watching, error);
}

static const char *note(void *payload)
{
    return ((const struct watching *)payload)->note;
}

/* ---- without a terminal --------------------------------------------------------------------- */

static bool print_state(const struct watching *watching, struct error *error)
{
    char *text = watching->options->json ? watch_json(&watching->watch, watching->replan)
                                         : watch_text(&watching->watch, watching->note);
    bool printed = output_print(text, strlen(text), error);
    free(text);
    return printed;
}

static bool print_on(struct watching *watching, struct error *error)
{
    struct timespec pause = {.tv_sec = (time_t)watching->interval};
    pause.tv_nsec = (long)((watching->interval - (double)pause.tv_sec) * 1e9);
    for (bool first = true;; first = false) {
        if (!first) {
            nanosleep(&pause, NULL);
        }
        if (!sample(watching, error) || !print_state(watching, error)) {
            return false;
        }
        if (watching->options->once) {
            return true;
        }
    }
}

static int show(struct watching *watching, struct error *error)
{
    const struct options *options = watching->options;
    const char *no_color = getenv("NO_COLOR");
    bool is_mono = no_color != NULL && no_color[0] != '\0';
    bool is_live =
        !options->json && !options->once && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct watch_live live = {
        .interval = watching->interval,
        .ascii = options->ascii,
        .color = options->color != NULL ? strcmp(options->color, "never") != 0 : !is_mono,
        .watch = &watching->watch,
        .sample = sample,
        .note = note,
        .payload = watching,
    };
    if (is_live) {
        return watch_live(&live, error);
    }
    if (!print_on(watching, error)) {
        return (int)error->kind;
    }
    return options->check && watch_is_alert(&watching->watch) ? ERROR_UNFIT : 0;
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool open_record(struct watching *watching, struct error *error)
{
    const char *path = watching->options->record;
    if (path == NULL) {
        return true;
    }
    watching->record = fopen(path, watching->options->force ? "we" : "wxe");
    return watching->record != NULL ||
           error_set(error, ERROR_SYSTEM, "%s: cannot write: %s%s", path, strerror(errno),
                     errno == EEXIST ? " (--force replaces it)" : "");
}

static int watch_with(struct watching *watching, struct error *error)
{
    int status = ERROR_SYSTEM;
    if (open_record(watching, error)) {
        watching->source = watch_source_open(watching->pid);
        status = show(watching, error);
        watch_source_close(watching->source);
    }
    if (watching->record != NULL) {
        fclose(watching->record);
    }
    free(watching->replan);
    free(watching->note);
    watch_clear(&watching->watch);
    return status;
}

static int compare(const struct options *options, struct error *error)
{
    struct recording before = {0};
    struct recording after = {0};
    if (options->n_positional != 2) {
        error_set(error, ERROR_USAGE, "use: otplan watch --compare BEFORE AFTER, two recordings");
        return (int)error->kind;
    }
    bool done = recording_read(options->positional[0], &before, error) &&
                recording_read(options->positional[1], &after, error);
    if (done) {
        char *text = (options->json ? recordings_json : recordings_text)(&before, &after);
        done = output_print(text, strlen(text), error);
        free(text);
    }
    recording_clear(&before);
    recording_clear(&after);
    return done ? 0 : (int)error->kind;
}

static int watch_plan_of(const struct options *options, struct watching *watching,
                         struct error *error)
{
    struct session session;
    int status = 0;
    if (session_open(options, false, &session, error) &&
        session_evaluate(&session, options, true, &watching->evaluation, error)) {
        watching->session = &session;
        status = watch_with(watching, error);
        watching->session = NULL;
    } else {
        status = (int)error->kind;
    }
    evaluation_clear(&watching->evaluation);
    session_close(&session);
    return status;
}

int command_watch(const struct options *options, struct error *error)
{
    struct watching watching = {.options = options};
    if (options->compare) {
        return compare(options, error);
    }
    if (!read_options(options, &watching, error)) {
        return (int)error->kind;
    }
    bool has_plan = options->n_positional > 0 || options->plan != NULL || options->import != NULL ||
                    options->n_llama > 0 || options->after != NULL;
    return has_plan ? watch_plan_of(options, &watching, error) : watch_with(&watching, error);
}

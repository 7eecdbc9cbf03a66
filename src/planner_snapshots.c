/* Plans kept to look at beside another: taken by hand, or read from a file. Looking changes nothing: they are
 * no steps of the history. Comparing them, and making one the plan again, are their commands. */
#include "src/planner_commands.h"
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "src/output.h"
#include "src/remote_model.h"
#include "src/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char AS_IT_IS[] = "now"; /* the plan on screen, where a snapshot may be named */

static void snapshot_clear(struct planner_snapshot *snapshot)
{
    free(snapshot->name);
    free(snapshot->detail);
    planner_step_clear(&snapshot->step);
    evaluation_clear(&snapshot->evaluation);
    speed_clear(&snapshot->speed);
    prompt_speed_clear(&snapshot->prompt);
    arguments_free(&snapshot->arguments);
    if (snapshot->session != NULL) {
        session_close(snapshot->session);
        free(snapshot->session);
    }
    *snapshot = (struct planner_snapshot){0};
}

void planner_snapshots_close(struct planner *planner)
{
    for (size_t i = 0; i < planner->n_snapshots; i++) {
        snapshot_clear(&planner->snapshots[i]);
    }
    free(planner->snapshots);
    planner->snapshots = NULL;
    planner->n_snapshots = 0;
}

static void find_speed(struct planner *planner, struct planner_snapshot *snapshot)
{
    planner_find_speed(planner, snapshot->model, &snapshot->step.rig, &snapshot->evaluation,
                       &snapshot->speed, &snapshot->prompt);
}

void planner_snapshots_find_speeds(struct planner *planner)
{
    for (size_t i = 0; i < planner->n_snapshots; i++) {
        find_speed(planner, &planner->snapshots[i]);
    }
}

/* ---- finding -------------------------------------------------------------------------------- */

static long find_name(const struct planner *planner, const char *name)
{
    for (size_t i = 0; i < planner->n_snapshots; i++) {
        if (strcmp(planner->snapshots[i].name, name) == 0) {
            return (long)i;
        }
    }
    return -1;
}

long planner_snapshot_find(const struct planner *planner, const char *name)
{
    char *end = NULL;
    long found = find_name(planner, name);
    unsigned long number = strtoul(name, &end, 10);
    bool is_number = name[0] >= '0' && name[0] <= '9' && *end == '\0';
    return found < 0 && is_number && number < planner->n_snapshots ? (long)number : found;
}

static bool find(struct planner *planner, const struct words *words, size_t *index,
                 struct error *error)
{
    long found = words->n > 1 ? planner_snapshot_find(planner, words->rest[1]) : -1;
    *index = (size_t)found;
    return found >= 0 ||
           error_set(error, ERROR_USAGE, "no snapshot '%s'", words->n > 1 ? words->rest[1] : "");
}

/* ---- taking --------------------------------------------------------------------------------- */

/* What follows from the snapshot's step. */
static void amount_to(struct planner *planner, struct planner_snapshot *snapshot, const char *what)
{
    const struct planner_step *step = &snapshot->step;
    struct evaluation *evaluation = &snapshot->evaluation;
    plan_evaluate(snapshot->model, &step->rig, &step->plan, NULL, evaluation);
    find_speed(planner, snapshot);
    snapshot->arguments = arguments_write(snapshot->model, &step->rig, &step->plan, evaluation,
                                          &snapshot->n_arguments);
    const char *verdict = evaluation->refused.kind != ERROR_NONE ? "refused by llama.cpp"
                          : evaluation->all_fit                  ? "fits"
                                                                 : "over budget";
    snapshot->detail = memory_format("%s, ctx %u; %s", verdict, evaluation->resolved.n_ctx, what);
}

/* In place of the one with the same name, else as the last. Returns where. */
static size_t keep(struct planner *planner, struct planner_snapshot *snapshot)
{
    long same = find_name(planner, snapshot->name);
    if (same >= 0) {
        snapshot_clear(&planner->snapshots[same]);
        planner->snapshots[same] = *snapshot;
        return (size_t)same;
    }
    planner->snapshots =
        memory_resize(planner->snapshots, planner->n_snapshots + 1, sizeof *planner->snapshots);
    planner->snapshots[planner->n_snapshots] = *snapshot;
    return planner->n_snapshots++;
}

static char *new_name(const struct planner *planner)
{
    for (size_t number = planner->n_snapshots;; number++) {
        char *candidate = memory_format("snapshot-%zu", number);
        if (find_name(planner, candidate) < 0) {
            return candidate;
        }
        free(candidate);
    }
}

void planner_snapshot_take(struct planner *planner, const char *name)
{
    const struct planner_step *now = planner_now(planner);
    struct planner_snapshot snapshot = {
        .name = name != NULL ? memory_text(name) : new_name(planner),
        .model = planner->model,
    };
    planner_step_copy(&snapshot.step, now);
    amount_to(planner, &snapshot, now->name);
    planner->before = keep(planner, &snapshot);
    planner->after = SNAPSHOT_NOW;
}

/* Where an index points after the snapshot at `gone` is dropped. */
static size_t index_without(size_t index, size_t gone, size_t otherwise)
{
    if (index == SNAPSHOT_NOW) {
        return index;
    }
    return index == gone ? otherwise : index - (index > gone ? 1 : 0);
}

static void forget(struct planner *planner, size_t gone)
{
    size_t neighbour = gone > 0 ? gone - 1 : planner->n_snapshots > 1 ? 0 : SNAPSHOT_NOW;
    snapshot_clear(&planner->snapshots[gone]);
    planner->n_snapshots--;
    memmove(planner->snapshots + gone, planner->snapshots + gone + 1,
            (planner->n_snapshots - gone) * sizeof *planner->snapshots);
    planner->before = index_without(planner->before, gone, neighbour);
    planner->after = index_without(planner->after, gone, SNAPSHOT_NOW);
    planner->marked = index_without(planner->marked, gone, SNAPSHOT_NOW);
}

/* ---- from a file ---------------------------------------------------------------------------- */

enum { RULES_MOST = 1 << 24 };

static bool read_rules(struct planner *planner, const char *path, struct planner_snapshot *out,
                       struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    struct strbuf notes = {0};
    bool read = input_read_file(path, RULES_MOST, &text, &bytes, error) &&
                planner_read_import(planner, text, path, &out->step, &notes, error);
    strbuf_clear(&notes);
    free(text);
    return read;
}

static bool is_for_this_model(const struct planner *planner, const struct plan_document *document)
{
    const struct model_file *file = planner->options->file;
    uint64_t hash = file != NULL && document->head_hash != 0 ? model_file_head_hash(file) : 0;
    return (document->model_n_tensors == 0 ||
            document->model_n_tensors == planner->model->gguf->n_tensors) &&
           (hash == 0 || hash == document->head_hash);
}

/* The model is opened as `otplan compare` opens it, and stays open with the snapshot. */
static bool read_other_model(const struct plan_document *document, const char *path,
                             struct planner_snapshot *out, struct error *error)
{
    const struct options options = {
        .command = COMMAND_COMPARE, .positional = &path, .n_positional = 1};
    if (document->model_path != NULL && remote_model_name(document->model_path)) {
        return error_set(error, ERROR_USAGE,
                         "%s is for another model, far away: otplan compare "
                         "reads it",
                         path);
    }
    out->session = memory_new(sizeof *out->session);
    if (!session_open(&options, false, out->session, error)) {
        return false;
    }
    out->model = out->session->model;
    plan_copy(&out->step.plan, &out->session->plan);
    rig_copy(&out->step.rig, &out->session->rig);
    return true;
}

static bool read_document(struct planner *planner, const char *path, struct planner_snapshot *out,
                          struct error *error)
{
    struct plan_document document = {0};
    bool read = plan_document_read(path, &document, error) &&
                (is_for_this_model(planner, &document)
                     ? planner_read_document(planner, &document, &out->step, error)
                     : read_other_model(&document, path, out, error));
    plan_document_clear(&document);
    return read;
}

static bool read_file(struct planner *planner, const char *path, size_t *index, struct error *error)
{
    struct planner_snapshot snapshot = {
        .name = memory_text(path), .model = planner->model, .is_file = true};
    if (file_is_gguf(path)) {
        error_set(error, ERROR_USAGE,
                  "%s is a model: name a plan file; otplan compare takes models", path);
    } else if ((plan_document_is_json(path) ? read_document : read_rules)(planner, path, &snapshot,
                                                                          error)) {
        char *what = snapshot.session != NULL ? memory_format("file, of %s", snapshot.model->name)
                                              : memory_text("file");
        amount_to(planner, &snapshot, what);
        free(what);
        *index = keep(planner, &snapshot);
        return true;
    }
    snapshot_clear(&snapshot);
    return false;
}

/* ---- one side of a comparison ----------------------------------------------------------------- */

/* New: what stands from `from` on, `n` bytes, without quotes where it is one word. */
static char *side_name(const char *from, size_t n)
{
    while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t')) {
        n--;
    }
    char *name = memory_text_n(from, n);
    struct words words;
    if (words_split(&words, name, NULL)) {
        if (words.n == 1) {
            char *plain = memory_text(words.word[0]);
            free(name);
            name = plain;
        }
        words_clear(&words);
    }
    return name;
}

static bool is_side(const struct planner *planner, const char *name)
{
    return strcmp(name, AS_IT_IS) == 0 || planner_snapshot_find(planner, name) >= 0 ||
           access(name, F_OK) == 0;
}

static bool open_side(struct planner *planner, const char *name, size_t *index, struct error *error)
{
    long found = planner_snapshot_find(planner, name);
    *index = (size_t)found;
    if (strcmp(name, AS_IT_IS) == 0) {
        *index = SNAPSHOT_NOW;
        return true;
    }
    if (found >= 0 && !planner->snapshots[found].is_file) {
        return true;
    }
    if (found < 0 && access(name, F_OK) != 0) {
        return error_set(error, ERROR_USAGE, "no snapshot and no file '%s'", name);
    }
    return read_file(planner, found >= 0 ? planner->snapshots[found].name : name, index, error);
}

/* Where the second name begins among the words, of names that may hold blanks; words->n: there is none. */
static size_t find_second(const struct planner *planner, const struct words *words)
{
    size_t second = words->n;
    char *whole = side_name(words->rest[1], strlen(words->rest[1]));
    bool is_one = is_side(planner, whole);
    free(whole);
    for (size_t i = 2; !is_one && second == words->n && i < words->n; i++) {
        char *a = side_name(words->rest[1], (size_t)(words->rest[i] - words->rest[1]));
        char *b = side_name(words->rest[i], strlen(words->rest[i]));
        second = is_side(planner, a) && is_side(planner, b) ? i : second;
        free(a);
        free(b);
    }
    return second == words->n && !is_one && words->n == 3 ? 2 : second;
}

static bool open_sides(struct planner *planner, const struct words *words, struct error *error)
{
    size_t second = find_second(planner, words);
    const char *at = words->rest[1];
    size_t n = second < words->n ? (size_t)(words->rest[second] - at) : strlen(at);
    char *a = side_name(at, n);
    char *b = second < words->n ? side_name(words->rest[second], strlen(words->rest[second]))
                                : memory_text(AS_IT_IS);
    size_t before = 0;
    size_t after = 0;
    bool opened = open_side(planner, a, &before, error) && open_side(planner, b, &after, error);
    if (opened) {
        planner->before = before;
        planner->after = after;
    }
    free(a);
    free(b);
    return opened;
}

/* ---- commands ------------------------------------------------------------------------------- */

bool planner_run_snapshot(struct planner *planner, const struct words *words, struct error *error)
{
    const char *name = words->n > 1 ? words->rest[1] : NULL;
    if (name != NULL && strcmp(name, AS_IT_IS) == 0) {
        return error_set(error, ERROR_USAGE, "'%s' is the plan as it is: another name", name);
    }
    planner_snapshot_take(planner, name);
    planner_say(planner, false, "%s taken; b compares with it",
                planner->snapshots[planner->before].name);
    return true;
}

/* Without names: the plan as it is, after what it was compared with last. */
bool planner_run_compare(struct planner *planner, const struct words *words, struct error *error)
{
    if (words->n > 1 && !open_sides(planner, words, error)) {
        return false;
    }
    if (words->n == 1) {
        planner->after = SNAPSHOT_NOW;
    }
    if (words->n == 1 && planner->before == SNAPSHOT_NOW && planner->n_snapshots > 0) {
        planner->before = planner->n_snapshots - 1;
    }
    planner->marked = SNAPSHOT_NOW;
    ui_open(&planner->ui, SCREEN_COMPARE);
    return true;
}

bool planner_run_read(struct planner *planner, const struct words *words, struct error *error)
{
    size_t index = 0;
    if (words->n < 2) {
        return error_set(error, ERROR_USAGE, "use: read FILE, a plan to compare with");
    }
    char *path = side_name(words->rest[1], strlen(words->rest[1]));
    bool read = access(path, F_OK) == 0 ? read_file(planner, path, &index, error)
                                        : error_set(error, ERROR_INPUT, "%s: no such file", path);
    free(path);
    if (read) {
        planner_say(planner, false, "%s read to compare with; the plan is as it was",
                    planner->snapshots[index].name);
    }
    return read;
}

bool planner_run_mark(struct planner *planner, const struct words *words, struct error *error)
{
    size_t index = 0;
    if (!find(planner, words, &index, error)) {
        return false;
    }
    bool is_on = planner->marked != index;
    planner->marked = is_on ? index : SNAPSHOT_NOW;
    planner_say(planner, false,
                is_on ? "%s marked; Enter on another compares the two" : "%s: no mark",
                planner->snapshots[index].name);
    return true;
}

bool planner_run_restore(struct planner *planner, const struct words *words, struct error *error)
{
    size_t index = 0;
    struct planner_step step;
    if (!find(planner, words, &index, error)) {
        return false;
    }
    const struct planner_snapshot *snapshot = &planner->snapshots[index];
    if (snapshot->session != NULL) {
        return error_set(error, ERROR_USAGE, "%s is a plan for another model (%s): otplan %s",
                         snapshot->name, snapshot->model->name, snapshot->name);
    }
    planner_step_copy(&step, &snapshot->step);
    planner_take(planner, &step, words->rest[0]);
    planner_say(planner, false, "%s", words->rest[0]);
    return true;
}

bool planner_run_forget(struct planner *planner, const struct words *words, struct error *error)
{
    size_t index = 0;
    if (!find(planner, words, &index, error)) {
        return false;
    }
    forget(planner, index);
    return true;
}

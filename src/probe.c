#include "src/probe.h"

#include "model/base/memory.h"
#include "model/base/word_list.h"
#include "src/child.h"
#include "src/probe_table.h"
#include "src/remote_model.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

struct probe_request probe_request_of(const struct options *options, const struct session *session,
                                      const struct evaluation *evaluation)
{
    const char *folder = options->llama_bin;
    return (struct probe_request){
        .folder = folder != NULL ? folder : session->config.llama_cpp_path,
        .model_path = session_model_path(session),
        .model = session->model,
        .rig = &session->rig,
        .plan = &session->plan,
        .evaluation = evaluation,
    };
}

enum { DEFAULT_SECONDS = 120, STEP_MS = 100, AFTER_TABLE_MS = 30 };

void probe_clear(struct probe *probe)
{
    for (size_t i = 0; i < probe->n_rows; i++) {
        free(probe->rows[i].name);
    }
    free(probe->rows);
    free(probe->program);
    free(probe->version);
    *probe = (struct probe){0};
}

const struct probe_row *probe_find(const struct probe *probe, const char *name)
{
    for (size_t i = 0; i < probe->n_rows; i++) {
        if (strcmp(probe->rows[i].name, name) == 0) {
            return &probe->rows[i];
        }
    }
    return NULL;
}

static void add_measured(struct measured *to, const struct probe_row *row)
{
    to->known = true;
    to->model_mib += row->model_mib;
    to->context_mib += row->context_mib;
    to->compute_mib += row->compute_mib;
}

static bool is_host(const char *name)
{
    return strcmp(name, "Host") == 0 || strncmp(name, "CPU", strlen("CPU")) == 0;
}

struct measured *probe_measured(const struct probe *probe, const struct rig *rig)
{
    struct measured *out = memory_array(rig->n_devices + 1, sizeof *out);
    for (size_t i = 0; i < rig->n_devices; i++) {
        const struct probe_row *row = probe_find(probe, rig->devices[i].device_name);
        if (row != NULL) {
            add_measured(&out[i], row);
        }
    }
    for (size_t i = 0; i < probe->n_rows; i++) {
        if (is_host(probe->rows[i].name)) {
            add_measured(&out[rig->n_devices], &probe->rows[i]);
        }
    }
    return out;
}

/* ---- the question --------------------------------------------------------------------------- */

static bool asks_server(const struct probe_request *request)
{
    enum target target = request->plan->settings.target;
    return target == TARGET_LLAMA_SERVER || target == TARGET_LLAMA_CLI;
}

static void add_server_words(struct word_list *words, char **arguments, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool fit = strcmp(arguments[i], "-fit") == 0 && i + 1 < n;
        word_list_add(words, arguments[i]);
        if (fit) {
            word_list_add(words, "on");
            i++;
        }
    }
    word_list_add(words, "-lv");
    word_list_add(words, "4");
}

/* What is handed through and changes the model itself. */
static void add_key_overrides(struct word_list *words, const struct extra_arguments *extra)
{
    for (size_t i = 0; extra != NULL && i + 1 < extra->n; i++) {
        if (strcmp(extra->text[i], "--override-kv") == 0) {
            word_list_add(words, extra->text[i]);
            word_list_add(words, extra->text[++i]);
        }
    }
}

/* llama-fit-params knows the placement alone: not -fit, and of what is handed through --override-kv. */
static void add_fit_params_words(struct word_list *words, const struct probe_request *request)
{
    struct plan plain;
    size_t n = 0;
    plain = *request->plan;
    plain.extra = NULL;
    char **arguments =
        arguments_write(request->model, request->rig, &plain, request->evaluation, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(arguments[i], "-fit") == 0) {
            i++;
            continue;
        }
        if (strcmp(arguments[i], "-kvu") != 0 && strcmp(arguments[i], "-no-kvu") != 0) {
            word_list_add(words, arguments[i]);
        }
    }
    arguments_free(&arguments);
    add_key_overrides(words, request->plan->extra);
    word_list_add(words, "-fitp");
    word_list_add(words, "on");
    word_list_add(words, "-nr");
}

static bool build_command(const struct probe_request *request, const char *program,
                          struct word_list *words, struct error *error)
{
    const struct resolved *resolved = &request->evaluation->resolved;
    if (remote_model_name(request->model_path)) {
        return error_set(error, ERROR_SYSTEM,
                         "the model is still on its server: llama.cpp can be asked once it is "
                         "downloaded");
    }
    if (!asks_server(request) && resolved->kv_unified && resolved->n_seq > 1) {
        return error_set(error, ERROR_SYSTEM,
                         "llama-fit-params has no -kvu: a unified cache for %u sequences cannot be "
                         "asked of it; plan for --target llama-server",
                         resolved->n_seq);
    }
    word_list_add(words, program);
    word_list_add(words, "-m");
    word_list_add(words, request->model_path);
    if (asks_server(request)) {
        size_t n = 0;
        char **arguments =
            arguments_write(request->model, request->rig, request->plan, request->evaluation, &n);
        add_server_words(words, arguments, n);
        arguments_free(&arguments);
    } else {
        add_fit_params_words(words, request);
    }
    return true;
}

static void add_device_names(const struct probe_request *request, struct word_list *names)
{
    for (size_t k = 0; k < request->evaluation->n_in_use; k++) {
        word_list_add(names, request->rig->devices[request->evaluation->in_use[k]].device_name);
    }
}

bool probe_question_make(const struct probe_request *request, struct probe_question *out,
                         struct error *error)
{
    *out = (struct probe_question){.asks_server = asks_server(request),
                                   .seconds = request->seconds,
                                   .go_on = request->go_on,
                                   .payload = request->payload};
    const char *name = out->asks_server ? "llama-server" : "llama-fit-params";
    out->program = child_find(request->folder, name);
    if (out->program == NULL) {
        return error_set(error, ERROR_SYSTEM, "no %s in %s: say where it is with --llama-bin DIR",
                         name, request->folder != NULL ? request->folder : "PATH");
    }
    struct word_list words = {0};
    struct word_list names = {0};
    bool made = build_command(request, out->program, &words, error);
    add_device_names(request, &names);
    out->words = words.text;
    out->n_words = words.n;
    out->devices = names.text;
    out->n_devices = names.n;
    if (!made) {
        probe_question_clear(out);
    }
    return made;
}

void probe_question_clear(struct probe_question *question)
{
    word_list_clear(&(struct word_list){question->words, question->n_words});
    word_list_clear(&(struct word_list){question->devices, question->n_devices});
    free(question->program);
    *question = (struct probe_question){0};
}

/* ---- the answer ----------------------------------------------------------------------------- */

struct deadline {
    struct timespec end;
};

static void deadline_in(struct deadline *deadline, unsigned seconds)
{
    clock_gettime(CLOCK_MONOTONIC, &deadline->end);
    deadline->end.tv_sec += seconds;
}

static bool deadline_passed(const struct deadline *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->end.tv_sec ||
           (now.tv_sec == deadline->end.tv_sec && now.tv_nsec >= deadline->end.tv_nsec);
}

struct answer {
    struct child child;
    struct probe *probe;
    bool server, begun, table, refused, loading;
    char *complaint; /* owned: llama.cpp's own words */
};

static void read_line(struct answer *answer, const char *line)
{
    if (!answer->server && probe_read_print_line(line, answer->probe)) {
        return;
    }
    switch (probe_read_log_line(line, answer->begun && answer->server, answer->probe)) {
    case PROBE_LINE_BEGIN:
        answer->begun = true;
        break;
    case PROBE_LINE_ROW:
        answer->table = true;
        break;
    case PROBE_LINE_LOADING:
        answer->loading = answer->loading || !answer->table;
        break;
    case PROBE_LINE_REFUSED:
        answer->refused = true;
        if (answer->complaint == NULL) {
            answer->complaint = memory_text(line);
        }
        break;
    case PROBE_LINE_OTHER:
        break;
    }
}

/* Reads until the table is whole, the program ends, or it is time. True: go on to judge the answer. */
static bool listen(struct answer *answer, const struct probe_question *question,
                   struct error *error)
{
    struct deadline deadline;
    deadline_in(&deadline, question->seconds > 0 ? question->seconds : DEFAULT_SECONDS);
    for (;;) {
        const char *line = NULL;
        size_t rows = answer->probe->n_rows;
        enum child_read got =
            child_read_line(&answer->child, answer->table ? AFTER_TABLE_MS : STEP_MS, &line);
        if (got == CHILD_LINE) {
            read_line(answer, line);
            bool after = answer->server && answer->table && answer->probe->n_rows == rows;
            if (after || answer->loading) {
                return true;
            }
        }
        if (got == CHILD_END || (got == CHILD_QUIET && answer->server && answer->table)) {
            return true;
        }
        if (question->go_on != NULL && !question->go_on(question->payload)) {
            return error_set(error, ERROR_SYSTEM, "probe: cancelled");
        }
        if (deadline_passed(&deadline)) {
            return error_set(error, ERROR_SYSTEM, "%s: no answer within %u seconds: given up",
                             answer->probe->program,
                             question->seconds > 0 ? question->seconds : (unsigned)DEFAULT_SECONDS);
        }
    }
}

static bool judge(const struct answer *answer, int status, const struct probe_question *question,
                  struct error *error)
{
    const char *program = answer->probe->program;
    if (answer->probe->n_rows == 0) {
        if (answer->loading) {
            return error_set(
                error, ERROR_SYSTEM,
                "%s: prints no memory table before it loads (a build from before -fit): "
                "stopped at once; use a newer llama.cpp",
                program);
        }
        if (answer->refused) {
            return error_set(error, ERROR_INPUT, "%s refuses the plan: %.600s", program,
                             answer->complaint);
        }
        if (WIFSIGNALED(status)) {
            return error_set(error, ERROR_SYSTEM, "%s: crashed (signal %d: %s)", program,
                             WTERMSIG(status), strsignal(WTERMSIG(status)));
        }
        return error_set(error, ERROR_SYSTEM,
                         "%s: ended without a memory table (exit status %d): an old build, or not "
                         "llama.cpp",
                         program, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    for (size_t k = 0; k < question->n_devices; k++) {
        const char *name = question->devices[k];
        if (probe_find(answer->probe, name) == NULL) {
            return error_set(
                error, ERROR_SYSTEM,
                "%s: does not have the plan's device %s: another machine, a masked card "
                "or a build without its backend",
                program, name);
        }
    }
    return true;
}

/* "version: 7123 (abcdef0)" */
static char *ask_version(const char *program)
{
    const char *const argv[] = {program, "--version", NULL};
    struct child child;
    const char *line = NULL;
    char *version = NULL;
    if (!child_start(&child, argv, NULL, NULL)) {
        return memory_text("");
    }
    for (int quiet = 0; version == NULL && quiet < 50;) {
        enum child_read got = child_read_line(&child, STEP_MS, &line);
        if (got == CHILD_END) {
            break;
        }
        quiet += got == CHILD_QUIET ? 1 : 0;
        if (got == CHILD_LINE && strncmp(line, "version: ", strlen("version: ")) == 0) {
            version = memory_text(line + strlen("version: "));
        }
    }
    child_kill(&child);
    return version == NULL ? memory_text("") : version;
}

bool probe_ask(const struct probe_question *question, struct probe *out, struct error *error)
{
    *out = (struct probe){.program = memory_text(question->program)};
    struct answer answer = {.probe = out, .server = question->asks_server};
    bool asked = child_start(&answer.child, (const char *const *)question->words, NULL, error);
    bool heard = asked && listen(&answer, question, error);
    int status = asked ? child_kill(&answer.child) : 0;
    bool done = heard && judge(&answer, status, question, error);
    if (done) {
        out->version = ask_version(out->program);
    }
    free(answer.complaint);
    if (!done) {
        probe_clear(out);
    }
    return done;
}

bool probe_run(const struct probe_request *request, struct probe *out, struct error *error)
{
    struct probe_question question;
    *out = (struct probe){0};
    bool done = probe_question_make(request, &question, error) && probe_ask(&question, out, error);
    probe_question_clear(&question);
    return done;
}

/* `otplan run`: the plan's program with the plan's arguments, watched to its end. */
#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/base/word_list.h"
#include "model/log/log_verify.h"
#include "model/text/export.h"
#include "model/text/export_parts.h"
#include "model/text/shell_words.h"
#include "src/commands.h"
#include "src/launch.h"
#include "src/llama_program.h"
#include "src/log_file.h"
#include "src/run_environment.h"
#include "src/run_progress.h"
#include "src/session.h"
#include "src/user_folder.h"
#include "src/verify_text.h"
#include "src/watch_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_LOG = 64 << 20 };

/* ---- variables ------------------------------------------------------------------------------ */

static bool is_variable(const char *assignment, const char *name)
{
    size_t length = strcspn(name, "=");
    return strncmp(assignment, name, length) == 0 && assignment[length] == '=';
}

static void set_variable(struct word_list *variables, const char *assignment)
{
    for (size_t i = 0; i < variables->n; i++) {
        if (is_variable(variables->text[i], assignment)) {
            free(variables->text[i]);
            variables->text[i] = memory_text(assignment);
            return;
        }
    }
    word_list_add(variables, assignment);
}

static bool is_unset(const struct export_source *source, const char *assignment)
{
    const char *name = NULL;
    for (size_t i = 0; (name = export_unset_variable(source, i)) != NULL; i++) {
        if (is_variable(assignment, name)) {
            return true;
        }
    }
    return false;
}

static void make_variables(const struct run_environment *environment,
                           const struct export_source *source, struct word_list *variables)
{
    const char *variable = NULL;
    char *own = NULL;
    for (char **at = environ; *at != NULL; at++) {
        if (!is_unset(source, *at)) {
            word_list_add(variables, *at);
        }
    }
    for (size_t i = 0; (variable = export_variable(source, i)) != NULL; i++) {
        set_variable(variables, variable);
    }
    for (size_t i = 0; (own = run_environment_variable(environment, i)) != NULL; i++) {
        set_variable(variables, own);
        free(own);
    }
}

/* ---- the command ---------------------------------------------------------------------------- */

/* New. A command in front looks for the program itself, in the environment that it opens. */
static char *find_program(const struct options *options, const struct session *session,
                          const struct run_environment *environment, struct error *error)
{
    const char *const names[] = {target_name(session->plan.settings.target), NULL};
    bool is_named = options->llama_bin != NULL || session->config.llama_cpp_path != NULL;
    if (environment->prefix.n > 0 && !is_named) {
        return memory_text(names[0]);
    }
    char *path = options->llama_bin == NULL ? run_environment_program(environment, names[0]) : NULL;
    path = path != NULL ? path : llama_program_find(options, names, error);
    if (path == NULL && error->kind == ERROR_NONE) {
        error_set(error, ERROR_SYSTEM, "no %s in PATH: say where it is with --llama-bin DIR",
                  names[0]);
    }
    return path;
}

static bool is_server_or_cli(const struct session *session)
{
    enum target target = session->plan.settings.target;
    return target == TARGET_LLAMA_SERVER || target == TARGET_LLAMA_CLI;
}

static bool has_verbosity(const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], "-lv") == 0 || strcmp(words[i], "--verbosity") == 0 ||
            strcmp(words[i], "--log-verbosity") == 0 || strcmp(words[i], "-v") == 0) {
            return true;
        }
    }
    return false;
}

static bool make_command(const struct options *options, const struct session *session,
                         const struct run_environment *environment,
                         const struct export_source *source, struct word_list *words,
                         struct error *error)
{
    char *program = find_program(options, session, environment, error);
    if (program == NULL) {
        return false;
    }
    for (size_t i = 0; i < environment->prefix.n; i++) {
        word_list_add(words, environment->prefix.text[i]);
    }
    word_list_add(words, program);
    word_list_add(words, export_model_flag(source->model_path)->flag);
    word_list_add(words, source->model_path);
    for (size_t i = 0; i < source->n_args; i++) {
        word_list_add(words, source->args[i]);
    }
    bool quiet = !has_verbosity(source->args, source->n_args) &&
                 !has_verbosity(options->after, options->n_after);
    if (quiet && is_server_or_cli(session)) {
        word_list_add(words, "-lv"); /* else it does not say what verify needs */
        word_list_add(words, "4");
    }
    for (size_t i = 0; i < options->n_after; i++) {
        word_list_add(words, options->after[i]);
    }
    free(program);
    return true;
}

/* ---- the log -------------------------------------------------------------------------------- */

/* New: a new file's path; its descriptor in `file`, -1 where it cannot be made. */
static char *open_log(int *file)
{
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) != NULL) {
        strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    }
    char *name = memory_format("run-%s-%ld.log", stamp, (long)getpid());
    char *kept = user_path(USER_STATE, name);
    char *path = kept != NULL ? kept : memory_format("/tmp/otplan-%s", name);
    free(name);
    user_make_folders(path);
    *file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return path;
}

struct watch {
    int file;
    struct strbuf text;
    struct run_progress progress;
};

static void write_log(struct watch *watch, const char *text, size_t bytes)
{
    while (watch->file >= 0 && bytes > 0) {
        ssize_t written = write(watch->file, text, bytes);
        if (written <= 0 && errno != EINTR) {
            close(watch->file);
            watch->file = -1;
        } else if (written > 0) {
            text += written;
            bytes -= (size_t)written;
        }
    }
}

static void take_line(const char *line, void *payload)
{
    struct watch *watch = payload;
    struct strbuf shown = {0};
    char *whole = memory_format("%s\n", line);
    write_log(watch, whole, strlen(whole));
    if (watch->text.length < MOST_LOG) {
        strbuf_add(&watch->text, whole);
    }
    free(whole);
    char *visible = memory_text(line);
    for (char *at = visible; *at != '\0'; at++) {
        *at = *at == '\t' || *at == '\r' ? ' ' : *at;
    }
    strbuf_add_plain(&shown, visible);
    free(visible);
    strbuf_add(&shown, "\n");
    run_progress_line(&watch->progress, line, &shown);
    fputs(strbuf_text(&shown), stderr);
    strbuf_clear(&shown);
}

/* ---- the end -------------------------------------------------------------------------------- */

static int judge(const struct watch *watch, const struct log_plan *plan,
                 const struct launch_end *end, const char *program, struct error *error)
{
    struct log log;
    struct log_report report;
    struct strbuf text = {0};
    log_file_decode(strbuf_text(&watch->text), watch->text.length, &text);
    log_read(strbuf_text(&text), text.length, &log);
    strbuf_clear(&text);
    log_verify(&log, plan, &report);
    char *words = verify_text(&log, &report);
    fprintf(stderr, "\n%s", words);
    int status = verify_status(report.verdict);
    free(words);
    log_report_clear(&report);
    log_clear(&log);
    bool asked = end->signal != 0;
    bool failed = WIFSIGNALED(end->status) || WEXITSTATUS(end->status) != 0;
    if (status != ERROR_NONE) {
        return status;
    }
    if (asked) {
        return end->signal == SIGINT ? 130 : 0;
    }
    if (failed && WIFSIGNALED(end->status)) {
        error_set(error, ERROR_SYSTEM, "%s: ended by signal %d (%s)", program,
                  WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
    } else if (failed) {
        error_set(error, ERROR_SYSTEM, "%s: exit status %d", program, WEXITSTATUS(end->status));
    }
    return failed ? (int)error->kind : 0;
}

static int launch(const struct session *session, const struct log_plan *plan,
                  const struct word_list *command, const struct word_list *variables,
                  struct error *error)
{
    struct watch watch = {.progress = {.plan = *plan}};
    char *path = open_log(&watch.file);
    struct launch request = {
        .argv = (const char *const *)command->text,
        .environment = variables->text,
        .keep_output = session->plan.settings.target == TARGET_LLAMA_CLI,
        .started = watch_server_remember,
        .line = take_line,
        .payload = &watch,
    };
    struct strbuf header = {0};
    strbuf_add(&header, "# command:");
    for (size_t i = 0; i < command->n; i++) {
        strbuf_add(&header, " ");
        shell_quote(&header, command->text[i]);
    }
    char *line = strbuf_take(&header);
    plain_text(line);
    fprintf(stderr, "%s\n", line + 2);
    strbuf_format(&watch.text, "%s\n", line);
    write_log(&watch, strbuf_text(&watch.text), watch.text.length);
    free(line);
    bool kept = watch.file >= 0;
    struct launch_end end;
    int status = launch_run(&request, &end, error)
                     ? judge(&watch, plan, &end, command->text[0], error)
                     : (int)error->kind;
    watch_server_forget();
    fprintf(stderr, kept ? "log: %s\n" : "no log was kept: cannot write %s\n", path);
    if (watch.file >= 0) {
        close(watch.file);
    }
    strbuf_clear(&watch.text);
    run_progress_clear(&watch.progress);
    free(path);
    return status;
}

static int run(const struct options *options, struct session *session, struct error *error)
{
    struct evaluation evaluation = {0};
    int status = 0;
    if (session_evaluate(session, options, true, &evaluation, error)) {
        struct export_source source;
        export_source_make(&source, session->model, &session->rig, &session->plan, &evaluation,
                           session_model_path(session));
        const struct log_plan plan = {session->model, &session->rig, &evaluation};
        struct word_list command = {0};
        struct word_list variables = {0};
        struct run_environment environment;
        bool made = run_environment_read(session->config.virtual_env_path, &environment, error) &&
                    make_command(options, session, &environment, &source, &command, error);
        make_variables(&environment, &source, &variables);
        status = made ? launch(session, &plan, &command, &variables, error) : (int)error->kind;
        run_environment_clear(&environment);
        word_list_clear(&command);
        word_list_clear(&variables);
        export_source_clear(&source);
    } else {
        status = (int)error->kind;
    }
    evaluation_clear(&evaluation);
    return status;
}

int command_run(const struct options *options, struct error *error)
{
    struct options rest = *options;
    struct session session;
    rest.after = NULL; /* they are the program's */
    rest.n_after = 0;
    int status = session_open(&rest, false, &session, error) ? run(options, &session, error)
                                                             : (int)error->kind;
    session_close(&session);
    return status;
}

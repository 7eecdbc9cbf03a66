/* `otplan doctor`: does this llama.cpp use the cards, and if not, why. */
#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "src/commands.h"
#include "src/detect.h"
#include "src/doctor.h"
#include "src/json_out.h"
#include "src/llama_program.h"
#include "src/output.h"
#include "src/plan_document.h"
#include "src/session.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *verdict(const struct doctor *doctor)
{
    return doctor_in_trouble(doctor) ? "trouble" : "ok";
}

/* ---- for people ----------------------------------------------------------------------------- */

static void add_safe_line(struct strbuf *out, const char *name, const char *text)
{
    strbuf_format(out, "%-9s ", name);
    strbuf_add_plain(out, text);
    strbuf_add(out, "\n");
}

static void add_program(const struct doctor *doctor, struct strbuf *out)
{
    add_safe_line(out, "program", doctor->program);
    add_safe_line(out, "version", doctor->version != NULL ? doctor->version : "not said");
    add_safe_line(out, "backend", doctor->backend != NULL ? doctor->backend : "none for a GPU");
    if (doctor->archs != NULL) {
        add_safe_line(out, "compiled", doctor->archs);
    }
    for (size_t i = 0; i < doctor->devices.n; i++) {
        const struct llama_device *device = &doctor->devices.list[i];
        char *line = memory_format("%s: %s (%llu MiB, %llu MiB free)", device->name,
                                   device->description, (unsigned long long)(device->total >> 20),
                                   (unsigned long long)(device->free >> 20));
        add_safe_line(out, i == 0 ? "devices" : "", line);
        free(line);
    }
    if (doctor->devices.n == 0) {
        strbuf_add(out, "devices   none\n");
    }
}

static void add_env(const struct doctor_env *env, struct strbuf *out)
{
    const struct build_library *gpu = build_gpu_library(env->libraries, env->n_libraries);
    add_safe_line(out, "env", env->folder);
    for (size_t i = 0; i < env->n_libraries; i++) {
        const struct build_library *library = &env->libraries[i];
        const char *name = strrchr(library->path, '/') + 1;
        char *line = memory_format("%s%s%s%s%s", name, library->backend != NULL ? "  " : "",
                                   library->backend != NULL ? library->backend : "",
                                   library->archs != NULL ? "  compiled for " : "",
                                   library->archs != NULL ? library->archs : "");
        add_safe_line(out, "", line);
        free(line);
    }
    if (gpu == NULL) {
        strbuf_add(out, env->libraries_in != NULL ? "          no GPU backend\n"
                                                  : "          no llama-cpp-python\n");
    }
}

static char *report_text(const struct doctor *doctor)
{
    struct strbuf out = {0};
    if (doctor->program != NULL) {
        add_program(doctor, &out);
    }
    for (size_t i = 0; i < doctor->n_envs; i++) {
        add_env(&doctor->envs[i], &out);
    }
    for (size_t i = 0; i < doctor->n_findings; i++) {
        const struct doctor_finding *finding = &doctor->findings[i];
        strbuf_format(&out, "\n%s: ", finding->code);
        strbuf_add_plain(&out, finding->message);
        if (finding->repair[0] != '\0') {
            strbuf_add(&out, "\n  repair: ");
            strbuf_add_plain(&out, finding->repair);
        }
        strbuf_add(&out, "\n");
    }
    strbuf_format(&out, "\nverdict: %s\n",
                  doctor_in_trouble(doctor) ? "trouble: llama.cpp will not use what is planned"
                                            : "ok");
    return strbuf_take(&out);
}

/* ---- --json --------------------------------------------------------------------------------- */

static struct json_object *devices_json(const struct doctor *doctor)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < doctor->devices.n; i++) {
        const struct llama_device *device = &doctor->devices.list[i];
        struct json_object *item = json_object_new_object();
        json_out_text(item, "name", device->name);
        json_out_text(item, "description", device->description);
        json_out_bytes(item, "total", device->total);
        json_out_bytes(item, "free", device->free);
        json_object_array_add(list, item);
    }
    return list;
}

static struct json_object *envs_json(const struct doctor *doctor)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < doctor->n_envs; i++) {
        const struct doctor_env *env = &doctor->envs[i];
        struct json_object *item = json_object_new_object();
        struct json_object *libraries = json_object_new_array();
        for (size_t k = 0; k < env->n_libraries; k++) {
            struct json_object *library = json_object_new_object();
            json_out_text(library, "path", env->libraries[k].path);
            json_out_text(library, "backend", env->libraries[k].backend);
            json_out_text(library, "compiled_for", env->libraries[k].archs);
            json_object_array_add(libraries, library);
        }
        json_out_text(item, "folder", env->folder);
        json_object_object_add(item, "libraries", libraries);
        json_object_array_add(list, item);
    }
    return list;
}

static char *report_json(const struct doctor *doctor)
{
    struct json_object *root = json_object_new_object();
    struct json_object *findings = json_object_new_array();
    json_out_text(root, "otplan", OTPLAN_VERSION);
    json_out_text(root, "verdict", verdict(doctor));
    json_out_text(root, "program", doctor->program);
    json_out_text(root, "version", doctor->version);
    json_out_text(root, "backend", doctor->backend);
    json_out_text(root, "compiled_for", doctor->archs);
    json_object_object_add(root, "devices", devices_json(doctor));
    json_object_object_add(root, "environments", envs_json(doctor));
    for (size_t i = 0; i < doctor->n_findings; i++) {
        struct json_object *item = json_object_new_object();
        json_out_text(item, "code", doctor->findings[i].code);
        json_out_bool(item, "trouble", doctor->findings[i].trouble);
        json_out_text(item, "message", doctor->findings[i].message);
        json_out_text(item, "repair", doctor->findings[i].repair);
        json_object_array_add(findings, item);
    }
    json_object_object_add(root, "findings", findings);
    return json_out_take(root);
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Words behind the command: folders are environments, one plan document. */
static bool sort_words(const struct options *options, struct doctor *doctor, const char **plan,
                       struct error *error)
{
    *plan = options->plan;
    for (size_t i = 0; i < options->n_envs; i++) {
        if (!is_folder(options->envs[i])) {
            return error_set(error, ERROR_INPUT, "--env %s: no such folder", options->envs[i]);
        }
        doctor_open_env(doctor, options->envs[i]);
    }
    for (size_t i = 0; i < options->n_positional; i++) {
        const char *word = options->positional[i];
        if (is_folder(word)) {
            doctor_open_env(doctor, word);
        } else if (*plan == NULL && plan_document_is_json(word)) {
            *plan = word;
        } else {
            return error_set(error, ERROR_USAGE,
                             "%s: neither an environment's folder nor a plan document", word);
        }
    }
    return true;
}

/* The devices that a plan places something on. New list of owned names. */
static bool plan_devices(const char *plan, char ***names, size_t *n, struct error *error)
{
    struct options options = {.command = COMMAND_PLAN, .plan = plan};
    struct session session;
    bool opened = session_open(&options, false, &session, error);
    *n = 0;
    *names = memory_array(session.rig.n_devices + 1, sizeof **names);
    if (opened) {
        struct evaluation evaluation;
        plan_evaluate(session.model, &session.rig, &session.plan, NULL, &evaluation);
        for (size_t i = 0; i < session.rig.n_devices; i++) {
            if (evaluation.devices[i].model > 0 || evaluation.devices[i].context > 0) {
                (*names)[(*n)++] = memory_text(session.rig.devices[i].device_name);
            }
        }
        evaluation_clear(&evaluation);
    }
    session_close(&session);
    return opened;
}

static bool find_program(const struct options *options, struct doctor *doctor, struct error *error)
{
    static const char *const names[] = {"llama-server", "llama-cli", NULL};
    if (options->llama_bin != NULL || doctor->n_envs == 0) {
        doctor->program = llama_program_find(options, names, error);
    }
    return doctor->program != NULL || doctor->n_envs > 0 ||
           error_set(error, ERROR_SYSTEM,
                     "no llama-server in PATH: say where it is with --llama-bin DIR, or a Python "
                     "environment with --env DIR");
}

static int examine(const struct options *options, const char *plan, struct doctor *doctor,
                   struct error *error)
{
    char **names = NULL;
    size_t n = 0;
    bool done = plan == NULL || plan_devices(plan, &names, &n, error);
    done = done && find_program(options, doctor, error);
    if (done) {
        detect_devices(NULL, &doctor->found);
        if (doctor->program != NULL) {
            doctor_ask(doctor);
        }
        doctor_judge(doctor, (const char *const *)names, n);
        char *text = (options->json ? report_json : report_text)(doctor);
        done = output_print(text, strlen(text), error);
        free(text);
    }
    for (size_t i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
    return !done ? (int)error->kind : doctor_in_trouble(doctor) ? ERROR_UNFIT : ERROR_NONE;
}

int command_doctor(const struct options *options, struct error *error)
{
    struct doctor doctor = {0};
    const char *plan = NULL;
    int status = sort_words(options, &doctor, &plan, error) ? examine(options, plan, &doctor, error)
                                                            : (int)error->kind;
    doctor_clear(&doctor);
    return status;
}

#include "src/plan_document.h"

#include "model/base/memory.h"
#include "model/plan/evaluation.h"
#include "model/plan/setting_list.h"
#include "model/text/arguments.h"
#include "src/device_file.h"
#include "src/json_out.h"
#include "src/json_read.h"
#include "src/output.h"
#include "src/remote_model.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool plan_document_is_json(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    int c = fgetc(file);
    for (int blanks = 0; blanks < 4096 && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
         blanks++) {
        c = fgetc(file);
    }
    fclose(file);
    return c == '{';
}

bool plan_document_is_plan(const char *path)
{
    struct json_object *object = NULL;
    bool plan = plan_document_is_json(path) && json_read_file(path, &object, NULL) &&
                json_object_is_type(object, json_type_object) && json_has(object, "otplan_plan");
    json_object_put(object);
    return plan;
}

bool file_is_gguf(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISDIR(info.st_mode)) {
        return true; /* what is not there is told best by who opens models */
    }
    char magic[4] = {0};
    FILE *file = fopen(path, "re");
    size_t n = file != NULL ? fread(magic, 1, sizeof magic, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return n == sizeof magic && memcmp(magic, "GGUF", 4) == 0;
}

void plan_document_clear(struct plan_document *document)
{
    free(document->model_path);
    free(document->model_name);
    for (size_t i = 0; i < document->n_args; i++) {
        free(document->args[i]);
    }
    free(document->args);
    if (document->has_devices) {
        rig_clear(&document->rig);
    }
    for (size_t i = 0; i < document->n_locks; i++) {
        free(document->locks[i]);
    }
    free(document->locks);
    free(document->notes);
    *document = (struct plan_document){0};
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_version(struct json_object *object, const struct json_place *place,
                         struct error *error)
{
    struct json_object *version = NULL;
    if (!json_object_object_get_ex(object, "otplan_plan", &version)) {
        bool output = json_has(object, "otplan") && json_has(object, "overrides");
        bool devices = json_has(object, "devices");
        return error_set(error, ERROR_INPUT, "%s: no plan document (%s)", place->path,
                         output ? "it is the output of otplan plan --json; write a plan with w in "
                                  "the planner"
                         : devices ? "it is a device file: give it with --devices"
                                   : "it has no otplan_plan");
    }
    if (!json_object_is_type(version, json_type_int)) {
        return json_refuse(place, "otplan_plan", "must be a whole number", error);
    }
    int64_t number = json_object_get_int64(version);
    if (number < 0) {
        return json_refuse(place, "otplan_plan", "must be the version, 0 or more", error);
    }
    if (number > PLAN_DOCUMENT_VERSION) {
        return error_set(error, ERROR_INPUT,
                         "%s: a plan document of version %lld, from a newer otplan; this one reads "
                         "up to version %d",
                         place->path, (long long)number, PLAN_DOCUMENT_VERSION);
    }
    return true; /* an older one lacks keys, which have defaults; it is written anew as of today */
}

static bool read_words(struct json_object *object, const char *key, const struct json_place *place,
                       char ***words, size_t *n, struct error *error)
{
    struct json_object *list = NULL;
    if (!json_object_object_get_ex(object, key, &list) || list == NULL) {
        return true;
    }
    if (!json_object_is_type(list, json_type_array)) {
        return json_refuse(place, key, "must be a list in brackets", error);
    }
    size_t count = json_object_array_length(list);
    *words = memory_array(count, sizeof **words);
    for (size_t i = 0; i < count; i++) {
        struct json_object *word = json_object_array_get_idx(list, i);
        if (!json_object_is_type(word, json_type_string)) {
            return json_refuse(place, key, "must hold texts between quotes only", error);
        }
        const char *text = json_object_get_string(word);
        if (strlen(text) != (size_t)json_object_get_string_len(word)) {
            return json_refuse(place, key, "holds a zero byte", error);
        }
        (*words)[(*n)++] = memory_text(text);
    }
    return true;
}

/* Beside the document first: plans and models travel together. */
static char *resolve_path(const char *document, char *model)
{
    const char *slash = strrchr(document, '/');
    if (model == NULL || model[0] == '/' || slash == NULL || remote_model_name(model)) {
        return model;
    }
    char *beside = memory_format("%.*s/%s", (int)(slash - document), document, model);
    if (access(beside, F_OK) != 0 && access(model, F_OK) == 0) {
        free(beside);
        return model;
    }
    free(model);
    return beside;
}

static bool read_model(struct json_object *object, struct json_place *place,
                       struct plan_document *out, struct error *error)
{
    struct json_object *model = NULL;
    if (!json_object_object_get_ex(object, "model", &model) || model == NULL) {
        return true;
    }
    if (!json_object_is_type(model, json_type_object)) {
        return json_refuse(place, "model", "must be an object in braces", error);
    }
    snprintf(place->inside, sizeof place->inside, "model");
    double size = 0;
    double n_tensors = 0;
    char *hash = NULL;
    bool read = json_get_text(model, "path", place, &out->model_path, error) &&
                json_get_text(model, "name", place, &out->model_name, error) &&
                json_get_number(model, "size", place, 0, 1e18, &size, error) &&
                json_get_number(model, "n_tensors", place, 0, 1e9, &n_tensors, error) &&
                json_get_text(model, "head_hash", place, &hash, error);
    place->inside[0] = '\0';
    out->model_size = (uint64_t)size;
    out->model_n_tensors = (uint64_t)n_tensors;
    out->head_hash = hash != NULL ? strtoull(hash, NULL, 16) : 0;
    out->model_path = resolve_path(place->path, out->model_path);
    free(hash);
    return read;
}

static bool read_target(struct json_object *object, const struct json_place *place,
                        struct plan_document *out, struct error *error)
{
    char *name = NULL;
    bool read = json_get_text(object, "target", place, &name, error);
    if (read && name != NULL && name[0] != '\0' && !target_by_name(name, &out->target)) {
        read =
            json_refuse(place, "target",
                        "must be llama-server, llama-cli, llama-bench or llama-fit-params", error);
    }
    free(name);
    return read;
}

/* A flag that there is not is wrong usage on a command line; here the file is what cannot be used. What
 * llama.cpp refuses is left to those who open the document. */
static bool check_args(const struct plan_document *document, const struct json_place *place,
                       struct error *error)
{
    struct plan plan;
    struct argument_facts facts = {0};
    struct error why = {0};
    plan_init(&plan, NULL);
    arguments_read(&plan, &facts, (const char *const *)document->args, document->n_args, NULL,
                   &why);
    argument_facts_clear(&facts);
    plan_clear(&plan);
    return why.kind != ERROR_USAGE || json_refuse(place, "args", why.text, error);
}

static bool read_all(struct json_object *object, struct json_place *place,
                     struct plan_document *out, struct error *error)
{
    if (!json_object_is_type(object, json_type_object)) {
        return json_refuse(place, "", "no plan document", error);
    }
    bool read = read_version(object, place, error) && read_model(object, place, out, error) &&
                read_target(object, place, out, error) &&
                read_words(object, "args", place, &out->args, &out->n_args, error) &&
                check_args(out, place, error) &&
                read_words(object, "locks", place, &out->locks, &out->n_locks, error) &&
                json_get_text(object, "notes", place, &out->notes, error);
    if (read && json_has(object, "devices")) {
        read = device_list_read(object, place->path, &out->rig, error);
        out->has_devices = read;
    }
    return read;
}

void plan_document_apply_locks(const struct plan_document *document, const struct model *model,
                               struct plan *plan)
{
    for (size_t i = 0; i < document->n_locks; i++) {
        const char *name = document->locks[i];
        const struct setting *setting = name[0] == '-' ? setting_find(name) : NULL;
        int64_t row = setting == NULL ? model_find_tensor(model, name) : -1;
        if (setting != NULL) {
            setting_lock(setting, plan, true);
        }
        if (row < 0) {
            continue;
        }
        plan->locked[row] = 1;
        size_t twin = (size_t)row + 1;
        if (twin < model->n_tensors && model->tensors[twin].tied_to == row) {
            plan->locked[twin] = 1;
        }
    }
}

bool plan_document_read(const char *path, struct plan_document *out, struct error *error)
{
    *out = (struct plan_document){0};
    struct json_object *object = NULL;
    if (!json_read_file(path, &object, error)) {
        return false;
    }
    struct json_place place = {.path = path};
    bool read = read_all(object, &place, out, error);
    json_object_put(object);
    if (read && out->has_devices) {
        out->rig.found_by = memory_format("plan document");
    }
    if (!read) {
        plan_document_clear(out);
    }
    return read;
}

/* ---- writing -------------------------------------------------------------------------------- */

static struct json_object *model_write(const struct plan_document_source *source)
{
    const struct model *model = source->model;
    struct json_object *object = json_object_new_object();
    json_out_text(object, "path", source->model_path != NULL ? source->model_path : model->path);
    json_out_text(object, "name", model->name);
    json_out_bytes(object, "size", model->file_bytes);
    json_out_bytes(object, "n_tensors", model->gguf->n_tensors);
    if (source->head_hash != 0) {
        char hash[17];
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)source->head_hash);
        json_out_text(object, "head_hash", hash);
    }
    return object;
}

static struct json_object *locks_write(const struct plan_document_source *source)
{
    struct json_object *list = json_object_new_array();
    for (size_t row = 0; row < source->plan->n_rows; row++) {
        if (source->plan->locked[row] != 0 && source->model->tensors[row].tied_to < 0) {
            json_object_array_add(list, json_out_string(source->model->tensors[row].name));
        }
    }
    for (size_t i = 0; i < setting_count(); i++) {
        if (setting_is_locked(setting_at(i), source->plan)) {
            json_object_array_add(list, json_out_string(setting_at(i)->flag));
        }
    }
    return list;
}

char *plan_document_text(const struct plan_document_source *source)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "otplan_plan", json_object_new_int(PLAN_DOCUMENT_VERSION));
    json_object_object_add(object, "model", model_write(source));
    json_out_text(object, "target", target_name(source->plan->settings.target));
    size_t n = 0;
    char **args = arguments_write(source->model, source->rig, source->plan, source->evaluation, &n);
    json_object_object_add(object, "args", json_out_words((const char *const *)args, n));
    arguments_free(&args);
    device_list_write(source->rig, object);
    json_object_object_add(object, "locks", locks_write(source));
    json_out_text(object, "notes", source->notes != NULL ? source->notes : "");
    char *text = json_out_take(object);
    return text;
}

bool plan_document_write(const char *path, const struct plan_document_source *source, bool force,
                         struct error *error)
{
    char *text = plan_document_text(source);
    bool written = output_write_file(path, text, strlen(text), force, false, error);
    free(text);
    return written;
}

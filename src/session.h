/* What every command starts from: the model opened, the machine known, the arguments read into a plan. */
#ifndef OTPLAN_SRC_SESSION_H
#define OTPLAN_SRC_SESSION_H

#include "model/plan/optimise.h"
#include "model/text/arguments.h"
#include "src/command_line.h"
#include "src/config.h"
#include "src/model_file.h"
#include "src/options.h"
#include "src/plan_json.h"

struct session {
    struct model_file *file;
    struct model *model;
    struct rig rig;
    struct plan plan;
    struct argument_facts facts;
    struct command_line command; /* what stood behind `--` */
    char *plan_path;             /* owned or NULL: the plan document that was opened */
    char *plan_notes;            /* owned or NULL: the plan document's */
    char *notice;                /* owned or NULL: one line to say */
    struct config config;
    struct strbuf notes; /* what an import understood otherwise, one a line */
    uint64_t depth;      /* --depth: tokens in the cache, for the speed model */
    struct error beside; /* why llama.cpp refuses what stands beside the model; see src/beside.h */
    struct plan before_auto; /* what --auto started from, where it did */
    bool has_before_auto;
    bool fit_decided; /* the command left the placement to --fit; the plan is --fit's */
};

/* Opens the model that the options, the plan document or the command line name. With `demo` the bundled
 * sample on its machine. Close with session_close, also after a failure. */
bool session_open(const struct options *options, bool demo, struct session *out,
                  struct error *error);
void session_close(struct session *session);

/* --depth. ERROR_USAGE. */
bool session_read_depth(const struct options *options, struct session *session,
                        struct error *error);

/* The model alone, for commands that place nothing. */
bool session_open_model(const struct options *options, struct session *out, struct error *error);

/* The devices that the options name, else those of this machine. */
bool session_find_devices(const struct options *options, const char *const *environment,
                          struct rig *rig, struct error *error);

/* What --auto asks of the optimiser. ERROR_USAGE. */
bool session_find_strategy(const struct options *options, const struct session *session,
                           struct optimise_options *out, struct error *error);

/* New `*out`: what --auto makes of `start` (options->strategy is not NULL). Free with plan_clear. */
bool session_place(const struct options *options, const struct session *session,
                   const struct plan *start, struct plan *out, struct error *error);

/* Evaluates the plan, anew with the fewest rules where --compact was given. With `strict` a plan that
 * llama.cpp refuses is an error. Free with evaluation_clear. */
bool session_evaluate(struct session *session, const struct options *options, bool strict,
                      struct evaluation *out, struct error *error);

/* The plan as it is written out. Borrows from both. */
struct plan_json_source session_source(const struct session *session,
                                       const struct evaluation *evaluation);

/* Prints what an import understood otherwise, on standard error. */
void session_print_notes(const struct session *session);

/* The file to name in exports: the model's first part. */
const char *session_model_path(const struct session *session);

#endif

/* `otplan calibrate` at work: results, the plans they ran with, and what was found. Private to its command. */
#ifndef OTPLAN_SRC_CALIBRATE_RUN_H
#define OTPLAN_SRC_CALIBRATE_RUN_H

#include "model/plan/calibrate.h"
#include "model/text/shell_words.h"
#include "src/bench_result.h"
#include "src/session.h"

/* A plan that results ran with: those of the same model and arguments share it. */
struct trial {
    struct options options;
    struct shell_script script; /* what a log's command line was split into */
    const char **after;
    struct session session;
    struct evaluation evaluation;
};

struct calibrate_run {
    const struct options *options;
    const char *model; /* borrowed or NULL: PLAN or MODEL as given */
    struct bench_results results;
    struct trial **trials;            /* one per result; several may be the same */
    struct calibrate_result *decodes; /* one per result of decoding */
    size_t *decode_of;                /* which result it is */
    size_t n_decodes;
    struct rig rig;
    struct calibrate_kind *kinds; /* n_kinds; the host's is the last */
    char **kind_names;
    size_t n_kinds;
    size_t *kind_of;        /* per device, the host last */
    double *before, *after; /* per result: tokens per second by the model; 0: not known */
    double compute_efficiency, link_efficiency; /* of prompts; 0: not found */
    bool is_kept;
};

/* Is this file a model or a plan rather than a result? */
bool calibrate_is_model(const char *path);

/* Opens the plan that result `index` ran with, or takes that of an earlier one. */
bool calibrate_open_trial(struct calibrate_run *run, size_t index, struct error *error);
void calibrate_close_trials(struct calibrate_run *run);

/* Did the results tell anything of this kind? */
bool calibrate_is_learned(const struct calibrate_kind *kind);

/* Finds the efficiencies of prompts, and what the model says of each prompt; the bandwidths' are known. */
void calibrate_fit_prompts(struct calibrate_run *run);

/* Prints what was found, as text or as JSON. */
bool calibrate_print(const struct calibrate_run *run, struct error *error);

#endif

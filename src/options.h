/* otplan's own command line: which command, its options, and what belongs to llama.cpp. */
#ifndef OTPLAN_SRC_OPTIONS_H
#define OTPLAN_SRC_OPTIONS_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum command {
    COMMAND_PLANNER,
    COMMAND_PLAN,
    COMMAND_TENSORS,
    COMMAND_DEVICES,
    COMMAND_OVERRIDES,
    COMMAND_EXPORT,
    COMMAND_COMPARE,
    COMMAND_VERIFY,
    COMMAND_PROBE,
    COMMAND_DOCTOR,
    COMMAND_RUN,
    COMMAND_WATCH,
    COMMAND_CALIBRATE,
    COMMAND_SHOP,
    COMMAND_REPORT,
    COMMAND_DEMO,
    COMMAND_COUNT,
};
const char *command_name(enum command command); /* "plan"; "" for the planner */

struct options {
    enum command command;
    bool help, version;

    const char **positional; /* owned array of borrowed words */
    size_t n_positional;
    const char **llama; /* owned array: llama.cpp's flags with their values, in order */
    size_t n_llama;
    size_t n_before_import; /* of them, how many stand in front of --import */
    const char **envs;      /* owned array: --env, may repeat */
    size_t n_envs;
    const char **each_rig; /* owned array: --rig, may repeat in shop */
    size_t n_each_rig;
    const char *const *after; /* borrowed: the words behind `--`, or NULL */
    size_t n_after;

    const char *devices, *rig, *rigs, *plan, *target, *format, *output, *color, *commands, *depth,
        *import, *config, *llama_bin, *save, *interval, *threshold, *pid, *record;
    const char *strategy; /* --auto: "" for the default one; NULL without */
    bool json, check, force, compact, ascii, no_mouse, dry_run, once, compare, measure, reset;
};

/* Reads argv (argv[0] left out). ERROR_USAGE with one line. Free with options_clear. */
bool options_read(int n, const char *const *words, struct options *out, struct error *error);
void options_clear(struct options *options);

/* Is `word` one of otplan's own options? */
bool option_known(const char *word);

#endif

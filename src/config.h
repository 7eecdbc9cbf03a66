/* The settings file: JSON at --config, else $XDG_CONFIG_HOME/otplan/config.json. Its keys are those of
 * the design's ancestor, whose files open unchanged.
 *
 * It fills in what flags and variables leave open; a plan document, a command behind `--` and the demo are
 * what they are and take nothing from it but the margins, the paths and what to save.
 */
#ifndef OTPLAN_SRC_CONFIG_H
#define OTPLAN_SRC_CONFIG_H

#include "model/base/error.h"
#include "model/base/strbuf.h"
#include "model/plan/device.h"
#include "model/plan/optimise.h"
#include "model/text/arguments.h"

#include <stdbool.h>
#include <stdint.h>

enum { CONFIG_MOST_MARGINS = 16 };

struct config {
    char *path;             /* owned: where it was read; NULL where there is none */
    char *llama_cpp_path;   /* owned or NULL: folder of llama.cpp or of its programs */
    char *virtual_env_path; /* owned or NULL: a folder to activate or its script, or a prefix */
    char *theme;            /* owned or NULL: the planner's */
    bool auto_probe;        /* the planner asks llama.cpp by itself; true unless given */
    int64_t context_size;   /* tokens; -1 not given */
    uint32_t type_k, type_v;
    bool has_type_k, has_type_v;
    bool prioritize_experts_on_cpu;
    bool maximize_gpu_layers;    /* as otplan does anyway: no -ngl means all */
    bool reserve_context_memory; /* as otplan does anyway: the cache is always counted */
    double margins_mib[CONFIG_MOST_MARGINS]; /* one for all, or one per device */
    size_t n_margins;
    bool aggressive_gpu_utilization;
    double expert_gpu_threshold; /* share of a card's budget that is filled; 0 not given */
    bool save_analysis_json, save_override_params, verbose;
};

/* Reads `path`, or the usual place where it is NULL (nothing there is fine then). Unknown keys are told in `notes`.
 * ERROR_INPUT: not readable, not JSON, a value that is not allowed, with what is. Free with config_clear. */
bool config_read(const char *path, struct config *out, struct strbuf *notes, struct error *error);
void config_clear(struct config *config);

/* Context and cache types where neither flags nor variables gave them. */
void config_apply_settings(const struct config *config, const struct argument_facts *facts,
                           struct settings *settings);
/* Margins of devices that have none of their own. */
void config_apply_margins(const struct config *config, struct rig *rig);
/* What a bare --auto means. */
enum strategy config_strategy(const struct config *config);

/* With `verbose`: a note for everything that the file gives this run. `filled_in`: context and cache types were
 * its to fill in. */
void config_tell(const struct config *config, const struct argument_facts *facts, bool filled_in,
                 struct strbuf *notes);

#endif

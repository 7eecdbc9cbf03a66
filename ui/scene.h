/* What there is to show: model, machine, plan and everything derived, put together by src for one
 * frame. All borrowed and const: drawing changes nothing.
 */
#ifndef OTPLAN_UI_SCENE_H
#define OTPLAN_UI_SCENE_H

#include "model/log/log_verify.h"
#include "model/override/explain.h"
#include "model/plan/edit.h"
#include "model/plan/layer_map.h"
#include "model/plan/prompt_speed.h"
#include "model/watch/watch.h"

enum verify_state { VERIFY_PENDING, VERIFY_DONE, VERIFY_FAILED };

/* One line of a list screen: text for the person, and what the list needs to act on it. */
struct scene_item {
    const char *name;
    const char *detail;
};

/* One side of a comparison. */
struct scene_side {
    const char *name; /* NULL: there is none */
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
    const struct speed *speed; /* NULL or not known: says nothing */
    const struct prompt_speed *prompt;
    char *const *arguments;
    size_t n_arguments;
};

struct scene {
    const struct model *model;
    const struct layer_map *map;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *shown;    /* of the preview while something is carried, else = held */
    const struct evaluation *held;     /* of the plan as it is */
    const struct speed *speed;         /* of what is shown; NULL or not known: says nothing */
    const struct prompt_speed *prompt; /* the same, of prompts */
    const struct speed *held_speed;    /* of the plan as it is */
    const struct advice *advice;       /* about the optimiser's plan; NULL: it is another one */
    bool is_preview;                   /* shown != held */
    const char *preview_text;          /* what the preview does, or why it does nothing; or NULL */
    char *const *arguments;            /* of what is shown: "-c", "32768", ... */
    size_t n_arguments;
    enum verify_state verify;
    const char *verify_text; /* VERIFY_FAILED: why */
    const char *message;     /* for the status line; "" for none */
    bool message_is_error;
    bool is_unsaved;
    const char *plan_path; /* or NULL */
    const struct scene_item *snapshots;
    size_t n_snapshots;
    long snapshot_marked;              /* to be compared with another; -1: none */
    const struct scene_item *history;  /* undo steps, oldest first */
    size_t n_history, history_at;      /* steps done */
    const struct edit_room *room;      /* per device, the host last; NULL when nothing is carried */
    const struct scene_item *commands; /* of `:`, for completion and help */
    size_t n_commands;
    const struct scene_item *words; /* what may stand after a command: devices, settings */
    size_t n_words;
    const struct scene_item *offered; /* above the prompt: what may stand where it is typed */
    size_t n_offered;
    const struct log_report *report; /* verify screen; NULL: no log was read */
    const struct watch *watch;       /* watch screen; NULL: nothing was read yet */
    const char *probe_text; /* "probe, llama.cpp 7123 (abc)"; NULL: figures are not probed */
    const char *exported;   /* export screen: what the chosen format gives; NULL: not yet */
    /* overrides screen: what is to be said of the rule under the cursor; NULL: not yet, or of ours */
    const struct entry_explanation *explained;
    size_t explained_rule;
    uint64_t most_rule_bytes;        /* what the largest rule holds */
    struct scene_side before, after; /* compare screen */
};

#endif

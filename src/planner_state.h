/* Private to the planner: the session on screen. One plan on one machine, every step that led to it,
 * what follows from it, and the screen.
 *
 * Changes go one way: a command or an edit makes a new step; planner_take evaluates it. Undo holds
 * another step.
 */
#ifndef OTPLAN_SRC_PLANNER_STATE_H
#define OTPLAN_SRC_PLANNER_STATE_H

#include "model/log/log_verify.h"
#include "model/plan/advice.h"
#include "model/plan/measured.h"
#include "model/plan/speed.h"
#include "src/plan_document.h"
#include "src/planner.h"
#include "ui/ui.h"

struct planner_step { /* a plan on a machine, and what was done to get there */
    uint64_t id;
    struct plan plan;
    struct rig rig;
    char *name; /* owned */
};

struct session;

enum { OFFERED_MOST = 8 };

#define SNAPSHOT_NOW SIZE_MAX /* in place of a snapshot: the plan as it is */

struct planner_snapshot { /* a plan kept, or read from a file, to look at beside another */
    char *name;           /* owned; a file's: its path */
    char *detail;         /* owned */
    bool is_file;
    const struct model *model; /* borrowed */
    struct session *session;   /* owned: of a file whose plan is for another model; else NULL */
    struct planner_step step;
    struct evaluation evaluation;
    struct speed speed; /* at the planner's depth */
    struct prompt_speed prompt;
    char **arguments; /* owned */
    size_t n_arguments;
};

struct planner_job;     /* the optimiser at work */
struct planner_watcher; /* reads the machine's memory while the Watch screen is open */
struct planner_listing; /* llama.cpp's own list of devices, asked for at the start */
struct planner_asked;   /* llama.cpp, asked beside the screen */

struct planner_answer {        /* what llama.cpp said of a step */
    uint64_t id;               /* the step's */
    struct measured *measured; /* owned: the step's devices, the host last */
    char *text;                /* owned: "probe, llama.cpp 7123 (abc)" */
};

struct planner {
    const struct planner_options *options;
    const struct model *model;
    struct layer_map map;

    struct planner_step *steps; /* owned; steps[at] is the plan on screen */
    size_t n_steps, at;
    uint64_t next_id, saved_id;
    struct evaluation held;
    struct speed speed;
    struct prompt_speed prompt;
    uint64_t depth; /* tokens in the cache, for the speed */
    struct decisions decisions;
    char **arguments;
    size_t n_arguments;
    enum verify_state verify;
    struct error verify_error;

    bool is_preview; /* the rest holds while something is carried or tried */
    struct edit preview_edit;
    char preview_command[COMMAND_MAX];
    struct planner_step preview_step;
    struct evaluation preview;
    struct speed preview_speed;
    struct prompt_speed preview_prompt;
    struct decisions preview_decisions;
    char **preview_arguments;
    size_t n_preview_arguments;
    char preview_text[512];
    struct edit_room *room;

    struct planner_snapshot *snapshots; /* the start is the first */
    size_t n_snapshots;
    size_t before, after; /* on the compare screen: snapshots, or SNAPSHOT_NOW */
    size_t marked;        /* to be compared with another; SNAPSHOT_NOW: none */
    struct scene_item *snapshot_items, *history_items;
    char **themes; /* owned: names, for completion */
    size_t n_themes;
    struct scene_item *words;
    size_t n_words;
    struct scene_item offered[OFFERED_MOST]; /* names owned: files that Tab found */
    size_t n_offered;

    struct ui ui;
    struct canvas canvas;
    char message[600];
    bool message_is_error;
    char *plan_path;     /* owned or NULL: what `write` writes */
    char *plan_notes;    /* owned or NULL: of the document opened last, written back with it */
    int64_t plan_stamp;  /* when that file was last changed, as we know it; 0: unknown */
    char *autosave_path; /* owned or NULL */
    char *left_path;     /* owned or NULL: what a session that is gone has left */
    uint64_t autosaved_id;
    struct log log; /* read by `verify`, and what it says of the plan */
    struct log_report report;
    bool has_report;
    struct entry_explanation explained; /* overrides screen: of that rule of that step */
    bool has_explained;
    size_t explained_rule;
    uint64_t explained_id;
    char *exported; /* owned or NULL: text of the export screen */
    char export_format[16];
    uint64_t exported_id;
    struct planner_job *job;         /* NULL: idle */
    struct planner_listing *listing; /* NULL: idle */
    struct planner_asked *asked;     /* NULL: idle */
    struct planner_watcher *watcher; /* NULL: never opened */
    struct watch watch;
    struct planner_answer *answers;
    size_t n_answers;
    char probe_progress[96], auto_progress[96];
    bool probe_by_itself;  /* after an edit has settled; a failure ends that */
    bool told_cards_held;  /* that a card in use keeps it from starting: said once */
    uint64_t probe_due_ms; /* when it starts by itself; 0: not */
    struct advice advice;  /* about the plan of that step, which the optimiser made */
    uint64_t advice_id;    /* 0: none */
    bool has_terminal;
    bool is_done;
};

/* ---- planner_state.c ---- */
void planner_open(struct planner *planner, const struct planner_options *options);
void planner_close(struct planner *planner);
struct planner_step *planner_now(struct planner *planner);
void planner_step_copy(struct planner_step *to, const struct planner_step *from);
void planner_step_clear(struct planner_step *step);
/* Takes `step` (its plan and rig move in) as the next one, with a name, and evaluates. */
void planner_take(struct planner *planner, struct planner_step *step, const char *name);
bool planner_go_to(struct planner *planner, size_t at);
bool planner_edit(struct planner *planner, const struct edit *edit);
void planner_find_speed(struct planner *planner, const struct model *model, const struct rig *rig,
                        const struct evaluation *evaluation, struct speed *speed,
                        struct prompt_speed *prompt);
void planner_verify(struct planner *planner);
bool planner_is_unsaved(const struct planner *planner);
void planner_say(struct planner *planner, bool is_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void planner_report_forget(struct planner *planner);

/* ---- planner_snapshots.c ---- */
/* The plan as it is, under this name or (NULL) a new one; one of the same name is replaced. */
void planner_snapshot_take(struct planner *planner, const char *name);
/* By name, else by number as the snapshots screen counts them; -1: none. */
long planner_snapshot_find(const struct planner *planner, const char *name);
void planner_snapshots_find_speeds(struct planner *planner); /* at the planner's depth, anew */
void planner_snapshots_close(struct planner *planner);

/* ---- planner_preview.c ---- */
void planner_preview(struct planner *planner);
void planner_scene(struct planner *planner, struct scene *scene);

/* ---- planner_events.c ---- */
/* One event: what it means to the screen, applied to the plan. `time_ms` tells double clicks. */
void planner_handle(struct planner *planner, const struct event *event, uint64_t time_ms);
/* The frame for a terminal of this size, in planner->canvas. */
void planner_draw(struct planner *planner, int width, int height);

/* ---- planner_commands.c ---- */
/* Runs one command line. False with the reason in `error`. */
bool planner_command(struct planner *planner, const char *line, struct error *error);
/* A command that only changes a step (set, device): on that step, without taking it. False where the
 * command is another one, with `error` unset, or is refused, with it set. */
bool planner_try(struct planner *planner, const char *line, struct planner_step *step,
                 struct error *error);
const struct scene_item *planner_command_items(size_t *n);
/* Runs a file of commands; stops at the first that fails. */
bool planner_commands_file(struct planner *planner, const char *path, struct error *error);

/* ---- planner_auto.c ---- */
/* Starts the optimiser; without a terminal it is done on return. `strategy` may be NULL. */
bool planner_auto(struct planner *planner, const char *strategy, struct error *error);
void planner_auto_poll(struct planner *planner);            /* takes its plan once it is there */
void planner_auto_cancel(struct planner *planner);          /* waits for it to stop */
const char *planner_auto_progress(struct planner *planner); /* "" while idle */
int planner_auto_wait_ms(const struct planner *planner);    /* until that is another; -1: idle */

/* ---- planner_probe.c ---- */
/* Asks llama.cpp about the plan; without a terminal it is done on return. */
bool planner_probe(struct planner *planner, struct error *error);
/* It starts by itself beside the screen, a second after the last edit, on the machine's own cards: where no process
 * holds memory on any of them (the driver says so), a llama.cpp is found and nothing is carried. An answer that
 * was kept is taken whatever the cards hold. */
void planner_probe_schedule(struct planner *planner);     /* after an edit */
int planner_probe_wait_ms(const struct planner *planner); /* until it starts; -1: it will not */
void planner_probe_start_due(struct planner *planner);
void planner_probe_poll(struct planner *planner);   /* takes the answer once it is there */
bool planner_probe_cancel(struct planner *planner); /* true where one was under way; never waits */
void planner_probe_close(struct planner *planner);  /* waits for it to stop, frees all answers */
/* Puts the answer for the step on screen, if there is one, in place of the prediction. */
void planner_probe_apply(struct planner *planner);
const struct planner_answer *planner_probe_answer(const struct planner *planner);
const char *planner_probe_progress(struct planner *planner); /* "" while idle */

/* ---- planner_watch.c ---- */
void planner_watch_poll(struct planner *planner); /* takes samples while the screen is open */
const struct watch *
planner_watch_now(struct planner *planner); /* beside the plan; NULL: none yet */
void planner_watch_close(struct planner *planner);

/* ---- planner_llama_devices.c ---- */
void planner_listing_start(
    struct planner *planner); /* on this machine, where a llama.cpp is found */
void planner_listing_poll(struct planner *planner);  /* takes the list once it is there */
void planner_listing_close(struct planner *planner); /* stops it */

/* ---- planner_words.c ---- */
enum { WORDS_MAX = 64 };
struct words {
    char *storage; /* owned */
    const char *word[WORDS_MAX];
    size_t n;
    const char *rest[WORDS_MAX]; /* the line from word i on */
};
bool words_split(struct words *words, const char *line, struct error *error);
void words_clear(struct words *words);
/* Rows named by words[first..end): `selection`, `/pattern/`, groups and layer ranges, tensor names. */
bool words_rows(const struct planner *planner, const struct words *words, size_t first, size_t end,
                struct edit *edit, struct error *error);
bool words_layers(const struct planner *planner, const char *word, uint32_t *first, uint32_t *last,
                  struct error *error);
bool words_device(const struct rig *rig, const char *word, int *device, struct error *error);

/* ---- planner_devices.c ---- */
bool planner_device_command(struct planner *planner, const struct words *words,
                            struct planner_step *step, struct error *error);

/* ---- planner_files.c ---- */
bool planner_write(struct planner *planner, const char *path, bool force, struct error *error);
void planner_file_known(struct planner *planner);         /* it is now as we know it */
bool planner_file_changed(const struct planner *planner); /* by somebody else */
bool planner_open_file(struct planner *planner, const char *path, struct error *error);
/* New `*step`: what a plan for this model says. */
bool planner_read_document(struct planner *planner, const struct plan_document *document,
                           struct planner_step *step, struct error *error);
/* Takes the placement from text that holds llama.cpp arguments: a command, a script, -ot lines. */
bool planner_import(struct planner *planner, const char *text, const char *name,
                    struct error *error);
/* New `*step`: the plan on screen with that placement. */
bool planner_read_import(struct planner *planner, const char *text, const char *name,
                         struct planner_step *step, struct strbuf *notes, struct error *error);
/* New: the plan in a format; NULL with the reason. Verified first. */
char *planner_export(struct planner *planner, const char *format, struct error *error);
bool planner_export_file(struct planner *planner, const char *format, const char *path, bool force,
                         struct error *error);
/* The plan as a report; how `path` ends tells the format (src/report.h). */
bool planner_report_file(struct planner *planner, const char *path, bool force,
                         struct error *error);
bool planner_write_document(struct planner *planner, const char *path, bool force,
                            struct error *error);

/* ---- planner_complete.c ---- */
void planner_offered_forget(struct planner *planner);

/* ---- planner_autosave.c ---- */
void planner_autosave(struct planner *planner); /* when something changed */
/* Names the session's own copy, and asks about what another has left. */
void planner_autosave_find(struct planner *planner);
void planner_autosave_forget(struct planner *planner); /* the session's own */
void planner_left_discard(struct planner *planner);
bool planner_recover(struct planner *planner, struct error *error);

#endif

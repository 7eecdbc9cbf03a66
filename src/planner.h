/* The interactive planner: one model, one machine, one plan steered by hand on a terminal.
 *
 * main opens the model, reads the arguments and finds the devices; this runs the screen until the
 * user quits and returns the exit status of interface.md section 1.
 */
#ifndef OTPLAN_SRC_PLANNER_H
#define OTPLAN_SRC_PLANNER_H

#include "model/base/error.h"
#include "model/plan/optimise.h"
#include "model/text/arguments.h"

#include <stdbool.h>

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct model_file;

struct planner_options {
    const struct model *model;          /* borrowed; must outlive the call */
    const struct model_file *file;      /* borrowed or NULL: where it was read from */
    const struct rig *rig;              /* borrowed, copied: Devices edits the copy */
    const struct plan *plan;            /* borrowed, copied: the starting plan, rows attached */
    const struct argument_facts *facts; /* borrowed or NULL */
    enum color_mode color;              /* --color; NO_COLOR is looked up here */
    bool ascii;                         /* --ascii: no block glyphs */
    bool mouse;                         /* false: --no-mouse */
    bool is_demo;                       /* the bundled sample */
    const char *plan_path; /* borrowed or NULL: the plan document that was opened; `w` writes it */
    const char *commands_path; /* borrowed or NULL: --commands FILE, run before the first frame */
    const char *llama_bin;     /* borrowed or NULL: folder of llama.cpp's programs; else PATH */
    const char *theme;         /* borrowed or NULL: its name */
    struct optimise_options automatic; /* what `auto` does without a word */
    bool no_auto_probe;                /* llama.cpp is asked on p alone */
    const char *plan_notes; /* borrowed or NULL: the plan document's, to be written back */
    const char *notice;     /* borrowed or NULL: one line for the status line at the start */
};

/* Runs until quit. Returns an exit status: 0 after quit, 4 where there is no terminal (the reason is
 * printed on stderr). The terminal is restored whatever happens. */
int planner_run(const struct planner_options *options);

#endif

/* Private to the planner: the commands that deal with files, for the table in planner_commands.c. */
#ifndef OTPLAN_SRC_PLANNER_COMMANDS_H
#define OTPLAN_SRC_PLANNER_COMMANDS_H

#include "src/planner_state.h"

/* Runs a command's words; false with the reason in `error`. */
typedef bool command_function(struct planner *planner, const struct words *words,
                              struct error *error);

command_function planner_run_export, planner_run_report, planner_run_copy, planner_run_write,
    planner_run_open, planner_run_import_pasted, planner_run_verify, planner_run_theme,
    planner_run_recover, planner_run_discard, planner_run_ask, planner_run_repair,
    planner_run_replan, planner_run_forget_peaks, planner_run_snapshot, planner_run_compare,
    planner_run_restore, planner_run_forget, planner_run_read, planner_run_mark,
    planner_run_complete_file;

#endif

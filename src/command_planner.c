#include "src/commands.h"

#include "src/planner.h"
#include "src/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum color_mode find_color(const struct options *options)
{
    static const struct {
        const char *name;
        enum color_mode mode;
    } modes[] = {{"always", COLOR_ALWAYS}, {"never", COLOR_NEVER}};
    for (size_t i = 0; i < 2 && options->color != NULL; i++) {
        if (strcmp(options->color, modes[i].name) == 0) {
            return modes[i].mode;
        }
    }
    return COLOR_AUTO;
}

int command_planner(const struct options *options, struct error *error)
{
    bool demo = options->command == COMMAND_DEMO;
    if (demo && options->n_positional > 0) {
        error_set(error, ERROR_USAGE,
                  "%s: otplan demo brings its own model; leave out demo to open this "
                  "one",
                  options->positional[0]);
        return (int)error->kind;
    }
    struct session session;
    int status = 0;
    bool opened = session_open(options, demo, &session, error);
    bool has_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (opened && !has_terminal && options->commands == NULL) {
        opened = error_set(error, ERROR_SYSTEM,
                           "the planner needs a terminal; without one: otplan plan, otplan export, "
                           "otplan compare");
    }
    struct optimise_options automatic = {0};
    opened = opened && session_find_strategy(options, &session, &automatic, error);
    if (opened) {
        struct planner_options planner = {
            .automatic = automatic,
            .model = session.model,
            .file = session.file,
            .rig = &session.rig,
            .plan = &session.plan,
            .facts = &session.facts,
            .color = find_color(options),
            .ascii = options->ascii,
            .mouse = !options->no_mouse,
            .is_demo = demo,
            .plan_path = session.plan_path,
            .commands_path = options->commands,
            .llama_bin =
                options->llama_bin != NULL ? options->llama_bin : session.config.llama_cpp_path,
            .theme = session.config.theme,
            .no_auto_probe = !session.config.auto_probe,
            .plan_notes = session.plan_notes,
            .notice = session.notice,
        };
        status = planner_run(&planner);
    }
    session_close(&session);
    return opened ? status : (int)error->kind;
}

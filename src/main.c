#include "model/base/memory.h"
#include "src/commands.h"
#include "src/help.h"
#include "src/output.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void out_of_memory(void)
{
    static const char text[] = "otplan: out of memory\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(ERROR_SYSTEM);
}

static int run(const struct options *options, struct error *error)
{
    static int (*const commands[COMMAND_COUNT])(const struct options *, struct error *) = {
        [COMMAND_PLANNER] = command_planner,     [COMMAND_PLAN] = command_plan,
        [COMMAND_TENSORS] = command_tensors,     [COMMAND_DEVICES] = command_devices,
        [COMMAND_OVERRIDES] = command_overrides, [COMMAND_EXPORT] = command_export,
        [COMMAND_COMPARE] = command_compare,     [COMMAND_VERIFY] = command_verify,
        [COMMAND_DEMO] = command_planner,        [COMMAND_PROBE] = command_probe,
        [COMMAND_DOCTOR] = command_doctor,       [COMMAND_RUN] = command_run,
        [COMMAND_WATCH] = command_watch,         [COMMAND_CALIBRATE] = command_calibrate,
        [COMMAND_SHOP] = command_shop,           [COMMAND_REPORT] = command_report,
    };
    static const char version[] = "otplan " OTPLAN_VERSION "\n" OTPLAN_BUILD_FACTS "\n";
    if (options->help || options->version) {
        const char *text = options->help ? help_text(options->command) : version;
        return output_print(text, strlen(text), error) ? 0 : (int)error->kind;
    }
    return commands[options->command](options, error);
}

static void interrupted(int number)
{
    (void)number;
    _exit(130);
}

/* Where nothing better is set up for Ctrl-C; a shell that started otplan behind its back (&) has it ignored. */
static void end_at_interrupt(void)
{
    struct sigaction before;
    struct sigaction action = {.sa_handler = interrupted};
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
        sigaction(SIGINT, &action, NULL);
    }
}

/* A closed descriptor would be given to the next file that is opened, and the output written into that. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) {
            _exit(ERROR_SYSTEM);
        }
    }
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    setlocale(LC_CTYPE, "");
    memory_exhausted = out_of_memory;
    end_at_interrupt();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error like any other: exit 4, in words */
    struct options options;
    struct error error = {0};
    int status = options_read(argc - 1, (const char *const *)argv + 1, &options, &error)
                     ? run(&options, &error)
                     : (int)error.kind;
    if (error.kind != ERROR_NONE) {
        fprintf(stderr, "otplan: %s\n", error.text);
    }
    options_clear(&options);
    return status;
}

/* Thousands of random keys, mouse events, pastes and window sizes on the real program: it lives, the plan on
 * screen is the plan it writes, undo and redo give it back, a killed session is recovered, and quitting leaves
 * no leak and the terminal as it was.
 *
 * OTPLAN_MONKEY_SEED and OTPLAN_MONKEY_EVENTS try other sessions by hand. */
#include "tests/support/key_typed.h"
#include "tests/support/planner_terminal.h"
#include "tests/support/pty_state.h"
#include "ui/event.h"
#include "ui/keymap.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct monkey {
    uint64_t state, seed;
    char directory[64];
    struct pty *terminal;
    size_t events;
    char trail[4096]; /* the last keys, for the one who has to find out why */
};

/* ---- chance --------------------------------------------------------------------------------- */

static uint32_t chance(struct monkey *monkey, uint32_t below)
{
    monkey->state ^= monkey->state << 13;
    monkey->state ^= monkey->state >> 7;
    monkey->state ^= monkey->state << 17;
    return (uint32_t)((monkey->state >> 11) % below);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- the program ---------------------------------------------------------------------------- */

static void start(struct monkey *monkey)
{
    const char *const argv[] = {OTPLAN_PROGRAM, "demo", NULL};
    char sanitizer[128];
    snprintf(sanitizer, sizeof sanitizer, "ASAN_OPTIONS=exitcode=99:log_path=%s/sanitizer",
             monkey->directory);
    const char *const environment[] = {sanitizer, NULL};
    struct pty_options options = {
        .rows = 40, .columns = 120, .environment = environment, .directory = monkey->directory};
    monkey->terminal = pty_start(&options, argv);
    cr_assert_not_null(monkey->terminal);
    cr_assert(pty_wait_for(monkey->terminal, "CUDA3"), "%s", pty_screen(monkey->terminal));
}

static void finish(struct monkey *monkey)
{
    int status = 0;
    char command[128];
    struct pty *t = monkey->terminal;
    cr_assert(pty_wait_end(t, &status), "seed %llu: it does not end:\n%s",
              (unsigned long long)monkey->seed, pty_screen(t));
    snprintf(command, sizeof command, "cat '%s'/sanitizer* 2>/dev/null", monkey->directory);
    char *said = status != 0 ? shell_output(command, NULL) : NULL;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "seed %llu, event %zu: status %x after %s\n%s", (unsigned long long)monkey->seed,
              monkey->events, (unsigned)status, monkey->trail, said);
    const char *left = pty_not_restored(t);
    cr_assert_null(left, "seed %llu, event %zu: %s after %s", (unsigned long long)monkey->seed,
                   monkey->events, left, monkey->trail);
    pty_end(t);
    monkey->terminal = NULL;
}

/* ---- what a monkey does --------------------------------------------------------------------- */

static void note(struct monkey *monkey, const char *what)
{
    size_t length = strlen(monkey->trail), more = strlen(what) + 1;
    if (length + more >= sizeof monkey->trail) {
        memmove(monkey->trail, monkey->trail + length / 2, length - length / 2 + 1);
        length = strlen(monkey->trail);
    }
    snprintf(monkey->trail + length, sizeof monkey->trail - length, " %s", what);
}

static void type(struct monkey *monkey, const char *keys)
{
    note(monkey, keys);
    pty_type(monkey->terminal, keys);
}

/* Quitting has its own chance. No `/` while a name of a file may be asked for: what it writes stays in its own
 * folder. */
static void table_key(struct monkey *monkey)
{
    char keys[32];
    const struct binding *binding = &keymap[chance(monkey, (uint32_t)keymap_length)];
    uint32_t key = binding->keys[chance(monkey, KEYS_MAX)];
    if (key == 0 || key == ('c' & PRESS_CONTROL) || key == PRESS_F1 + 9)
        return;
    if (key == '/')
        type(monkey, "<C-g>");
    type(monkey, key_typed(key, keys));
}

static void plain_key(struct monkey *monkey)
{
    static const char letters[] =
        "0123456789ABCDEFabcdefghijklmnoprstuvwxyz .,:;!?*+-_=()[]{}|$^%#&@'\"\\~`";
    char keys[2] = {letters[chance(monkey, sizeof letters - 1)], '\0'};
    type(monkey, keys);
}

static void command_line(struct monkey *monkey)
{
    static const char *const lines[] = {
        "move experts 3-20 CUDA1",
        "move gate_exps 12-20 cpu",
        "home 0-20 CUDA2",
        "layers 5-9 CUDA3",
        "lock experts 4-8",
        "unlock experts all",
        "set ctx 65536",
        "set ctk q8_0",
        "set ctk f16",
        "set ctv f16",
        "set ub 2048",
        "set units gib",
        "set bars eighths",
        "fold 4",
        "select up_exps 3-30",
        "move selection CUDA0",
        "device add 24000",
        "device CUDA1 remove",
        "device CUDA0 copy",
        "device CUDA2 up",
        "device CUDA3 free 12000",
        "snapshot here",
        "compare here",
        "restore here",
        "forget here",
        "step 0",
        "undo",
        "redo",
        "write! plan.json",
        "open plan.json",
        "filter ffn_(up|down)_exps",
        "move /blk\\.1.*exps/ CUDA0",
        "screen overrides",
        "screen history",
        "screen verify",
        "auto experts-cpu",
        "export! script run.sh",
        "set ctx 99999999999999999999",
        "move nothing nowhere nobody",
    };
    char keys[128];
    snprintf(keys, sizeof keys, "<C-g><C-g>:%s<Enter>",
             lines[chance(monkey, sizeof lines / sizeof *lines)]);
    type(monkey, keys);
}

static void mouse(struct monkey *monkey)
{
    struct pty *t = monkey->terminal;
    int row = (int)chance(monkey, (uint32_t)pty_rows(t)),
        column = (int)chance(monkey, (uint32_t)pty_columns(t)), steps = (int)chance(monkey, 6);
    int button = (int)(const unsigned[]){1, 1, 1, 1, 2, 3, 3, 4, 5}[chance(monkey, 9)];
    note(monkey, "(mouse)");
    pty_press(t, button, row, column);
    for (int i = 0; i < steps && button < 4; i++) {
        row = (int)chance(monkey, (uint32_t)pty_rows(t));
        column = (int)chance(monkey, (uint32_t)pty_columns(t));
        pty_move(t, row, column);
    }
    if (chance(monkey, 10) > 0) /* else the release is lost */
        pty_release(t, button, row, column);
}

static void resize(struct monkey *monkey)
{
    int rows = 1 + (int)chance(monkey, 60), columns = 1 + (int)chance(monkey, 210);
    note(monkey, "(size)");
    pty_resize(monkey->terminal, rows, columns);
}

static void paste(struct monkey *monkey)
{
    static const char *const texts[] = {
        "-ot 'blk\\.(1|2)\\.ffn_up_exps=CPU'",
        "llama-server -ngl 20 -c 8192 -ts 1,2,3,4",
        "qqqqmm11",
        "\xc3\xa4\xe2\x82\xac\xff\xfe",
        "",
    };
    note(monkey, "(paste)");
    pty_paste(monkey->terminal, texts[chance(monkey, 5)]);
}

static void noise(struct monkey *monkey)
{
    char bytes[12] = "\033[";
    size_t n = 2 + chance(monkey, 10);
    for (size_t i = 2; i < n; i++)
        bytes[i] = "0123456789;<Mm~ABH\033O?"[chance(monkey, 21)];
    note(monkey, "(noise)");
    pty_send(monkey->terminal, bytes, n);
}

/* A program that left its screen is on its way out, or was suspended for a moment. */
static bool stays_or_ended(struct pty *t, void *data)
{
    (void)data;
    return pty_alternate(t) || t->ended;
}

static void act(struct monkey *monkey)
{
    uint32_t what = chance(monkey, 1000);
    monkey->events++;
    if (what < 500)
        table_key(monkey);
    else if (what < 620)
        plain_key(monkey);
    else if (what < 880)
        mouse(monkey);
    else if (what < 940)
        command_line(monkey);
    else if (what < 970)
        resize(monkey);
    else if (what < 980)
        paste(monkey);
    else if (what < 995)
        noise(monkey);
    else
        type(monkey, "q");
    pty_pump(monkey->terminal, 2);
    cr_assert(pty_wait(monkey->terminal, stays_or_ended, NULL));
}

/* ---- what has to hold ----------------------------------------------------------------------- */

static bool shows_or_ended(struct pty *t, void *data)
{
    return t->ended || (pty_alternate(t) && pty_shows(t, data));
}

/* To the main screen, wherever it is: prompts, questions and screens closed, nothing carried. False where the
 * last key had it quit. */
static bool calm(struct monkey *monkey)
{
    struct pty *t = monkey->terminal;
    pty_resize(t, 40, 120);
    pty_send(t, "\033[201~", 6); /* a paste that never ended */
    pty_release(t, 1, 0, 0);
    for (int i = 0; i < 12; i++)
        pty_type(t, "<C-g>");
    char word[] = "calmed"; /* shown when all that was typed before has been done */
    pty_type(t, ":calmed");
    bool calmed = pty_wait(t, shows_or_ended, word);
    pty_type(t, "<C-g>");
    char resting[] = "NORMAL";
    calmed = calmed && pty_wait(t, shows_or_ended, resting);
    cr_assert(calmed, "seed %llu, event %zu: after %s\n%s", (unsigned long long)monkey->seed,
              monkey->events, monkey->trail, pty_screen(t));
    return !t->ended;
}

static void command(struct monkey *monkey, const char *line, const char *answer)
{
    pty_type(monkey->terminal, "<C-g>:");
    pty_type(monkey->terminal, line);
    pty_type(monkey->terminal, "<Enter>");
    cr_assert(pty_wait_for(monkey->terminal, answer), "seed %llu, event %zu: %s: after %s\n%s",
              (unsigned long long)monkey->seed, monkey->events, line, monkey->trail,
              pty_screen(monkey->terminal));
}

struct file {
    const struct monkey *monkey;
    const char *pattern;
};

static bool is_there(struct pty *t, void *data)
{
    const struct file *file = data;
    char pattern[160];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/%s", file->monkey->directory, file->pattern);
    bool any = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    if (!any)
        pty_pump(t, 1);
    return any;
}

/* A file is made beside the screen: looked for again and again, as nothing need be written there. */
static void wait_for_file(struct monkey *monkey, const char *pattern)
{
    struct file file = {monkey, pattern};
    bool found = false;
    for (int i = 0; i < 30000 && !found; i++)
        found = is_there(monkey->terminal, &file);
    cr_assert(found, "seed %llu: no %s\n%s", (unsigned long long)monkey->seed, pattern,
              pty_screen(monkey->terminal));
}

/* The plan as it is written to a file now; new. */
static char *written(struct monkey *monkey, const char *name)
{
    char line[128];
    snprintf(line, sizeof line, "%s/%s", monkey->directory, name);
    remove(line);
    snprintf(line, sizeof line, "<C-g>:write! %s<Enter>", name);
    pty_type(monkey->terminal, line);
    wait_for_file(monkey, name);
    snprintf(line, sizeof line, "cat '%s/%s'", monkey->directory, name);
    char *text = shell_output(line, NULL);
    cr_assert(strlen(text) > 2, "seed %llu: nothing was written", (unsigned long long)monkey->seed);
    return text;
}

static void same(struct monkey *monkey, char *was, char *is, const char *what)
{
    cr_assert_str_eq(was, is, "seed %llu, event %zu: %s", (unsigned long long)monkey->seed,
                     monkey->events, what);
    free(is);
}

static void check(struct monkey *monkey)
{
    static size_t count;
    char change[64];
    if (!calm(monkey))
        return;
    /* a step of our own, so that there is one to undo */
    snprintf(change, sizeof change, "set ctx %zu", 4096 + 256 * (++count % 90));
    char context[80]; /* as the title has it */
    snprintf(context, sizeof context, "· %s ", change + strlen("set "));
    command(monkey, change, context);
    char *before = written(monkey, "a.json");
    pty_type(monkey->terminal, ":undo<Enter>");
    cr_assert(pty_wait_gone(monkey->terminal, context), "%s", pty_screen(monkey->terminal));
    command(monkey, "redo", context);
    same(monkey, before, written(monkey, "b.json"), "undo and redo");
    pty_type(monkey->terminal, ":undo<Enter>");
    cr_assert(pty_wait_gone(monkey->terminal, context), "%s", pty_screen(monkey->terminal));
    command(monkey, "open a.json", context);
    same(monkey, before, written(monkey, "c.json"), "written and opened again");
    free(before);
}

static void survives_a_kill(struct monkey *monkey)
{
    if (!calm(monkey)) {
        finish(monkey);
        start(monkey);
    }
    command(monkey, "set ctx 12544", "ctx 12544");
    char *before = written(monkey, "a.json"); /* which forgets the copy kept in case of a crash */
    command(monkey, "set ctx 23552", "ctx 23552");
    wait_for_file(monkey, "state/otplan/autosave-*.json");
    pty_signal(monkey->terminal, SIGKILL);
    cr_assert(pty_wait_end(monkey->terminal, NULL));
    pty_end(monkey->terminal);
    start(monkey);
    cr_assert(pty_wait_for(monkey->terminal, "recover it"), "%s", pty_screen(monkey->terminal));
    pty_type(monkey->terminal, "r");
    cr_assert(pty_wait_for(monkey->terminal, "recovered"), "%s", pty_screen(monkey->terminal));
    cr_assert(pty_wait_for(monkey->terminal, "ctx 23552"), "%s", pty_screen(monkey->terminal));
    command(monkey, "set ctx 12544", "ctx 12544");
    same(monkey, before, written(monkey, "d.json"), "recovered");
    free(before);
}

Test(planner_monkey, keeps_the_plan_and_gives_the_terminal_back)
{
    struct monkey monkey = {.seed = number_from("OTPLAN_MONKEY_SEED", 7)};
    size_t events = number_from("OTPLAN_MONKEY_EVENTS", 5000);
    monkey.state = monkey.seed * 0x9E3779B97F4A7C15U + 1;
    snprintf(monkey.directory, sizeof monkey.directory, "/tmp/otplan-monkey-XXXXXX");
    cr_assert_not_null(mkdtemp(monkey.directory));
    start(&monkey);
    while (monkey.events < events) {
        act(&monkey);
        if (monkey.events % 500 == 0)
            check(&monkey);
        if (monkey.terminal->ended) {
            finish(&monkey);
            start(&monkey);
        }
    }
    survives_a_kill(&monkey);
    pty_type(monkey.terminal, ":quit!<Enter>");
    finish(&monkey);
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", monkey.directory);
    cr_assert_eq(system(command), 0);
}

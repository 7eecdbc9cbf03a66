/* Every key of the key table on every screen it is bound on, pressed in the real program: something a user sees
 * changes, or what the case below says appears. A key without a case fails. */
#include "tests/support/key_typed.h"
#include "tests/support/planner_terminal.h"
#include "tests/support/pty_state.h"
#include "ui/event.h"
#include "ui/keymap.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ON(screen) (1U << (screen))
/* With more lines than the window or a cursor in them; the others have little to scroll here. */
#define LONG                                                                                       \
    (ON(SCREEN_MAIN) | ON(SCREEN_HELP) | ON(SCREEN_SETTINGS) | ON(SCREEN_DEVICES) |                \
     ON(SCREEN_COMPARE) | ON(SCREEN_SNAPSHOTS) | ON(SCREEN_DETAIL) | ON(SCREEN_EXPORT) |           \
     ON(SCREEN_HISTORY))
#define SHORT ((unsigned)IN_ALL & ~LONG)
#define LIST  ((unsigned)IN_ALL & ~ON(SCREEN_MAIN))

/* How to come to a screen from the main one. */
static const char *const ways[SCREEN_COUNT] = {
    [SCREEN_MAIN] = "",        [SCREEN_HELP] = "?",
    [SCREEN_SETTINGS] = ",",   [SCREEN_DEVICES] = "d",
    [SCREEN_COMPARE] = "b",    [SCREEN_OVERRIDES] = "o",
    [SCREEN_SNAPSHOTS] = "sS", [SCREEN_DETAIL] = "i",
    [SCREEN_EXPORT] = "e",     [SCREEN_HISTORY] = ":set ctx 49152<Enter>:set ctx 32768<Enter>H",
    [SCREEN_WARNINGS] = "W",   [SCREEN_VERIFY] = ":screen verify<Enter>",
    [SCREEN_WATCH] = "n",
};

enum wanted {
    CHANGES, /* any cell or its look */
    SHOWS,   /* these words appear */
    RETURNS, /* these words are on the main screen after going back to it */
    STAYS,   /* nothing to do there: it lives and draws */
    WRITES,  /* these bytes are sent to the terminal */
};

struct press_case {
    enum action action;
    unsigned where;
    const char *before; /* typed on that screen first */
    enum wanted wanted;
    const char *words;
};

static const struct press_case cases[] = {
    {ACTION_UP, LONG, "G", CHANGES, NULL},
    {ACTION_DOWN, LONG, "g", CHANGES, NULL},
    {ACTION_PAGE_UP, LONG, "G<End>", CHANGES, NULL},
    {ACTION_PAGE_DOWN, LONG, "g<Home>", CHANGES, NULL},
    {ACTION_HALF_UP, LONG, "G", CHANGES, NULL},
    {ACTION_HALF_DOWN, LONG, "g", CHANGES, NULL},
    {ACTION_FIRST, LONG, "<End>", CHANGES, NULL},
    {ACTION_LAST, LONG, "<Home>", CHANGES, NULL},
    {ACTION_TOP, LONG, "G", CHANGES, NULL},
    {ACTION_BOTTOM, LONG, "g", CHANGES, NULL},
    {ACTION_UP, SHORT, "G", STAYS, NULL},
    {ACTION_DOWN, SHORT, "g", STAYS, NULL},
    {ACTION_PAGE_UP, SHORT, "G", STAYS, NULL},
    {ACTION_PAGE_DOWN, SHORT, "g", STAYS, NULL},
    {ACTION_HALF_UP, SHORT, "G", STAYS, NULL},
    {ACTION_HALF_DOWN, SHORT, "g", STAYS, NULL},
    {ACTION_FIRST, SHORT, "G", STAYS, NULL},
    {ACTION_LAST, SHORT, "g", STAYS, NULL},
    {ACTION_TOP, SHORT, "G", STAYS, NULL},
    {ACTION_BOTTOM, SHORT, "g", STAYS, NULL},
    {ACTION_LEFT, ON(SCREEN_MAIN), "", SHOWS, "of layer 11"},
    {ACTION_RIGHT, ON(SCREEN_MAIN), "", SHOWS, "of layer 13"},
    {ACTION_LEFT, ON(SCREEN_SETTINGS), "g", CHANGES, NULL},
    {ACTION_RIGHT, ON(SCREEN_SETTINGS), "g", CHANGES, NULL},
    {ACTION_NEXT_PANE, ON(SCREEN_MAIN), "", CHANGES, NULL},
    {ACTION_PREVIOUS_PANE, ON(SCREEN_MAIN), "", CHANGES, NULL},
    {ACTION_FOCUS_BAR, ON(SCREEN_MAIN), "", CHANGES, NULL},
    {ACTION_FOLD, ON(SCREEN_MAIN), "", CHANGES, NULL},
    {ACTION_SORT, ON(SCREEN_MAIN), "", CHANGES, NULL},

    {ACTION_BLOCK, ON(SCREEN_MAIN), "", SHOWS, "BLOCK"},
    {ACTION_EXTEND_UP, ON(SCREEN_MAIN), "", SHOWS, "selected: 4 tensors"},
    {ACTION_EXTEND_DOWN, ON(SCREEN_MAIN), "", SHOWS, "selected: 2 tensors"},
    {ACTION_EXTEND_LEFT, ON(SCREEN_MAIN), "", SHOWS, "selected: 2 tensors"},
    {ACTION_EXTEND_RIGHT, ON(SCREEN_MAIN), "", SHOWS, "selected: 2 tensors"},
    {ACTION_LAYERS, ON(SCREEN_MAIN), "", SHOWS, "selected: 18 tensors"},
    {ACTION_MARK, ON(SCREEN_MAIN), "", SHOWS, "selected: 1 tensor"},
    {ACTION_FILTER, ON(SCREEN_MAIN), "", SHOWS, "filter /"},
    {ACTION_INVERT, ON(SCREEN_MAIN), "<Space>", SHOWS, "selected: 1095 tensors"},
    {ACTION_CLEAR, ON(SCREEN_MAIN), "<Space>", CHANGES, NULL},

    {ACTION_SEND, ON(SCREEN_MAIN), "", SHOWS, "MOVE"},
    {ACTION_SEND_AGAIN, ON(SCREEN_MAIN), "m1<Right>", SHOWS, "blk.13.ffn_gate_exps.weight to"},
    {ACTION_PAINT, ON(SCREEN_MAIN), "m1", SHOWS, "PAINT"},
    {ACTION_BOUNDARY_LEFT, ON(SCREEN_MAIN), "", RETURNS, "000000000000000111111111111111112"},
    {ACTION_BOUNDARY_RIGHT, ON(SCREEN_MAIN), "", RETURNS, "00000000000000000111111111111111"},

    {ACTION_UNDO, (unsigned)IN_ALL, ":set ctx 40960<Enter>", RETURNS, "ctx 32768"},
    {ACTION_REDO, (unsigned)IN_ALL, ":set ctx 40960<Enter>:undo<Enter>", RETURNS, "ctx 40960"},
    {ACTION_LOCK, ON(SCREEN_MAIN), "", SHOWS, "lock"},
    {ACTION_LOCK, ON(SCREEN_SETTINGS), "g", SHOWS, "(-c) locked"},
    {ACTION_AUTO, ON(SCREEN_MAIN), "", SHOWS, "u undoes"},
    {ACTION_PROBE, ON(SCREEN_MAIN), "", SHOWS, "llama"},
    {ACTION_CONTEXT, ON(SCREEN_MAIN) | ON(SCREEN_SETTINGS), "", SHOWS, "context size (-c):"},
    {ACTION_SNAPSHOT, ON(SCREEN_MAIN) | ON(SCREEN_COMPARE), "", SHOWS, "taken"},
    {ACTION_SNAPSHOT, ON(SCREEN_SNAPSHOTS), "", CHANGES, NULL},
    {ACTION_EXPORT, ON(SCREEN_MAIN), "", SHOWS, "otplan  Export"},
    {ACTION_COPY, ON(SCREEN_MAIN) | ON(SCREEN_EXPORT), "", WRITES, "\033]52;c;"},
    {ACTION_WRITE, ON(SCREEN_MAIN), "", SHOWS, "write the plan to:"},
    {ACTION_MARK, ON(SCREEN_SNAPSHOTS), "", SHOWS, "start marked"},
    {ACTION_IMPORT, ON(SCREEN_SNAPSHOTS), "", SHOWS, "plan file to compare with:"},
    {ACTION_IMPORT, ON(SCREEN_MAIN), "", SHOWS, "open plan or import file:"},

    {ACTION_SETTINGS, ON(SCREEN_MAIN), "", SHOWS, "otplan  Settings"},
    {ACTION_DEVICES, ON(SCREEN_MAIN), "", SHOWS, "otplan  Devices"},
    {ACTION_COMPARE, ON(SCREEN_MAIN) | ON(SCREEN_SNAPSHOTS), "", SHOWS, "otplan  Compare"},
    {ACTION_DETAIL, ON(SCREEN_MAIN), "", SHOWS, "blk.12."},
    {ACTION_OVERRIDES, ON(SCREEN_MAIN), "", SHOWS, "otplan  Overrides"},
    {ACTION_WARNINGS, ON(SCREEN_MAIN), "", SHOWS, "otplan  Warnings"},
    {ACTION_SNAPSHOTS, ON(SCREEN_MAIN) | ON(SCREEN_COMPARE), "", SHOWS, "otplan  Snapshots"},
    {ACTION_HISTORY, ON(SCREEN_MAIN), "", SHOWS, "otplan  History"},
    {ACTION_WATCH, ON(SCREEN_MAIN), "", SHOWS, "otplan  Watch"},

    {ACTION_ENTER, ON(SCREEN_SETTINGS), "g", SHOWS, "context size"},
    {ACTION_ENTER, ON(SCREEN_DEVICES), "g", CHANGES, NULL},
    {ACTION_ENTER, ON(SCREEN_OVERRIDES), "g", CHANGES, NULL},
    {ACTION_ENTER, ON(SCREEN_SNAPSHOTS), "g", SHOWS, "otplan  Compare"},
    {ACTION_ENTER, ON(SCREEN_EXPORT), "g", CHANGES, NULL},
    {ACTION_ENTER, ON(SCREEN_HISTORY), ":set ctx 40960<Enter>g", RETURNS, "ctx 32768"},
    {ACTION_ADD, ON(SCREEN_DEVICES), "", CHANGES, NULL},
    {ACTION_DUPLICATE, ON(SCREEN_DEVICES), "g", SHOWS, "CUDA4"},
    {ACTION_REMOVE, ON(SCREEN_DEVICES), "g<Down>", CHANGES, NULL},
    {ACTION_REMOVE, ON(SCREEN_SNAPSHOTS), "sG", CHANGES, NULL},
    {ACTION_MOVE_UP, ON(SCREEN_DEVICES), "g<Down>", CHANGES, NULL},
    {ACTION_MOVE_DOWN, ON(SCREEN_DEVICES), "g", CHANGES, NULL},
    {ACTION_FREE, ON(SCREEN_DEVICES), "g", SHOWS, "free"},
    {ACTION_RESERVE, ON(SCREEN_DEVICES), "g", SHOWS, "reserve"},
    {ACTION_MARGIN, ON(SCREEN_DEVICES), "g", SHOWS, "margin"},
    {ACTION_TOTAL, ON(SCREEN_DEVICES), "g", SHOWS, "total"},
    {ACTION_AUTO, ON(SCREEN_WATCH), "", CHANGES, NULL},
    {ACTION_FORGET, ON(SCREEN_WATCH), "", STAYS, NULL},
    {ACTION_REPAIR, ON(SCREEN_OVERRIDES), "g", CHANGES, NULL},
    {ACTION_TAKE, ON(SCREEN_SNAPSHOTS), ":set ctx 40960<Enter>g", RETURNS, "ctx 32768"},
    {ACTION_TAKE, ON(SCREEN_HISTORY), ":set ctx 40960<Enter>g", RETURNS, "ctx 32768"},

    {ACTION_COMMAND, (unsigned)IN_ALL, "", CHANGES, NULL},
    {ACTION_HELP, (unsigned)IN_ALL & ~ON(SCREEN_HELP), "", SHOWS, "otplan  Help"},
    {ACTION_HELP, ON(SCREEN_HELP), "", STAYS, NULL},
    {ACTION_REDRAW, (unsigned)IN_ALL, "", WRITES, "\033[H\033[2J"},
    {ACTION_SUSPEND, (unsigned)IN_ALL, "", WRITES, "\033[?1049l"},
    {ACTION_LEAVE, LIST, "", SHOWS, "NORMAL"},
    {ACTION_QUIT, (unsigned)IN_ALL, ":set ctx 40960<Enter>", SHOWS, "not saved:"},
};

static const struct press_case *case_of(enum action action, enum screen screen)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].action == action && (cases[i].where & ON(screen)) != 0)
            return &cases[i];
    return NULL;
}

/* ---- looking -------------------------------------------------------------------------------- */

/* Text and look of every cell. */
static uint64_t appearance(struct pty *t)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (int row = 0; row < pty_rows(t); row++) {
        for (int column = 0; column < pty_columns(t); column++) {
            struct pty_cell cell = pty_cell(t, row, column);
            const unsigned char *bytes = (const unsigned char *)cell.text;
            for (size_t i = 0; bytes[i] != 0; i++)
                hash = (hash ^ bytes[i]) * 0x100000001b3U;
            unsigned look =
                (unsigned)cell.reverse | (unsigned)cell.bold << 1 | (unsigned)cell.underline << 2;
            hash = (hash ^ look) * 0x100000001b3U;
        }
    }
    return hash;
}

struct look {
    uint64_t before;
    const char *words;
    size_t written;
};

static bool differs(struct pty *t, void *data)
{
    return appearance(t) != ((const struct look *)data)->before;
}

static bool was_written(struct pty *t, void *data)
{
    const struct look *look = data;
    size_t length = 0;
    const char *output = pty_output(t, &length);
    return memmem(output + look->written, length - look->written, look->words,
                  strlen(look->words)) != NULL;
}

static bool rests(struct pty *t, void *data)
{
    (void)data;
    return pty_alternate(t) && pty_shows(t, "NORMAL");
}

/* A word that only this asks for: when it shows, everything typed before has been done. */
static bool settled(struct pty *t)
{
    static unsigned count;
    char word[32], line[40];
    snprintf(word, sizeof word, "barrier%u", ++count);
    snprintf(line, sizeof line, ":%s", word);
    pty_type(t, line);
    if (!pty_wait_for(t, word))
        return false;
    pty_type(t, "<C-g>");
    return pty_wait_gone(t, word);
}

/* ---- pressing ------------------------------------------------------------------------------- */

static void fresh(struct pty *t)
{
    struct spot spot;
    pty_type(t, "<C-g><C-g><C-g><C-g><C-g><C-g>");
    cr_assert(pty_wait(t, rests, NULL), "%s", pty_screen(t));
    pty_type(t, ":fold 1<Enter>:step 0<Enter>");
    cr_assert(settled(t));
    cr_assert(planner_map_spot(t, "gate", 12, &spot), "%s", pty_screen(t));
    pty_press(t, 1, spot.row, spot.column);
    pty_release(t, 1, spot.row, spot.column);
    pty_type(t, ":unselect<Enter>");
    cr_assert(settled(t));
}

static bool happens(struct pty *t, const struct press_case *expected, const char *key,
                    const struct look *look)
{
    struct look copy = *look;
    pty_type(t, key);
    switch (expected->wanted) {
    case CHANGES:
        return pty_wait(t, differs, &copy);
    case SHOWS:
        return pty_wait_for(t, expected->words);
    case WRITES:
        return pty_wait(t, was_written, &copy);
    case RETURNS:
        if (!settled(t))
            return false;
        pty_type(t, "<C-g><C-g><C-g><C-g>");
        return pty_wait(t, rests, NULL) && pty_wait_for(t, expected->words);
    case STAYS:
        return settled(t);
    }
    return false;
}

static void press(struct pty *t, enum screen screen, const struct binding *binding, uint32_t key)
{
    char name[16], typed[32];
    const struct press_case *expected = case_of(binding->action, screen);
    keymap_key_name(key, name);
    const char *shown = keymap_key_name(key, name);
    cr_assert_not_null(expected, "no case for %s on the %s screen", shown, screen_name(screen));
    fresh(t);
    pty_type(t, ways[screen]);
    pty_type(t, expected->before);
    cr_assert(settled(t), "%s on %s: %s", shown, screen_name(screen), pty_screen(t));
    struct look look = {.words = expected->words, .before = appearance(t)};
    pty_output(t, &look.written);
    cr_assert(happens(t, expected, key_typed(key, typed), &look), "%s (%s) on the %s screen:\n%s",
              shown, binding->help, screen_name(screen), pty_screen(t));
    if (expected->wanted == WRITES)
        cr_assert(settled(t), "%s", pty_screen(t));
}

static void press_all(enum screen screen)
{
    struct pty *t = planner_demo(screen == SCREEN_DETAIL ? 18 : 30, 100, NULL, NULL);
    cr_assert_not_null(t);
    for (size_t i = 0; i < keymap_length; i++) {
        const struct binding *binding = &keymap[i];
        if ((binding->where & ON(screen)) == 0)
            continue;
        if (binding->action == ACTION_FOCUS_BAR) {
            press(t, screen, binding, '2');
            press(t, screen, binding, 'F');
            continue;
        }
        for (int k = 0; k < KEYS_MAX && binding->keys[k] != 0; k++)
            press(t, screen, binding, binding->keys[k]);
    }
    pty_type(t, "<C-g><C-g><C-g><C-g>:quit!<Enter>");
    int status = -1;
    cr_assert(pty_wait_end(t, &status), "%s", pty_screen(t));
    cr_assert_eq(status, 0);
    pty_end(t);
}

/* One program a screen, so that they can run side by side. */
#define PRESS(name, screen)                                                                        \
    Test(planner_keys, name)                                                                       \
    {                                                                                              \
        press_all(screen);                                                                         \
    }
PRESS(main, SCREEN_MAIN)
PRESS(help, SCREEN_HELP)
PRESS(settings, SCREEN_SETTINGS)
PRESS(devices, SCREEN_DEVICES)
PRESS(compare, SCREEN_COMPARE)
PRESS(overrides, SCREEN_OVERRIDES)
PRESS(snapshots, SCREEN_SNAPSHOTS)
PRESS(detail, SCREEN_DETAIL)
PRESS(exporting, SCREEN_EXPORT)
PRESS(history, SCREEN_HISTORY)
PRESS(warnings, SCREEN_WARNINGS)
PRESS(verify, SCREEN_VERIFY)
PRESS(watch, SCREEN_WATCH)

/* A screen that is added needs its line above. */
_Static_assert(SCREEN_COUNT == 13, "every screen is pressed");

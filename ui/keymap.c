#include "ui/keymap.h"

#include "ui/event.h"

#include <stdio.h>
#include <string.h>

#define MAIN         (1U << SCREEN_MAIN)
#define SETTINGS     (1U << SCREEN_SETTINGS)
#define DEVICES      (1U << SCREEN_DEVICES)
#define COMPARE      (1U << SCREEN_COMPARE)
#define SNAPSHOTS    (1U << SCREEN_SNAPSHOTS)
#define EXPORT       (1U << SCREEN_EXPORT)
#define HISTORY      (1U << SCREEN_HISTORY)
#define OVERRIDES    (1U << SCREEN_OVERRIDES)
#define WATCH        (1U << SCREEN_WATCH)
#define CHOOSING     (SETTINGS | DEVICES | OVERRIDES | SNAPSHOTS | EXPORT | HISTORY)
#define LISTS        ((unsigned)IN_ALL & ~MAIN)
#define CTRL(letter) ((letter)&PRESS_CONTROL)

static const char go[] = "Go";
static const char choose[] = "Select";
static const char send[] = "Send";
static const char plan[] = "Plan";
static const char see[] = "Screens";
static const char program[] = "Program";

/* Digits and A-F focus a bar on the main screen; they are targets only after `m`. */
const struct binding keymap[] = {
    {ACTION_UP, IN_ALL, {PRESS_UP, 'k'}, go, "up"},
    {ACTION_DOWN, IN_ALL, {PRESS_DOWN, 'j'}, go, "down"},
    {ACTION_LEFT, MAIN | SETTINGS, {PRESS_LEFT, 'h'}, go, "left; in settings: the value before"},
    {ACTION_RIGHT, MAIN | SETTINGS, {PRESS_RIGHT, 'l'}, go, "right; in settings: the next value"},
    {ACTION_PAGE_UP, IN_ALL, {PRESS_PAGE_UP}, go, "a page up (on the map: left)"},
    {ACTION_PAGE_DOWN, IN_ALL, {PRESS_PAGE_DOWN}, go, "a page down (on the map: right)"},
    {ACTION_HALF_UP, IN_ALL, {CTRL('u')}, go, "half a page up"},
    {ACTION_HALF_DOWN, IN_ALL, {CTRL('d')}, go, "half a page down"},
    {ACTION_FIRST, IN_ALL, {PRESS_HOME}, go, "first layer or line"},
    {ACTION_LAST, IN_ALL, {PRESS_END}, go, "last layer or line"},
    {ACTION_TOP, IN_ALL, {'g'}, go, "top row"},
    {ACTION_BOTTOM, IN_ALL, {'G'}, go, "bottom row"},
    {ACTION_NEXT_PANE, MAIN, {PRESS_TAB}, go, "next pane: devices, map, tensors, arguments"},
    {ACTION_PREVIOUS_PANE, MAIN, {PRESS_SHIFT_TAB}, go, "pane before"},
    {ACTION_FOCUS_BAR, MAIN, {'0', '9', 'A', 'F'}, go, "look at that device's bar"},
    {ACTION_FOLD, MAIN, {'f'}, go, "fold 2, 4 or 8 layers into a cell"},
    {ACTION_SORT, MAIN, {PRESS_F1 + 5}, go, "sort tensors by size, name, type or device"},

    {ACTION_BLOCK, MAIN, {'v'}, choose, "begin or end a block"},
    {ACTION_EXTEND_UP, MAIN, {PRESS_SHIFT_UP}, choose, "extend a block up"},
    {ACTION_EXTEND_DOWN, MAIN, {PRESS_SHIFT_DOWN}, choose, "extend a block down"},
    {ACTION_EXTEND_LEFT, MAIN, {PRESS_SHIFT_LEFT}, choose, "extend a block to the left"},
    {ACTION_EXTEND_RIGHT, MAIN, {PRESS_SHIFT_RIGHT}, choose, "extend a block to the right"},
    {ACTION_LAYERS, MAIN, {'V'}, choose, "whole layers"},
    {ACTION_MARK,
     MAIN | SNAPSHOTS,
     {' '},
     choose,
     "mark the cell or tensor, or one of two to compare"},
    {ACTION_FILTER, MAIN, {'/'}, choose, "filter by a pattern; Enter selects what matches"},
    {ACTION_INVERT, MAIN, {'!'}, choose, "invert the selection"},
    {ACTION_CLEAR, MAIN, {'U', PRESS_ESCAPE, CTRL('g')}, choose, "clear the selection, cancel"},

    {ACTION_SEND, MAIN, {'m'}, send, "move: then a device key, c for CPU, or . for home"},
    {ACTION_SEND_AGAIN, MAIN, {'M'}, send, "move to the last target again"},
    {ACTION_PAINT, MAIN, {'P'}, send, "paint with the last target: arrows, then Enter"},
    {ACTION_BOUNDARY_LEFT, MAIN, {'<'}, send, "nearest home boundary one layer left"},
    {ACTION_BOUNDARY_RIGHT, MAIN, {'>'}, send, "nearest home boundary one layer right"},

    {ACTION_UNDO, IN_ALL, {'u', 'z'}, plan, "undo"},
    {ACTION_REDO, IN_ALL, {CTRL('r'), 'Z'}, plan, "redo"},
    {ACTION_LOCK, MAIN | SETTINGS, {'L'}, plan, "lock or unlock: later moves leave it"},
    {ACTION_AUTO, MAIN, {'a'}, plan, "auto: the optimiser places what is not locked"},
    {ACTION_PROBE, MAIN, {'p'}, plan, "probe: ask your own llama.cpp for its figures"},
    {ACTION_CONTEXT, MAIN | SETTINGS, {'c'}, plan, "change the context size"},
    {ACTION_SNAPSHOT, MAIN | COMPARE | SNAPSHOTS, {'s'}, plan, "take a snapshot"},
    {ACTION_EXPORT, MAIN, {'e'}, plan, "export"},
    {ACTION_COPY, MAIN | EXPORT, {'y'}, plan, "copy the arguments to the clipboard"},
    {ACTION_WRITE, MAIN, {'w'}, plan, "write the plan to a file"},
    {ACTION_IMPORT, MAIN, {'I'}, plan, "open a plan or import -ot lines"},
    {ACTION_IMPORT, SNAPSHOTS, {'I'}, plan, "read a plan file to compare with"},

    {ACTION_SETTINGS, MAIN, {','}, see, "settings: context, cache types, batch sizes"},
    {ACTION_DEVICES, MAIN, {'d'}, see, "devices: add, remove, free memory, margins"},
    {ACTION_COMPARE, MAIN | SNAPSHOTS, {'b'}, see, "compare with a snapshot or the start"},
    {ACTION_DETAIL, MAIN, {'i'}, see, "detail of what is under the cursor"},
    {ACTION_OVERRIDES, MAIN, {'o'}, see, "override rules: the one of what is under the cursor"},
    {ACTION_WARNINGS, MAIN, {'W'}, see, "warnings in full"},
    {ACTION_SNAPSHOTS, MAIN | COMPARE, {'S'}, see, "snapshots"},
    {ACTION_HISTORY, MAIN, {'H'}, see, "history: every step by name"},
    {ACTION_WATCH, MAIN, {'n'}, see, "watch: memory now, beside the planned"},

    {ACTION_ENTER, CHOOSING, {PRESS_ENTER}, "Lists", "take the value, open, choose"},
    {ACTION_REPAIR, OVERRIDES, {'r'}, "Lists", "take the repair of this rule"},
    {ACTION_ADD, DEVICES, {'a'}, "Lists", "add a device"},
    {ACTION_DUPLICATE, DEVICES, {'c'}, "Lists", "add a copy of this device"},
    {ACTION_REMOVE, DEVICES | SNAPSHOTS, {'x', PRESS_DELETE}, "Lists", "remove"},
    {ACTION_MOVE_UP, DEVICES, {'K', '<', PRESS_SHIFT_UP}, "Lists", "earlier in the order"},
    {ACTION_MOVE_DOWN, DEVICES, {'J', '>', PRESS_SHIFT_DOWN}, "Lists", "later in the order"},
    {ACTION_FREE, DEVICES, {'f'}, "Lists", "change free memory (MiB)"},
    {ACTION_RESERVE, DEVICES, {'r'}, "Lists", "change the reserve (MiB)"},
    {ACTION_MARGIN, DEVICES, {'m'}, "Lists", "change the margin (MiB)"},
    {ACTION_TOTAL, DEVICES, {'t'}, "Lists", "change total memory (MiB)"},
    {ACTION_AUTO, WATCH, {'a'}, "Lists", "watch: plan for the memory there is now"},
    {ACTION_FORGET, WATCH, {'r'}, "Lists", "watch: forget the peaks"},
    {ACTION_TAKE, SNAPSHOTS | HISTORY, {'t'}, "Lists", "make this the plan again"},

    {ACTION_COMMAND, IN_ALL, {':'}, program, "command line"},
    {ACTION_HELP, IN_ALL, {'?', PRESS_F1}, program, "help"},
    {ACTION_REDRAW, IN_ALL, {CTRL('l')}, program, "redraw the screen"},
    {ACTION_SUSPEND, IN_ALL, {CTRL('z')}, program, "suspend"},
    {ACTION_LEAVE, LISTS, {'q', PRESS_ESCAPE, CTRL('g')}, program, "back"},
    {ACTION_QUIT, MAIN, {'q', PRESS_F1 + 9, CTRL('c')}, program, "quit"},
    {ACTION_QUIT, LISTS, {PRESS_F1 + 9, CTRL('c')}, program, "quit"},
};
const size_t keymap_length = sizeof keymap / sizeof *keymap;

static int matches(const struct binding *binding, uint32_t key)
{
    if (binding->action == ACTION_FOCUS_BAR) {
        return (key >= '0' && key <= '9') || (key >= 'A' && key <= 'F');
    }
    for (int i = 0; i < KEYS_MAX; i++) {
        if (binding->keys[i] == key && key != 0) {
            return 1;
        }
    }
    return 0;
}

enum action keymap_find(enum screen screen, uint32_t key)
{
    for (size_t i = 0; i < keymap_length; i++) {
        if ((keymap[i].where & 1U << screen) != 0 && matches(&keymap[i], key)) {
            return keymap[i].action;
        }
    }
    return ACTION_NONE;
}

const char *keymap_key_name(uint32_t key, char out[16])
{
    static const struct {
        uint32_t key;
        const char *name;
    } names[] = {
        {PRESS_ESCAPE, "Esc"},
        {PRESS_ENTER, "Enter"},
        {PRESS_TAB, "Tab"},
        {' ', "Space"},
        {PRESS_UP, "Up"},
        {PRESS_DOWN, "Down"},
        {PRESS_LEFT, "Left"},
        {PRESS_RIGHT, "Right"},
        {PRESS_SHIFT_UP, "Shift-Up"},
        {PRESS_SHIFT_DOWN, "Shift-Down"},
        {PRESS_SHIFT_LEFT, "Shift-Left"},
        {PRESS_SHIFT_RIGHT, "Shift-Right"},
        {PRESS_HOME, "Home"},
        {PRESS_END, "End"},
        {PRESS_PAGE_UP, "PgUp"},
        {PRESS_PAGE_DOWN, "PgDn"},
        {PRESS_INSERT, "Ins"},
        {PRESS_DELETE, "Del"},
        {PRESS_SHIFT_TAB, "Shift-Tab"},
        {PRESS_BACKSPACE, "Backspace"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].key == key) {
            return names[i].name;
        }
    }
    if (key >= PRESS_F1 && key <= PRESS_F12) {
        snprintf(out, 16, "F%u", (unsigned)(key - PRESS_F1 + 1));
    } else if (key < 0x20) {
        snprintf(out, 16, "Ctrl-%c", (char)(key + '`'));
    } else {
        snprintf(out, 16, "%c", key < 0x80 ? (char)key : '?');
    }
    return out;
}

void keymap_keys(const struct binding *binding, char *out, size_t n)
{
    if (binding->action == ACTION_FOCUS_BAR) {
        snprintf(out, n, "0-9 A-F");
        return;
    }
    out[0] = '\0';
    for (int i = 0; i < KEYS_MAX && binding->keys[i] != 0; i++) {
        char name[16];
        size_t length = strlen(out);
        snprintf(out + length, n - length, "%s%s", i > 0 ? " " : "",
                 keymap_key_name(binding->keys[i], name));
    }
}

uint32_t keymap_key_of(enum screen screen, enum action action)
{
    for (size_t i = 0; i < keymap_length; i++) {
        if ((keymap[i].where & 1U << screen) != 0 && keymap[i].action == action) {
            return keymap[i].keys[0];
        }
    }
    return 0;
}

const char *screen_name(enum screen screen)
{
    static const char *const names[] = {"main",      "help",      "settings", "devices", "compare",
                                        "overrides", "snapshots", "detail",   "export",  "history",
                                        "warnings",  "verify",    "watch"};
    _Static_assert(sizeof names / sizeof *names == SCREEN_COUNT, "a name for every screen");
    return names[screen];
}

/* The key table: every key of every screen, once. Handling, the help screen, hints and the page on
 * keys are all made from it.
 */
#ifndef OTPLAN_UI_KEYMAP_H
#define OTPLAN_UI_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

enum screen {
    SCREEN_MAIN,
    SCREEN_HELP,
    SCREEN_SETTINGS,
    SCREEN_DEVICES,
    SCREEN_COMPARE,
    SCREEN_OVERRIDES,
    SCREEN_SNAPSHOTS,
    SCREEN_DETAIL,
    SCREEN_EXPORT,
    SCREEN_HISTORY,
    SCREEN_WARNINGS,
    SCREEN_VERIFY,
    SCREEN_WATCH,
    SCREEN_COUNT,
};

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HALF_UP,
    ACTION_HALF_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_NEXT_PANE,
    ACTION_PREVIOUS_PANE,
    ACTION_FOCUS_BAR,
    ACTION_FOLD,
    ACTION_SORT,
    ACTION_BLOCK,
    ACTION_EXTEND_UP,
    ACTION_EXTEND_DOWN,
    ACTION_EXTEND_LEFT,
    ACTION_EXTEND_RIGHT,
    ACTION_LAYERS,
    ACTION_MARK,
    ACTION_FILTER,
    ACTION_INVERT,
    ACTION_CLEAR,
    ACTION_SEND,
    ACTION_SEND_AGAIN,
    ACTION_PAINT,
    ACTION_BOUNDARY_LEFT,
    ACTION_BOUNDARY_RIGHT,
    ACTION_UNDO,
    ACTION_REDO,
    ACTION_LOCK,
    ACTION_AUTO,
    ACTION_PROBE,
    ACTION_CONTEXT,
    ACTION_SETTINGS,
    ACTION_DEVICES,
    ACTION_OVERRIDES,
    ACTION_DETAIL,
    ACTION_WARNINGS,
    ACTION_SNAPSHOT,
    ACTION_SNAPSHOTS,
    ACTION_COMPARE,
    ACTION_HISTORY,
    ACTION_WATCH,
    ACTION_EXPORT,
    ACTION_COPY,
    ACTION_WRITE,
    ACTION_IMPORT,
    ACTION_COMMAND,
    ACTION_HELP,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_LEAVE,
    ACTION_QUIT,
    /* lists */
    ACTION_ENTER,
    ACTION_TAKE,
    ACTION_REPAIR,
    ACTION_ADD,
    ACTION_DUPLICATE,
    ACTION_REMOVE,
    ACTION_MOVE_UP,
    ACTION_MOVE_DOWN,
    ACTION_FREE,
    ACTION_RESERVE,
    ACTION_MARGIN,
    ACTION_TOTAL,
    ACTION_FORGET,
    ACTION_COUNT,
};

enum { KEYS_MAX = 4, IN_ALL = 0x7FFFFFFF };

struct binding {
    enum action action;
    unsigned where; /* bit 1 << enum screen */
    uint32_t keys[KEYS_MAX];
    const char *group; /* heading of the help screen */
    const char *help;
};

extern const struct binding keymap[];
extern const size_t keymap_length;

enum action keymap_find(enum screen screen, uint32_t key);
/* "Ctrl-r", "PgUp", "Space", "m". */
const char *keymap_key_name(uint32_t key, char out[16]);
/* All keys of a binding: "u z". */
void keymap_keys(const struct binding *binding, char *out, size_t n);
/* The first key of an action on a screen, 0: none. */
uint32_t keymap_key_of(enum screen screen, enum action action);
const char *screen_name(enum screen screen);

#endif

/* The planner's screen: what the user can see and do. Handles an event, gives back what is wanted of
 * the plan, and draws a scene into a canvas. Knows no terminal and changes no plan.
 */
#ifndef OTPLAN_UI_UI_H
#define OTPLAN_UI_UI_H

#include "ui/canvas.h"
#include "ui/drag.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/prompt.h"
#include "ui/scene.h"
#include "ui/selection.h"

enum focus { FOCUS_DEVICES, FOCUS_MAP, FOCUS_TENSORS, FOCUS_ARGUMENTS, FOCUS_COUNT };
enum mode { MODE_NORMAL, MODE_BLOCK, MODE_MOVE, MODE_PAINT };
enum tensor_sort { SORT_SIZE, SORT_NAME, SORT_TYPE, SORT_DEVICE, SORT_COUNT };
enum cache_follows { FOLLOW_ASK, FOLLOW_YES, FOLLOW_NO };
enum { CARRY_NONE = -100, CARRY_HOME = -101 }; /* targets beside devices and DEVICE_HOST */
enum { SCREEN_DEPTH = 8, ANSWERS_MAX = 4, COMMAND_MAX = 1200 };

struct list {
    int cursor, top;
};

struct question {
    bool is_open;
    char text[256];
    size_t n_answers;
    struct {
        uint32_t key;
        char label[32];
        char command[COMMAND_MAX];
    } answers[ANSWERS_MAX];
};

struct ui {
    int width, height;
    bool ascii;
    bool use_gib;   /* bars in GiB */
    bool has_color; /* fine bars need it */
    bool fine_bars; /* in eighths of a cell instead of shades */
    enum screen stack[SCREEN_DEPTH];
    int depth;
    enum focus focus;
    enum mode mode;
    size_t row; /* map cursor */
    uint32_t layer;
    size_t row_top;  /* first map row shown, below the home row, which stays */
    int column_left; /* first map column shown */
    int fold;        /* layers a column */
    int device;      /* bar looked at: index or DEVICE_HOST */
    size_t device_top;
    struct list tensors, arguments, lists[SCREEN_COUNT];
    enum tensor_sort sort;
    struct selection selection;
    struct selection base; /* before the block or rectangle that is being drawn */
    size_t anchor_row;
    uint32_t anchor_layer;
    struct drag drag;
    struct mouse mouse;     /* where it was last */
    bool is_scrolling;      /* held at an edge that still has something beyond it */
    uint64_t list_press_ms; /* on a line of a list screen; 0: none that a second could double */
    int carry;              /* target under what is carried */
    int last_target;        /* of M and P; CARRY_NONE at first */
    enum cache_follows cache_follows;
    struct edit pending;  /* a drop that waits for the answer to a question */
    struct edit boundary; /* while a home boundary is dragged */
    struct prompt prompt;
    struct question question;
    char candidate[COMMAND_MAX]; /* settings: a value that is tried but not taken, as a command */
    char *pasted;                /* owned or NULL: waits for the answer to a question */
    char notice[512];            /* the screen's own message */
    bool notice_is_error;
    int bars_above; /* settings: lines of bars above the list */
};

/* What is wanted of the plan: an edit, or a command line as `:` takes it; or nothing. */
struct intent {
    struct edit edit; /* owned */
    char command[COMMAND_MAX];
};

void ui_init(struct ui *ui, const struct layer_map *map, bool ascii);
void ui_free(struct ui *ui);
void ui_resize(struct ui *ui, const struct scene *scene, int width, int height);
/* `time_ms`: for double clicks. The caller clears `intent->edit`. */
void ui_handle(struct ui *ui, const struct scene *scene, const struct event *event,
               uint64_t time_ms, struct intent *intent);
void ui_draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas);

/* What would happen if what is carried were dropped now: false without. New rows; clear it. */
bool ui_tentative_edit(const struct ui *ui, const struct scene *scene, struct edit *edit);
/* A command whose effect is to be shown but not taken (a value being typed); NULL without. */
const char *ui_tentative_command(const struct ui *ui);
/* While something is held at an edge the screen goes on scrolling: so many milliseconds until `event` is to be
 * handled, a motion to where the mouse is. -1: not. */
int ui_scroll_wait_ms(const struct ui *ui, struct event *event);
/* The rows carried, for what-would-fit hints. False where nothing is carried. */
bool ui_carried(const struct ui *ui, const struct scene *scene, struct edit *edit);

/* Commands of the screen itself (`screen`, `fold`, `select`, ...). False where the command is not one.
 * `error` says why one of them failed. */
bool ui_command(struct ui *ui, const struct scene *scene, const char *command, struct error *error);
void ui_open(struct ui *ui, enum screen screen);
void ui_leave(struct ui *ui);
enum screen ui_screen(const struct ui *ui);
void ui_ask(struct ui *ui, const char *text);
/* Adds an answer: a key, a word for it, and the command it gives. */
void ui_answer(struct ui *ui, uint32_t key, const char *label, const char *command);
void ui_notice(struct ui *ui, bool is_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Cursors and scroll positions back inside what there is; after every event and resize. */
void ui_settle(struct ui *ui, const struct scene *scene);

/* The rule under the cursor of the overrides screen; -1 where it is not open. */
long ui_overrides_rule(const struct ui *ui);
/* The format chosen on the export screen; NULL where it is not open. */
const char *ui_export_format(const struct ui *ui);

#endif

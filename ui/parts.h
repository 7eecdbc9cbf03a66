/* Private to ui/: the parts of the screen that share `struct ui`. */
#ifndef OTPLAN_UI_PARTS_H
#define OTPLAN_UI_PARTS_H

#include "ui/ui.h"

/* ---- main screen ---- */
void main_layout(const struct ui *ui, const struct scene *scene, struct layout *out);
void main_draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas);
void main_action(struct ui *ui, const struct scene *scene, enum action action, uint32_t key,
                 struct intent *intent);
/* Moves the cursor of the focused pane; between m and the device it walks over the bars. */
void main_go(struct ui *ui, const struct scene *scene, int columns, int lines);
void main_after_step(struct ui *ui, const struct scene *scene); /* blocks and paint follow */
bool main_go_action(struct ui *ui, const struct scene *scene, enum action action);
void main_mouse(struct ui *ui, const struct scene *scene, const struct mouse *mouse,
                uint64_t time_ms, struct intent *intent);
void main_hit(const struct ui *ui, const struct scene *scene, int x, int y, struct hit *out);
void main_settle(struct ui *ui, const struct scene *scene);
void main_cancel(struct ui *ui);

void bars_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
               struct canvas *canvas);
int bars_hit(const struct ui *ui, const struct scene *scene, const struct layout *layout, int x,
             int y); /* device, or DEVICE_NONE */
void map_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
              struct canvas *canvas);
/* Columns of the map that are visible. */
int map_columns(const struct scene *scene, const struct layout *layout, int fold, int *total);
void tensors_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                  struct canvas *canvas);
/* The rows listed in the tensor pane, in its order; new array. */
uint32_t *tensors_listed(const struct ui *ui, const struct scene *scene, size_t *n,
                         uint64_t *bytes);
void arguments_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                    struct canvas *canvas);
int arguments_lines(const struct scene *scene, int width);
void status_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                 struct canvas *canvas);
/* False where no word of ours begins so. */
bool prompt_complete(struct ui *ui, const struct scene *scene);
void prompt_draw(const struct ui *ui, const struct scene *scene, int y, struct canvas *canvas);

char device_glyph(int device); /* '0'..'9', 'A'..'F', 'c', '*', '.' for none, '#' past F */
enum ink device_ink(int device);
/* Device of a key as pressed: an index of the rig, DEVICE_HOST, or DEVICE_NONE. */
int device_of_key(const struct scene *scene, uint32_t key);

/* Says that the key means nothing on this screen. */
void ui_no_such_key(struct ui *ui, uint32_t key);
void list_key(struct ui *ui, const struct scene *scene, uint32_t key, struct intent *intent);
void list_mouse(struct ui *ui, const struct scene *scene, const struct mouse *mouse,
                uint64_t time_ms, struct intent *intent);
bool ui_filter(struct ui *ui, const struct scene *scene, const char *text, struct error *error);

/* ---- what a drop does ---- */
bool drop_build(const struct ui *ui, const struct scene *scene, int target, struct edit *edit);
/* Takes the edit, or asks first; fills the intent. */
void drop_take(struct ui *ui, const struct scene *scene, int target, struct intent *intent);

/* ---- list screens ---- */
struct screen_ops {
    void (*draw)(const struct ui *ui, const struct scene *scene, struct canvas *canvas);
    int (*lines)(const struct ui *ui, const struct scene *scene); /* of the list; NULL: none */
    void (*act)(struct ui *ui, const struct scene *scene, enum action action,
                struct intent *intent);
};
const struct screen_ops *screen_ops_of(enum screen screen); /* NULL: the main screen */
extern const struct screen_ops help_screen, settings_screen, devices_screen, compare_screen,
    overrides_screen, snapshots_screen, detail_screen, export_screen, history_screen,
    warnings_screen, verify_screen, watch_screen;
/* Heading and foot of a list screen; returns the first free line. */
int screen_frame(const struct ui *ui, const struct scene *scene, struct canvas *canvas,
                 const char *title, const char *hints);
/* What just happened, in place of the hints; over the last line of the list too where it is long. */
void screen_foot(const struct ui *ui, const struct scene *scene, struct canvas *canvas);
int screen_height(const struct ui *ui);                         /* lines between heading and foot */
int screen_first_line(enum screen screen, const struct ui *ui); /* of the list */
enum { OVERRIDES_BELOW = 8 };
int screen_lines_below(enum screen screen, const struct ui *ui); /* between list and foot */
void overrides_open_here(struct ui *ui,
                         const struct scene *scene); /* on the rule of what is here */
struct list *screen_list(struct ui *ui);
const struct list *screen_list_of(const struct ui *ui, enum screen screen);

int lines_of_devices(const struct scene *scene);
const struct device_use *scene_use(const struct evaluation *evaluation, int device);
const struct device *scene_device(const struct rig *rig, int device);

#endif

/* Where the panes of the main screen go. A pure function of sizes and counts.
 *
 * With fewer rows panes go in this order: help line, legend, arguments to one line, tensors.
 */
#ifndef OTPLAN_UI_LAYOUT_H
#define OTPLAN_UI_LAYOUT_H

#include "ui/canvas.h"

#include <stddef.h>

enum { LAYOUT_MIN_WIDTH = 60, LAYOUT_MIN_HEIGHT = 16, LAYOUT_WIDE = 100, BARS_SHOWN = 6 };

struct layout_input {
    int width, height;
    size_t n_devices;   /* the host not counted */
    size_t n_map_rows;  /* the home row included */
    size_t n_map_major; /* of them, those wanted where rows are short */
    int name_cells;     /* longest device name */
};

struct layout {
    bool too_small;
    bool is_wide; /* labels of 15 columns, arguments in a pane of their own */
    struct rect title, legend, bars, map, tensors, arguments, status, help; /* height 0: absent */
    int bar_lines;   /* lines of device bars, CPU's not counted */
    int bars_a_line; /* 1, or 2 where the screen is wide and devices many */
    int label_cells; /* of the map */
    int bar_label_cells;
    int name_cells;
    int description_cells; /* 0: none */
};

void layout_main(const struct layout_input *input, struct layout *out);

#endif

#include "ui/layout.h"

enum {
    MANY_DEVICES = 9, /* from here two bars share a line where there is width */
    TWO_BARS_WIDTH = 120,
    TENSORS_PANE = 75, /* columns; the arguments get the rest, within bounds */
    ARGUMENTS_LEAST = 32,
    ARGUMENTS_MOST = 90,
    TENSORS_WANTED = 7, /* rows of the tensor pane before the map takes its minor rows */
    TENSORS_LEAST = 4,
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* The line at `*y`, which moves on. */
static struct rect take(int *y, int width, int height)
{
    struct rect rect = {0, *y, width, height};
    *y += height;
    return rect;
}

void layout_main(const struct layout_input *input, struct layout *out)
{
    int width = input->width;
    int height = input->height;
    *out = (struct layout){.is_wide = width >= LAYOUT_WIDE, .bars_a_line = 1};
    if (width < LAYOUT_MIN_WIDTH || height < LAYOUT_MIN_HEIGHT) {
        out->too_small = true;
        return;
    }
    int devices = (int)least((int)input->n_devices, 4096);
    if (width >= TWO_BARS_WIDTH && devices >= MANY_DEVICES) {
        out->bars_a_line = 2;
    }
    out->bar_lines = least((devices + out->bars_a_line - 1) / out->bars_a_line, (int)BARS_SHOWN);
    out->label_cells = out->is_wide ? 15 : 8;
    out->name_cells = least(most(input->name_cells, 5), 12);
    out->description_cells = out->is_wide && out->bars_a_line == 1 ? (width >= 160 ? 14 : 8) : 0;
    out->bar_label_cells = 3 + out->name_cells + 1;
    out->bar_label_cells += out->description_cells > 0 ? out->description_cells + 1 : 0;

    int major = most((int)input->n_map_major, 1);
    int fixed = 4; /* title, map head, status, one line of arguments or tensors */
    int left = height - fixed - (out->bar_lines + 1) - major;
    while (left < 0 && out->bar_lines > 3) {
        out->bar_lines--;
        left++;
    }
    while (left < 0 && major > 3) {
        major--;
        left++;
    }
    left = most(left, 0);
    bool legend = left >= 1 + TENSORS_LEAST - 1;
    left -= legend ? 1 : 0;
    bool help = !out->is_wide && left >= 1 + TENSORS_LEAST;
    left -= help ? 1 : 0;
    bool side = out->is_wide && left >= TENSORS_LEAST;
    left += side ? 1 : 0; /* the arguments stand beside the tensors */
    int extra = least((int)input->n_map_rows - major, left - TENSORS_WANTED);
    int map_rows = major + most(extra, 0);
    left -= most(extra, 0);

    int pane = least(most(width - TENSORS_PANE, ARGUMENTS_LEAST), ARGUMENTS_MOST);
    int y = 0;
    out->title = take(&y, width, 1);
    out->legend = take(&y, width, legend ? 1 : 0);
    out->bars = take(&y, width, out->bar_lines + 1);
    out->map = take(&y, width, 1 + map_rows);
    out->tensors = take(&y, side ? width - pane : width, left);
    if (side) {
        out->arguments = (struct rect){width - pane, out->tensors.y, pane, left};
    } else {
        out->arguments = take(&y, width, 1);
    }
    out->status = take(&y, width, 1);
    out->help = take(&y, width, help ? 1 : 0);
}

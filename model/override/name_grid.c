#include "model/override/name_grid.h"

#include "model/base/memory.h"
#include "model/override/generate.h"

#include <stdlib.h>

static int colour_of(struct name_grids *out, int device)
{
    for (size_t i = 0; i < out->n_colours; i++) {
        if (out->colours[i] == device) {
            return (int)i;
        }
    }
    if (out->n_colours == COVER_MAX_COLOURS) {
        out->too_many_colours = true;
        return 0;
    }
    out->colours[out->n_colours] = (int16_t)device;
    return (int)out->n_colours++;
}

static struct cover_cell cell_of(struct name_grids *out, int wanted, int stays)
{
    if (wanted >= DEVICE_HOST) {
        return (struct cover_cell){(int8_t)colour_of(out, wanted), true};
    }
    if (wanted == WANTED_FREE) {
        return (struct cover_cell){COVER_ANY, false};
    }
    if (stays >= DEVICE_HOST) {
        return (struct cover_cell){(int8_t)colour_of(out, stays), false};
    }
    return (struct cover_cell){COVER_CLOSED, false};
}

static void layout_grid(const struct name_layout *names, struct name_grid *grid)
{
    *grid = (struct name_grid){.names = *names};
    if (names->rows == NULL) {
        return;
    }
    size_t n_cells = names->n_suffixes * names->n_layers;
    grid->cells = memory_array(n_cells, sizeof *grid->cells);
    for (size_t i = 0; i < n_cells; i++) {
        grid->cells[i] = (struct cover_cell){COVER_ANY, false};
    }
}

/* Neighbours in the file mostly want the same: asked once. */
static void fill_cells(const struct model *model, const int16_t *wanted, const int16_t *stays,
                       struct name_grids *out)
{
    const struct name_lines *lines = model->lines;
    struct cover_cell last = {COVER_ANY, false};
    int last_wanted = WANTED_FREE, last_stays = DEVICE_NONE;
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        uint32_t cell = lines->cell[row];
        if (cell == NAME_SINGLE) {
            continue;
        }
        int stay = stays == NULL ? DEVICE_NONE : stays[row];
        if (wanted[row] != last_wanted || stay != last_stays) {
            last_wanted = wanted[row];
            last_stays = stay;
            last = cell_of(out, last_wanted, last_stays);
        }
        struct name_grid *grid = &out->grids[lines->grid[row]];
        grid->cells[cell] = last;
        if (last.must) {
            grid->has_wish = true; /* stored, never read here: no row waits for the one before */
        }
    }
}

static void all_single(const struct model *model, struct name_grids *out)
{
    out->all_single = memory_array(model->n_tensors, sizeof *out->all_single);
    out->single = out->all_single;
    out->n_single = 0;
    out->anchors = NULL;
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        if (model->tensors[row].tied_to < 0) {
            out->all_single[out->n_single++] = row;
        }
    }
}

void name_grids_build(const struct model *model, const int16_t *wanted, const int16_t *stays,
                      struct name_grids *out)
{
    const struct name_lines *lines = model->lines;
    *out = (struct name_grids){.n_grids = lines->n_grids,
                               .single = lines->single,
                               .n_single = lines->n_single,
                               .anchors = lines->anchors};
    for (size_t i = 0; i < out->n_grids; i++) {
        layout_grid(&lines->grids[i], &out->grids[i]);
    }
    fill_cells(model, wanted, stays, out);
    for (size_t i = 0; i < out->n_grids && out->too_many_colours; i++) {
        out->grids[i].has_wish = false;
    }
    if (out->too_many_colours) {
        all_single(model, out);
    }
}

void name_grids_clear(struct name_grids *grids)
{
    for (size_t i = 0; i < grids->n_grids; i++) {
        free(grids->grids[i].cells);
    }
    free(grids->all_single);
    *grids = (struct name_grids){0};
}

/* What is selected: weights by model row, or homes by layer. Never both. */
#ifndef OTPLAN_UI_SELECTION_H
#define OTPLAN_UI_SELECTION_H

#include "model/plan/layer_map.h"

struct selection {
    size_t n_rows;
    uint32_t n_layer;
    uint8_t *rows;  /* owned: per model row */
    uint8_t *homes; /* owned: per layer, the output layer last */
    size_t n_marked;
    size_t n_homes;
    bool whole_layers; /* V: all weights of layers, and perhaps their homes */
    bool is_spent;     /* was sent: stays visible, the next selecting starts anew */
};

enum selection_state { SELECTED_NONE, SELECTED_PART, SELECTED_ALL };

void selection_init(struct selection *selection, const struct layer_map *map);
void selection_free(struct selection *selection);
void selection_reset(struct selection *selection);
void selection_copy(struct selection *to, const struct selection *from); /* same sizes */
bool selection_any(const struct selection *selection);
/* Row MAP_HOME marks a home, and drops marked weights; other rows drop marked homes. */
void selection_mark(struct selection *selection, const struct layer_map *map, size_t row,
                    uint32_t layer, bool on);
void selection_mark_row(struct selection *selection, uint32_t row, bool on); /* one model row */
void selection_mark_layer(struct selection *selection, const struct layer_map *map, uint32_t layer);
void selection_rectangle(struct selection *selection, const struct layer_map *map, size_t row_a,
                         uint32_t layer_a, size_t row_b, uint32_t layer_b);
void selection_invert(struct selection *selection, const struct layer_map *map);
enum selection_state selection_state(const struct selection *selection, const struct layer_map *map,
                                     size_t row, uint32_t layer);
/* The marked rows ordered by layer; new array, the caller frees. */
uint32_t *selection_rows(const struct selection *selection, const struct layer_map *map, size_t *n);
/* Layers of the marked homes, or of the marked rows. False where there are none. */
bool selection_span(const struct selection *selection, const struct layer_map *map, uint32_t *first,
                    uint32_t *last);

#endif

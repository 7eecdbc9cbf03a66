#include "model/plan/optimise_fill.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

void layout_init(struct layout *layout, const struct load *load)
{
    *layout = (struct layout){0};
    layout->counts = memory_array(load->n_devices + 1, sizeof *layout->counts);
    layout->unit_at = memory_array(load->n_units, sizeof *layout->unit_at);
    layout->used = memory_array(load->n_devices, sizeof *layout->used);
}

void layout_clear(struct layout *layout)
{
    free(layout->counts);
    free(layout->unit_at);
    free(layout->used);
    *layout = (struct layout){0};
}

void layout_copy(struct layout *to, const struct layout *from, const struct load *load)
{
    memcpy(to->counts, from->counts, (load->n_devices + 1) * sizeof *to->counts);
    memcpy(to->unit_at, from->unit_at, load->n_units * sizeof *to->unit_at);
    memcpy(to->used, from->used, load->n_devices * sizeof *to->used);
    to->foreign = from->foreign;
    to->seconds = from->seconds;
    to->feasible = from->feasible;
    to->excess = from->excess;
    to->spills = from->spills;
    to->broken = from->broken;
}

int layout_home(const struct layout *layout, const struct load *load, uint32_t il)
{
    uint32_t end = layout->counts[0];
    if (il < end) {
        return -1;
    }
    for (size_t k = 0; k < load->n_devices; k++) {
        end += layout->counts[1 + k];
        if (il < end) {
            return (int)k;
        }
    }
    return -1;
}

/* The fixed parts: layers with their home, locked rows where they are. */
static double place_fixed(struct layout *layout, const struct load *load, const uint64_t *capacity,
                          int16_t *home)
{
    double seconds = 0;
    for (size_t k = 0; k < load->n_devices; k++) {
        layout->used[k] = load->pinned[k] + (layout->counts[1 + k] > 0 ? load->everywhere : 0);
    }
    for (uint32_t il = 0; il <= load->n_layer; il++) {
        home[il] = (int16_t)layout_home(layout, load, il);
        const struct layer_load *layer = &load->layers[il];
        double per_byte =
            home[il] < 0 ? load->host_seconds_per_byte : load->seconds_per_byte[home[il]];
        seconds += (layer->read + layer->cache_read) * per_byte;
        if (home[il] >= 0) {
            layout->used[home[il]] += layer->bytes;
        }
    }
    layout->excess = 0;
    for (size_t k = 0; k < load->n_devices; k++) {
        layout->excess += layout->used[k] > capacity[k] ? layout->used[k] - capacity[k] : 0;
    }
    layout->feasible = layout->excess == 0;
    layout->broken = load_breaks(load, layout->counts);
    return seconds;
}

static bool put(struct layout *layout, const struct unit *unit, size_t u, int place,
                const uint64_t *capacity)
{
    if (layout->used[place] + unit->bytes > capacity[place]) {
        return false;
    }
    layout->used[place] += unit->bytes;
    layout->unit_at[u] = (int16_t)place;
    return true;
}

/* Units at home: dense ones first (they are read whole for every token), experts layer by layer. */
static void fill_own(struct layout *layout, const struct load *load, const uint64_t *capacity,
                     const int16_t *home, bool expert)
{
    for (size_t u = 0; u < load->n_units; u++) {
        const struct unit *unit = &load->units[u];
        if (unit->expert == expert && home[unit->layer] >= 0 && layout->unit_at[u] < 0) {
            put(layout, unit, u, home[unit->layer], capacity);
        }
    }
}

enum { FILL_SLOW = 4 }; /* cards slower than the host as well: it has no room */

/* What is still on the host goes to whatever card has room, the fastest first. */
static void fill_foreign(struct layout *layout, const struct load *load, const uint64_t *capacity,
                         const int16_t *home, const uint16_t *fastest, bool expert, unsigned may)
{
    bool slow = (may & FILL_SLOW) != 0;
    for (size_t i = 0; i < load->n_devices; i++) {
        int place = fastest[i];
        if (load->seconds_per_byte[place] >= load->host_seconds_per_byte && !slow) {
            continue; /* slower than the host: leave it to its own layers */
        }
        for (size_t u = load->n_units; u-- > 0;) {
            const struct unit *unit = &load->units[u];
            if (unit->expert == expert && layout->unit_at[u] < 0 &&
                (slow || load_worth_the_way(load, home[unit->layer], place, unit->layer))) {
                put(layout, unit, u, place, capacity);
            }
        }
    }
}

/* One expert unit of each size among those at `place` (-1: host), at home on `near` or not as asked, where
 * there is a choice. Models have few sizes: a handful of
 * types times gate-up and down. */
enum { MAX_SIZES = 64 };

static size_t sizes_at(const struct layout *layout, const struct load *load, int place,
                       const int16_t *home, int near, bool at_home, size_t *representatives)
{
    size_t n = 0;
    for (size_t u = 0; u < load->n_units && n < MAX_SIZES; u++) {
        if (!load->units[u].expert || layout->unit_at[u] != place) {
            continue;
        }
        size_t seen = 0;
        while (seen < n && load->units[representatives[seen]].bytes != load->units[u].bytes) {
            seen++;
        }
        bool fitting = (home[load->units[u].layer] == near) == at_home;
        if (seen == n || fitting) {
            representatives[seen] = u;
        }
        n += seen == n ? 1 : 0;
    }
    return n;
}

/* Exchanges a unit on a card for a bigger one on the host while that fits: closes the last gap. */
static bool tighten_once(struct layout *layout, const struct load *load, const uint64_t *capacity,
                         const int16_t *home, size_t place)
{
    size_t here[MAX_SIZES];
    size_t there[MAX_SIZES];
    size_t n_here = sizes_at(layout, load, (int)place, home, (int)place, false, here);
    size_t n_there = sizes_at(layout, load, -1, home, (int)place, true, there);
    uint64_t room = capacity[place] - layout->used[place];
    size_t out = 0;
    size_t in = 0;
    uint64_t best = 0;
    for (size_t i = 0; i < n_here; i++) {
        for (size_t j = 0; j < n_there; j++) {
            uint64_t leaving = load->units[here[i]].bytes;
            uint64_t coming = load->units[there[j]].bytes;
            if (coming > leaving && coming - leaving <= room && coming - leaving > best) {
                best = coming - leaving;
                out = here[i];
                in = there[j];
            }
        }
    }
    if (best == 0) {
        return false;
    }
    layout->unit_at[out] = -1;
    layout->unit_at[in] = (int16_t)place;
    layout->used[place] += best;
    return true;
}

static void tighten(struct layout *layout, const struct load *load, const uint64_t *capacity,
                    const int16_t *home)
{
    for (size_t k = 0; k < load->n_devices; k++) {
        for (int step = 0; step < 16 && tighten_once(layout, load, capacity, home, k); step++) {
        }
    }
}

/* A layer's mixer runs at its home, its feed-forward and its experts where the largest unit of them is. */
static double switches_cost(const struct layout *layout, const struct load *load,
                            const int16_t *home)
{
    double seconds = 0;
    int at = -1;
    size_t u = 0;
    for (uint32_t il = 0; il <= load->n_layer && load->switch_seconds != NULL; il++) {
        int steps[] = {home[il], home[il], -2};
        for (; u < load->n_units && load->units[u].layer == il; u++) {
            if (load->units[u].leads) {
                steps[load->units[u].expert ? 2 : 1] = layout->unit_at[u];
            }
        }
        for (int step = 0; step < 3 && steps[step] >= -1; step++) {
            seconds += load_switch(load, at, steps[step]);
            at = steps[step];
        }
    }
    return seconds;
}

static uint64_t on_host(const struct layout *layout, const struct load *load, const int16_t *home)
{
    uint64_t bytes = load->host_bytes;
    for (uint32_t il = 0; il <= load->n_layer; il++) {
        bytes += home[il] < 0 ? load->layers[il].bytes : 0;
    }
    for (size_t u = 0; u < load->n_units; u++) {
        bytes += layout->unit_at[u] < 0 ? load->units[u].bytes : 0;
    }
    return bytes;
}

static void sum_up(struct layout *layout, const struct load *load, const int16_t *home,
                   double seconds)
{
    layout->foreign = 0;
    for (size_t u = 0; u < load->n_units; u++) {
        int place = layout->unit_at[u];
        seconds += load->units[u].read *
                   (place < 0 ? load->host_seconds_per_byte : load->seconds_per_byte[place]);
        layout->foreign += place >= 0 && place != home[load->units[u].layer] ? 1 : 0;
    }
    layout->seconds = seconds + switches_cost(layout, load, home);
}

static void order_by_speed(const struct load *load, uint16_t *fastest)
{
    for (size_t i = 0; i < load->n_devices; i++) {
        size_t at = i;
        while (at > 0 && load->seconds_per_byte[fastest[at - 1]] > load->seconds_per_byte[i]) {
            fastest[at] = fastest[at - 1];
            at--;
        }
        fastest[at] = (uint16_t)i;
    }
}

static void fill(struct layout *layout, const struct load *load, const uint64_t *capacity,
                 const int16_t *home, const uint16_t *fastest, unsigned may)
{
    bool foreign = (may & FILL_FOREIGN) != 0;
    fill_own(layout, load, capacity, home, false);
    if (foreign) {
        fill_foreign(layout, load, capacity, home, fastest, false, may);
    }
    if ((may & FILL_EXPERTS) != 0) {
        fill_own(layout, load, capacity, home, true);
        if (foreign) {
            fill_foreign(layout, load, capacity, home, fastest, true, may);
            tighten(layout, load, capacity, home);
        }
    }
}

void layout_fill(struct layout *layout, const struct load *load, const uint64_t *capacity,
                 unsigned may)
{
    int16_t *home = memory_array((size_t)load->n_layer + 1, sizeof *home);
    uint16_t *fastest = memory_array(load->n_devices, sizeof *fastest);
    order_by_speed(load, fastest);
    double seconds = place_fixed(layout, load, capacity, home);
    for (size_t u = 0; u < load->n_units; u++) {
        layout->unit_at[u] = -1;
    }
    if (layout->feasible) {
        fill(layout, load, capacity, home, fastest, may);
    }
    uint64_t host = capacity[load->n_devices];
    layout->spills = on_host(layout, load, home) > host;
    if (layout->spills && layout->feasible && (may & FILL_FOREIGN) != 0) {
        fill(layout, load, capacity, home, fastest, may | FILL_SLOW);
        layout->spills = on_host(layout, load, home) > host;
    }
    if (layout->spills && !load->host_is_elastic) {
        layout->excess += on_host(layout, load, home) - host;
        layout->feasible = false;
    }
    sum_up(layout, load, home, seconds);
    free(fastest);
    free(home);
}

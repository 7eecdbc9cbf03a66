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

/* One layout at work. */
struct filling {
    struct layout *layout;
    const struct load *load;
    const uint64_t *capacity;
    const int16_t *home;     /* per layer: place in use or -1 */
    const uint16_t *fastest; /* places, the fastest first */
    unsigned may;
};
enum { FILL_SLOW = 256 }; /* cards slower than the host as well: it has no room */

static bool put(const struct filling *filling, size_t u, int place)
{
    uint64_t *used = &filling->layout->used[place];
    uint64_t bytes = filling->load->units[u].bytes;
    if (*used + bytes > filling->capacity[place]) {
        return false;
    }
    *used += bytes;
    filling->layout->unit_at[u] = (int16_t)place;
    return true;
}

/* Units at home: dense ones first (they are read whole for every token), experts layer by layer. */
static void fill_own(const struct filling *filling, bool expert)
{
    for (size_t u = 0; u < filling->load->n_units; u++) {
        const struct unit *unit = &filling->load->units[u];
        int home = filling->home[unit->layer];
        if (unit->expert == expert && home >= 0 && filling->layout->unit_at[u] < 0) {
            put(filling, u, home);
        }
    }
}

/* May the unit, which is on the host, go to a card that is not its home? */
static bool may_go(const struct filling *filling, size_t u, int place)
{
    const struct load *load = filling->load;
    const struct unit *unit = &load->units[u];
    int home = filling->home[unit->layer];
    bool homed = home >= 0 || (filling->may & FILL_HOMED) == 0;
    return homed && ((filling->may & FILL_SLOW) != 0 ||
                     (load->seconds_per_byte[place] < load->host_seconds_per_byte &&
                      load_worth_the_way(load, home, place, unit->layer)));
}

/* What is still on the host goes to whatever card has room, the fastest first. */
static void fill_foreign(const struct filling *filling, bool expert)
{
    const struct load *load = filling->load;
    for (size_t i = 0; i < load->n_devices; i++) {
        int place = filling->fastest[i];
        for (size_t u = load->n_units; u-- > 0;) {
            if (load->units[u].expert == expert && filling->layout->unit_at[u] < 0 &&
                may_go(filling, u, place)) {
                put(filling, u, place);
            }
        }
    }
}

/* One unit of each size among those at `from` (-1: host) that may be at `place`, at home there or not as asked, where
 * there is a choice. Models have few sizes: a handful of types times gate-up and down. */
enum { MAX_SIZES = 64 };

static size_t sizes_at(const struct filling *filling, int from, int place, bool expert,
                       size_t *representatives)
{
    const struct load *load = filling->load;
    bool at_home = from < 0;
    size_t n = 0;
    for (size_t u = 0; u < load->n_units && n < MAX_SIZES; u++) {
        const struct unit *unit = &load->units[u];
        if (unit->expert != expert || filling->layout->unit_at[u] != from ||
            (from < 0 && !may_go(filling, u, place))) {
            continue;
        }
        size_t seen = 0;
        while (seen < n && load->units[representatives[seen]].bytes != unit->bytes) {
            seen++;
        }
        bool fitting = (filling->home[unit->layer] == place) == at_home;
        if (seen == n || fitting) {
            representatives[seen] = u;
        }
        n += seen == n ? 1 : 0;
    }
    return n;
}

/* Exchanges a unit on a card for a bigger one on the host while that fits: closes the last gap. */
static bool tighten_once(const struct filling *filling, int place, bool expert)
{
    struct layout *layout = filling->layout;
    const struct unit *units = filling->load->units;
    size_t here[MAX_SIZES];
    size_t there[MAX_SIZES];
    size_t n_here = sizes_at(filling, place, place, expert, here);
    size_t n_there = sizes_at(filling, -1, place, expert, there);
    uint64_t room = filling->capacity[place] - layout->used[place];
    size_t out = 0;
    size_t in = 0;
    uint64_t best = 0;
    for (size_t i = 0; i < n_here; i++) {
        for (size_t j = 0; j < n_there; j++) {
            uint64_t leaving = units[here[i]].bytes;
            uint64_t coming = units[there[j]].bytes;
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

static void tighten(const struct filling *filling, bool expert)
{
    enum { STEPS = 16 };
    for (int place = 0; place < (int)filling->load->n_devices; place++) {
        for (int step = 0; step < STEPS && tighten_once(filling, place, expert); step++) {
        }
    }
}

static void fill(const struct filling *filling)
{
    static const bool kinds[] = {false, true}; /* dense units, then experts */
    for (size_t i = 0; i < 2; i++) {
        if (kinds[i] && (filling->may & FILL_EXPERTS) == 0) {
            return;
        }
        fill_own(filling, kinds[i]);
        if ((filling->may & FILL_FOREIGN) != 0) {
            fill_foreign(filling, kinds[i]);
            tighten(filling, kinds[i]);
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
    struct filling filling = {layout, load, capacity, home, fastest, may};
    if (layout->feasible) {
        fill(&filling);
    }
    uint64_t host = capacity[load->n_devices];
    layout->spills = on_host(layout, load, home) > host;
    if (layout->spills && layout->feasible && (may & FILL_FOREIGN) != 0) {
        filling.may |= FILL_SLOW;
        fill(&filling);
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

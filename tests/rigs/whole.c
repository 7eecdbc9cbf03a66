#include "tests/rigs/whole.h"

#include "model/base/memory.h"
#include "model/plan/optimise_units.h"
#include "model/plan/speed.h"

#include <stdlib.h>

enum { MOST_KINDS = 16 };

struct kind { /* units that are alike */
    uint64_t bytes;
    double read;
    uint32_t n;
};

struct knapsack {
    struct kind kinds[MOST_KINDS];
    size_t n_kinds;
    bool overflow; /* more kinds than that */
    double best;   /* bytes read from the card */
};

static void add_kind(struct knapsack *sack, uint64_t bytes, double read)
{
    for (size_t i = 0; i < sack->n_kinds; i++) {
        if (sack->kinds[i].bytes == bytes && sack->kinds[i].read >= read &&
            sack->kinds[i].read <= read) {
            sack->kinds[i].n++;
            return;
        }
    }
    if (sack->n_kinds == MOST_KINDS) {
        sack->overflow = true;
    } else if (bytes > 0 || read > 0) {
        sack->kinds[sack->n_kinds++] = (struct kind){bytes, read, 1};
    }
}

/* Every number of each kind; the last takes as many as fit. */
static void try_kind(struct knapsack *sack, size_t at, uint64_t room, double read)
{
    if (at == sack->n_kinds) {
        sack->best = read > sack->best ? read : sack->best;
        return;
    }
    const struct kind *kind = &sack->kinds[at];
    uint64_t most = kind->bytes > 0 && room / kind->bytes < kind->n ? room / kind->bytes : kind->n;
    uint64_t least = at + 1 == sack->n_kinds ? most : 0;
    for (uint64_t n = least; n <= most; n++) {
        try_kind(sack, at + 1, room - n * kind->bytes, read + (double)n * kind->read);
    }
}

static double read_on_card(const struct load *load, const struct evaluation *evaluation)
{
    double read = 0;
    for (size_t u = 0; u < load->n_units; u++) {
        bool on_card = evaluation->device[load->units[u].rows[0]] >= 0;
        read += on_card ? load->units[u].read : 0;
    }
    for (uint32_t il = 0; il <= load->n_layer; il++) {
        read += evaluation->layers[il].home >= 0 ? load->layers[il].read : 0;
    }
    return read;
}

double best_of_whole_units(const struct model *model, const struct rig *rig,
                           const struct plan *plan, const struct evaluation *evaluation)
{
    struct speed speed;
    struct load load;
    struct knapsack sack = {0};
    if (evaluation->n_in_use != 1) {
        return 0;
    }
    const struct device_use *use = &evaluation->devices[evaluation->in_use[0]];
    double card = speed_rate(&rig->devices[evaluation->in_use[0]]);
    double host = speed_rate(&rig->host);
    load_init(&load, model, rig, plan, evaluation, 0);
    speed_estimate(model, rig, evaluation, 0, &speed);
    for (size_t u = 0; u < load.n_units; u++) {
        add_kind(&sack, load.units[u].bytes, load.units[u].read);
    }
    for (uint32_t il = 0; il <= load.n_layer; il++) {
        add_kind(&sack, load.layers[il].bytes, load.layers[il].read);
    }
    uint64_t taken = use->compute + load.everywhere + use->beside;
    bool asks = speed.known && !sack.overflow && use->budget > taken && card > host;
    double seconds = speed.seconds;
    if (asks) {
        try_kind(&sack, 0, use->budget - taken, 0);
        seconds -= (sack.best - read_on_card(&load, evaluation)) * (1 / host - 1 / card);
    }
    load_clear(&load);
    speed_clear(&speed);
    return asks ? 1 / seconds : 0;
}

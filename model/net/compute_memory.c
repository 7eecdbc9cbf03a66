#include "model/net/compute_memory.h"

#include "model/base/memory.h"
#include "model/net/compute_fused.h"
#include "model/net/compute_layers.h"
#include "model/net/compute_schedule.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *remedy;
} term_texts[COMPUTE_TERM_COUNT] = {
    [COMPUTE_INPUTS] = {"inputs and masks",
                        "a shorter context (-c) or a smaller micro-batch (-ub)"},
    [COMPUTE_ATTENTION] = {"attention", "flash attention (-fa on) or a smaller micro-batch (-ub)"},
    [COMPUTE_FEED_FORWARD] = {"feed-forward", "a smaller micro-batch (-ub)"},
    [COMPUTE_LOGITS] = {"logits", "a smaller micro-batch (-ub); llama-server reserves few rows"},
    [COMPUTE_PIPELINE] = {"pipeline copies", "any override (-ot), which switches pipelining off"},
    [COMPUTE_WEIGHT_COPIES] = {"copies of CPU weights",
                               "--no-op-offload, or those weights on a device"},
    [COMPUTE_FLASH_SCRATCH] = {"flash attention scratch", "an f16 cache (-ctk f16 -ctv f16)"},
    [COMPUTE_OTHER] = {"gaps and the rest", ""},
};

const char *compute_term_name(enum compute_term term)
{
    return (unsigned)term < COMPUTE_TERM_COUNT ? term_texts[term].name : "";
}

const char *compute_term_remedy(enum compute_term term)
{
    return (unsigned)term < COMPUTE_TERM_COUNT ? term_texts[term].remedy : "";
}

/* src/llama-context.cpp:427-460. Every backend but RPC is asynchronous and has events. */
static bool pipeline_parallel(const struct compute_input *input)
{
    if (input->n_in_use < 2 || !input->offload_all || input->any_override ||
        input->split_mode != SPLIT_LAYER || !input->resolved->offload_kqv)
        return false;
    for (size_t i = 0; i < input->n_in_use; i++)
        if (input->rig->devices[input->in_use[i]].backend == BACKEND_RPC)
            return false;
    return true;
}

static struct schedule_backend describe(const struct device *device)
{
    enum backend kind = device->backend;
    return (struct schedule_backend){
        .alignment = kind == BACKEND_METAL ? 32 : 128,
        .offloads = kind != BACKEND_RPC,
        .pads_rows = kind == BACKEND_CUDA || kind == BACKEND_SYCL,
        .has_scratch = kind == BACKEND_CUDA && device->has_kernels,
    };
}

static struct schedule describe_all(const struct compute_input *input, int16_t *backend_of,
                                    bool pipeline)
{
    struct schedule schedule = {.n_copies = pipeline ? 4 : 1,
                                .op_offload = input->resolved->op_offload};
    int n = 0;
    for (size_t i = 0; i < input->n_in_use && n < SCHEDULE_MAX_BACKENDS - 1; i++) {
        backend_of[input->in_use[i]] = (int16_t)n;
        schedule.backends[n++] = describe(&input->rig->devices[input->in_use[i]]);
    }
    for (int i = -1; i < (int)input->rig->n_devices; i++)
        if (backend_of[i] < 0)
            backend_of[i] = (int16_t)n;
    schedule.backends[n++] = (struct schedule_backend){.alignment = 32};
    schedule.n_backends = n;
    return schedule;
}

/* The terms at the moment the buffer was largest; what lay idle between the blocks goes to `other`. */
static void take_terms(struct compute_terms *terms, const struct arena *arena)
{
    uint64_t sum = 0;
    for (int i = 0; i < COMPUTE_TERM_COUNT; i++) {
        terms->bytes[i] = arena->peak[i];
        sum += arena->peak[i];
    }
    terms->bytes[COMPUTE_OTHER] += arena->size > sum ? arena->size - sum : 0;
}

/* What every look at the graph needs; freed with workplace_clear. */
struct workplace {
    struct compute_rows *own_rows; /* NULL where the model holds them */
    int16_t *backends;             /* of the host, then of each device of the rig */
    struct schedule schedule;
    struct network network;
    uint32_t layers[MAX_LAYERS];
};

static void workplace_init(struct workplace *place, const struct compute_input *input)
{
    const struct model *model = input->model;
    place->own_rows = model->compute == NULL ? compute_rows_new(model) : NULL;
    const struct compute_rows *rows = place->own_rows != NULL ? place->own_rows : model->compute;
    place->backends = memory_array(input->rig->n_devices + 1, sizeof *place->backends);
    for (size_t i = 0; i <= input->rig->n_devices; i++) {
        place->backends[i] = -1;
    }
    place->schedule = describe_all(input, place->backends + 1, pipeline_parallel(input));
    network_init(&place->network, input, rows, place->backends + 1);
    place->network.layers = place->layers;
    place->network.n_layers = compute_layers_pick(input, rows, place->layers);
    fused_resolve(&place->network, &place->schedule);
}

static void workplace_clear(struct workplace *place)
{
    network_clear(&place->network);
    compute_rows_free(&place->own_rows);
    free(place->backends);
}

bool compute_flash_attn(const struct compute_input *input)
{
    struct workplace place;
    const struct resolved *resolved = input->resolved;
    if (!resolved->flash_attn || !resolved->flash_attn_auto || !fused_may_move(input)) {
        return resolved->flash_attn;
    }
    workplace_init(&place, input);
    workplace_clear(&place);
    return place.network.flash_attn;
}

bool compute_estimate(const struct compute_input *input, struct compute_terms *devices,
                      struct compute_terms *host)
{
    struct workplace place;
    workplace_init(&place, input);
    int n = place.schedule.n_backends;
    struct arena *arenas = memory_resize(NULL, (size_t)n, sizeof *arenas);
    network_build(&place.network);
    schedule_measure(&place.schedule, &place.network.graph, arenas);
    memset(devices, 0, input->rig->n_devices * sizeof *devices);
    for (int b = 0; b + 1 < n; b++) {
        take_terms(&devices[input->in_use[b]], &arenas[b]);
    }
    take_terms(host, &arenas[n - 1]);
    free(arenas);
    workplace_clear(&place);
    return place.schedule.n_copies > 1;
}

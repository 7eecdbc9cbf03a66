#include "model/net/compute_fused.h"

enum {
    DELTA_NET_PROBE_TOKENS = 16
}; /* tokens of each sequence; flash attention is tried with one */

/* On a device that holds its own cache, what stands right in front of the operation keeps it there. */
bool fused_may_move(const struct compute_input *input)
{
    const struct hparams *hparams = &input->model->hparams;
    if (input->n_in_use == 0) {
        return false;
    }
    bool may = !input->resolved->offload_kqv;
    for (uint32_t il = 0; il < hparams->n_layer && !may; il++) {
        bool host = input->home[il] == DEVICE_HOST;
        may = host || (hparams->is_recurrent[il] && input->any_override);
    }
    return may;
}

/* Builds the small graph and looks where the fused operations of one kind of layer went. */
static bool all_at_home(struct network *network, const struct schedule *schedule, uint64_t tokens,
                        bool recurrent)
{
    struct network probe = *network;
    probe.n_tokens = tokens * probe.n_seqs;
    probe.n_outputs = probe.n_tokens;
    probe.placed = probe.n_tokens < 32 || network->input->offload_all;
    network_build(&probe);
    schedule_assign(schedule, &probe.graph);
    bool home = true;
    for (uint32_t i = 0; i < probe.n_layers && home; i++) {
        uint32_t il = probe.layers[i];
        int32_t fused = probe.fused[il];
        if (fused != GRAPH_NONE && network->hparams->is_recurrent[il] == recurrent)
            home = probe.graph.tensors[fused].backend == network_home(network, il);
    }
    network_clear(&probe);
    return home;
}

void fused_resolve(struct network *network, const struct schedule *schedule)
{
    if (!fused_may_move(network->input))
        return;
    if (network->flash_attn && network->input->resolved->flash_attn_auto)
        network->flash_attn = all_at_home(network, schedule, 1, false);
    network->fused_delta_net = all_at_home(network, schedule, DELTA_NET_PROBE_TOKENS, true);
}

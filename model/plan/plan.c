#include "model/plan/plan.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

void plan_init(struct plan *plan, const struct model *model)
{
    *plan = (struct plan){.n_gpu_layers = -1, .given = override_list_new()};
    settings_default(&plan->settings);
    if (model != NULL) {
        plan_attach(plan, model);
    }
}

void plan_attach(struct plan *plan, const struct model *model)
{
    free(plan->moved);
    free(plan->locked);
    plan->n_rows = model->n_tensors;
    plan->moved = memory_array(plan->n_rows, sizeof *plan->moved);
    plan->locked = memory_array(plan->n_rows, sizeof *plan->locked);
    for (size_t row = 0; row < plan->n_rows; row++) {
        plan->moved[row] = PLAN_UNMOVED;
    }
}

void plan_copy(struct plan *to, const struct plan *from)
{
    *to = *from;
    to->devices = memory_text(from->devices);
    to->given = override_list_hold(from->given);
    if (to->extra != NULL) {
        to->extra->references++;
    }
    to->moved = memory_copy(from->moved, from->n_rows * sizeof *from->moved);
    to->locked = memory_copy(from->locked, from->n_rows * sizeof *from->locked);
}

static void extra_drop(struct extra_arguments *extra)
{
    if (extra == NULL || --extra->references > 0) {
        return;
    }
    for (size_t i = 0; i < extra->n; i++) {
        free(extra->text[i]);
    }
    free(extra->text);
    free(extra);
}

void plan_clear(struct plan *plan)
{
    free(plan->devices);
    override_list_drop(&plan->given);
    extra_drop(plan->extra);
    free(plan->moved);
    free(plan->locked);
    *plan = (struct plan){0};
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_speculative(const struct speculative *a, const struct speculative *b)
{
    return a->types == b->types && a->draft_n_max == b->draft_n_max &&
           a->ngram_mod == b->ngram_mod && a->ngram_simple == b->ngram_simple &&
           a->ngram_map_k == b->ngram_map_k && a->ngram_map_k4v == b->ngram_map_k4v;
}

static bool same_settings(const struct settings *a, const struct settings *b)
{
    for (uint32_t i = 0; i < a->n_fit_target && i < b->n_fit_target; i++) {
        if (a->fit_target_mib[i] < b->fit_target_mib[i] ||
            a->fit_target_mib[i] > b->fit_target_mib[i]) {
            return false;
        }
    }
    return a->target == b->target && a->n_ctx == b->n_ctx && a->n_batch == b->n_batch &&
           a->n_ubatch == b->n_ubatch && a->n_parallel == b->n_parallel &&
           a->kv_unified == b->kv_unified && a->kv_unified_per_slot == b->kv_unified_per_slot &&
           a->type_k == b->type_k && a->type_v == b->type_v && a->flash_attn == b->flash_attn &&
           a->offload_kqv == b->offload_kqv && a->op_offload == b->op_offload &&
           a->swa_full == b->swa_full && a->load_mode == b->load_mode && a->repack == b->repack &&
           a->no_host == b->no_host && a->load_mtp == b->load_mtp &&
           a->split_mode == b->split_mode && a->main_gpu == b->main_gpu &&
           a->n_fit_target == b->n_fit_target && a->fit == b->fit &&
           a->mtp_context == b->mtp_context && a->all_outputs == b->all_outputs &&
           same_speculative(&a->speculative, &b->speculative);
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
    return same_settings(&a->settings, &b->settings) && a->n_gpu_layers == b->n_gpu_layers &&
           a->n_tensor_split == b->n_tensor_split &&
           memcmp(a->tensor_split, b->tensor_split, a->n_tensor_split * sizeof(float)) == 0 &&
           same_text(a->devices, b->devices) && a->given == b->given && a->extra == b->extra &&
           a->n_rows == b->n_rows && a->locked_settings == b->locked_settings &&
           memcmp(a->moved, b->moved, a->n_rows * sizeof *a->moved) == 0 &&
           memcmp(a->locked, b->locked, a->n_rows) == 0;
}

static bool move_row(struct plan *plan, uint32_t row, int device)
{
    if (plan->locked[row] != 0 || plan->moved[row] == device) {
        return false;
    }
    plan->moved[row] = (int16_t)device;
    return true;
}

size_t plan_move_rows(struct plan *plan, const struct model *model, const uint32_t *rows, size_t n,
                      int device)
{
    size_t changed = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows[i];
        const struct model_tensor *tensor = &model->tensors[row];
        if (tensor->role == ROLE_SKIPPED) {
            continue;
        }
        /* llama.cpp knows a tensor by its name: both uses of a tied one move together */
        uint32_t original = tensor->tied_to >= 0 ? (uint32_t)tensor->tied_to : row;
        bool moved = move_row(plan, original, device);
        uint32_t twin = original + 1;
        if (twin < model->n_tensors && model->tensors[twin].tied_to == (int32_t)original) {
            moved = move_row(plan, twin, device) || moved;
        }
        changed += moved ? 1 : 0;
    }
    return changed;
}

void plan_set_runs(struct plan *plan, const struct model *model, const uint32_t *counts,
                   size_t n_in_use)
{
    uint32_t offloaded = 0;
    size_t kept = n_in_use < 128 ? n_in_use : 128;
    for (size_t k = 0; k < kept; k++) {
        offloaded += counts[1 + k];
        plan->tensor_split[k] = (float)counts[1 + k];
    }
    (void)model;
    plan->n_gpu_layers = (int64_t)offloaded;
    plan->n_tensor_split = offloaded == 0 || kept < 2 ? 0 : (uint32_t)kept;
}

/* The machine as the user's own llama.cpp sees it: asked once beside the screen, on a thread that holds nothing of the
 * planner's. Its names, order and memory win over what was detected, as a step of their own that can be undone. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "src/accelerator_data.h"
#include "src/child.h"
#include "src/llama_devices.h"
#include "src/rig_calibration.h"
#include "ui/terminal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct planner_listing {
    pthread_t thread;
    atomic_bool is_cancelled, is_done;
    char *program, *rpc; /* owned; rpc may be NULL */
    struct llama_devices answer;
    bool answered;
};

static void *work(void *payload)
{
    struct planner_listing *listing = payload;
    listing->answered = llama_devices_ask(listing->program, listing->rpc, &listing->is_cancelled,
                                          &listing->answer, NULL) &&
                        listing->answer.answered;
    atomic_store(&listing->is_done, true);
    terminal_wake();
    return NULL;
}

static void listing_free(struct planner_listing *listing)
{
    llama_devices_clear(&listing->answer);
    free(listing->program);
    free(listing->rpc);
    free(listing);
}

/* ---- the answer ----------------------------------------------------------------------------- */

static bool is_same(const struct device *a, const struct device *b)
{
    return a->pci != NULL && b->pci != NULL ? strcmp(a->pci, b->pci) == 0
                                            : strcmp(a->name, b->name) == 0;
}

/* What was sent to a card goes with it, wherever llama.cpp counts it; off a card that is gone it goes home. */
static void follow_cards(const struct rig *before, struct planner_step *step)
{
    int16_t *places = memory_array(before->n_devices, sizeof *places);
    for (size_t i = 0; i < before->n_devices; i++) {
        places[i] = PLAN_UNMOVED;
        for (size_t k = 0; k < step->rig.n_devices && places[i] == PLAN_UNMOVED; k++) {
            places[i] =
                is_same(&before->devices[i], &step->rig.devices[k]) ? (int16_t)k : PLAN_UNMOVED;
        }
    }
    for (size_t row = 0; row < step->plan.n_rows; row++) {
        int16_t at = step->plan.moved[row];
        if (at >= 0 && (size_t)at < before->n_devices) {
            step->plan.moved[row] = places[at];
        }
    }
    free(places);
}

static void take_answer(struct planner *planner, const struct llama_devices *answer)
{
    const struct planner_step *now = planner_now(planner);
    struct planner_step next;
    struct strbuf changes = {0};
    planner_step_copy(&next, now);
    llama_devices_merge(answer, &next.rig, &changes);
    accelerator_fill_bandwidths(&next.rig);
    calibration_apply(&next.rig);
    follow_cards(&now->rig, &next);
    if (changes.length == 0) {
        planner_step_clear(&next);
        return;
    }
    const char *text = strbuf_text(&changes);
    size_t first = strcspn(text, "\n");
    size_t more = 0;
    for (const char *at = text + first; *at != '\0'; at++) {
        more += at[0] == '\n' && at[1] != '\0' ? 1 : 0;
    }
    planner_take(planner, &next, "devices as llama.cpp lists them");
    planner->probe_due_ms = 0; /* no edit of the user's: what was just said stays on screen */
    char *rest = more > 0 ? memory_format(", and %zu more", more) : memory_text("");
    planner_say(planner, false, "llama.cpp: %.*s%s; d shows the devices", (int)first, text, rest);
    free(rest);
    strbuf_clear(&changes);
}

/* ---- asking --------------------------------------------------------------------------------- */

static char *find_program(const char *folder)
{
    char *server = child_find(folder, "llama-server");
    return server != NULL ? server : child_find(folder, "llama-cli");
}

void planner_listing_start(struct planner *planner)
{
    bool is_here = !planner_now(planner)->rig.simulated && !planner->options->is_demo;
    char *program = is_here ? find_program(planner->options->llama_bin) : NULL;
    if (program == NULL) {
        return;
    }
    const struct argument_facts *facts = planner->options->facts;
    struct planner_listing *listing = memory_new(sizeof *listing);
    listing->program = program;
    listing->rpc = facts != NULL && facts->rpc != NULL ? memory_text(facts->rpc) : NULL;
    if (pthread_create(&listing->thread, NULL, work, listing) != 0) {
        listing_free(listing);
        return;
    }
    planner->listing = listing;
}

static void finish(struct planner *planner, bool wanted)
{
    struct planner_listing *listing = planner->listing;
    planner->listing = NULL;
    pthread_join(listing->thread, NULL);
    if (wanted && listing->answered && !planner_now(planner)->rig.simulated) {
        take_answer(planner, &listing->answer);
    }
    listing_free(listing);
}

void planner_listing_poll(struct planner *planner)
{
    if (planner->listing != NULL && !planner->is_preview &&
        atomic_load(&planner->listing->is_done)) {
        finish(planner, true);
    }
}

void planner_listing_close(struct planner *planner)
{
    if (planner->listing != NULL) {
        atomic_store(&planner->listing->is_cancelled, true);
        finish(planner, false);
    }
}

/* Asks the user's own llama.cpp what a plan would take, without loading it.
 *
 * llama-server (and llama-cli, which embeds it) is started with the plan's arguments, -fit on and -lv 4; it
 * prints a memory table after "getting device memory data for initial parameters" and would load
 * milliseconds later, so the whole process group is killed at the table's last row. The other targets are
 * asked through `llama-fit-params … -fitp on -nr`, which loads nothing. Both print MiB rounded down.
 * Sources: common/fit.cpp:906-1086, tools/fit-params of llama.cpp v0.5.0.
 */
#ifndef OTPLAN_SRC_PROBE_H
#define OTPLAN_SRC_PROBE_H

#include "model/plan/measured.h"
#include "src/session.h"

struct probe_row {
    char *name;                                   /* owned: "CUDA0", "Host", "CPU_REPACK" */
    uint64_t model_mib, context_mib, compute_mib; /* as printed: rounded down */
};

struct probe {
    char *program; /* owned: path of what was asked */
    char *version; /* owned: "version: 7123 (abc)"; "" where it does not say */
    struct probe_row *rows;
    size_t n_rows;
    bool cached; /* kept from an earlier question */
};

struct probe_request {
    const char *folder; /* where llama.cpp's programs are; NULL: PATH */
    const char *model_path;
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
    unsigned seconds;             /* time limit; 0: 120 */
    bool (*go_on)(void *payload); /* asked several times a second; false cancels */
    void *payload;
};

/* The request for a command's plan. Borrows from all three. */
struct probe_request probe_request_of(const struct options *options, const struct session *session,
                                      const struct evaluation *evaluation);

/* All that asking takes, of its own: it may go to another thread. */
struct probe_question {
    char *program; /* owned, as all lists here */
    char **words;  /* argv */
    size_t n_words;
    char **devices; /* names of the devices in use, which the answer must have */
    size_t n_devices;
    bool asks_server; /* else llama-fit-params */
    unsigned seconds;
    bool (*go_on)(void *payload);
    void *payload;
};

/* ERROR_SYSTEM: no llama.cpp found, or a plan that its program cannot be asked about. Clear it in any case. */
bool probe_question_make(const struct probe_request *request, struct probe_question *out,
                         struct error *error);
void probe_question_clear(struct probe_question *question);

/* Fills `out`; probe_clear it. ERROR_SYSTEM in words: it crashed, its time ran out, its build prints no such
 * table, it does not have the plan's devices, cancelled. ERROR_INPUT where it refuses the plan. */
bool probe_ask(const struct probe_question *question, struct probe *out, struct error *error);

/* Both in one. */
bool probe_run(const struct probe_request *request, struct probe *out, struct error *error);
void probe_clear(struct probe *probe);

/* Row of a device by its name; "Host" for the host. NULL where it is not in the answer. */
const struct probe_row *probe_find(const struct probe *probe, const char *name);

/* The answer in the rig's order, the host last: new, rig->n_devices + 1 entries. */
struct measured *probe_measured(const struct probe *probe, const struct rig *rig);

#endif

/* Inside of arguments.c: one flag with its values while it is read into the plan, for the readers that have a file of
 * their own. A reader returns false with ERROR_INPUT where llama.cpp would refuse the value.
 */
#ifndef OTPLAN_MODEL_TEXT_ARGUMENT_READING_H
#define OTPLAN_MODEL_TEXT_ARGUMENT_READING_H

#include "model/text/arguments.h"
#include "model/text/flags.h"

struct reading {
    struct plan *plan;
    struct argument_facts *facts;
    const struct flag *flag;
    bool off;                 /* the negative spelling, or a variable that says no */
    const char *const *words; /* as given: the flag and its values; NULL from the environment */
    const char *value;        /* the first value, NULL without */
    const char *where;        /* the word or variable, for messages */
    bool from_environment;
};

/* False: "-c 'x': WHY". */
bool reading_refuse(const struct reading *reading, const char *why, struct error *error);
/* An integer of at least `least`. */
bool reading_number(const struct reading *reading, int64_t least, int64_t *out,
                    struct error *error);
/* Every export repeats the flag as it was given. */
void reading_hand_through(const struct reading *reading);

/* Speculative decoding: what drafts, how far, and the draft model's own placement flags. */
bool read_speculative_type(struct reading *reading, struct error *error);
bool read_speculative_default(struct reading *reading, struct error *error);
bool read_draft_length(struct reading *reading, struct error *error);
bool read_draft_twin(struct reading *reading, struct error *error);

#endif

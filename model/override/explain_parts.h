/* The parts of the explainer; explain.h is its face. */
#ifndef OTPLAN_MODEL_OVERRIDE_EXPLAIN_PARTS_H
#define OTPLAN_MODEL_OVERRIDE_EXPLAIN_PARTS_H

#include "model/override/explain.h"
#include "model/override/pattern.h"

struct explainer {
    const struct model *model;
    const struct rig *rig;
    const struct override_list *list;
    const struct evaluation *evaluation; /* may be NULL */
    int32_t *decided;              /* per row: entry, -1 none, -2 moved by hand before the list */
    uint8_t *found;                /* per row: of the entry being explained */
    struct entry_explanation *out; /* of that entry */
    size_t reached;                /* entries that some name gets to */
};

/* Takes `repair`. */
void explain_find(struct findings *findings, enum finding_code code, char *repair,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Does the row count? Skipped ones and second uses of a tied tensor do not. */
bool explain_is_loaded(const struct model_tensor *tensor);
/* Flags the rows that hold the pattern; returns how many. */
size_t explain_count(const struct model *model, const struct pattern *pattern, uint8_t *found);
/* Layers of the flagged rows as ranges: "0-12, 20". New. */
char *explain_layers(const struct model *model, const uint8_t *flags);

/* What is wrong with the text of an entry that is counted already. */
void explain_text(struct explainer *explainer, size_t index);
/* What the list does to layers: gate and up apart, the cache left behind. Needs the evaluation. */
void explain_places(struct explainer *explainer, size_t index, struct findings *out);

#endif

/* The settings a person changes on screen or by `:set`, as a table: names, choices, values as text. */
#ifndef OTPLAN_MODEL_PLAN_SETTING_LIST_H
#define OTPLAN_MODEL_PLAN_SETTING_LIST_H

#include "model/plan/evaluation.h"

enum { SETTING_CHOICES = 12, SETTING_TEXT = 48 };

struct setting {
    const char *name;  /* as `:set` takes it: "ctx" */
    const char *flag;  /* llama.cpp's: "-c" */
    const char *label; /* "context size" */
    const char *help;
    const char *choices[SETTING_CHOICES]; /* NULL-terminated; empty: a number */
    bool is_number;
};

size_t setting_count(void);
const struct setting *setting_at(size_t index);
const struct setting *setting_find(const char *name); /* by name or flag; NULL where unknown */
/* As given, with what it resolves to where that differs: "auto (on)". */
void setting_value(const struct setting *setting, const struct plan *plan,
                   const struct evaluation *evaluation, char out[SETTING_TEXT]);
/* As `setting_set` takes it back. */
void setting_given(const struct setting *setting, const struct plan *plan, char out[SETTING_TEXT]);
/* ERROR_USAGE where the value is none of its choices, or the setting is locked. */
bool setting_set(const struct setting *setting, struct plan *plan, const char *value,
                 struct error *error);
/* A locked setting stays, by hand and with every strategy of the optimiser. */
void setting_lock(const struct setting *setting, struct plan *plan, bool locked);
bool setting_is_locked(const struct setting *setting, const struct plan *plan);

#endif

/* A model that is nothing but tensor names: all that overrides and rules look at. */
#ifndef OTPLAN_TESTS_SUPPORT_NAMED_MODEL_H
#define OTPLAN_TESTS_SUPPORT_NAMED_MODEL_H

#include "model/net/model.h"

/* Names are copied; `layer` is read from `blk.N.`, every tensor has 1 MiB. Free with named_model_free. */
struct model *named_model_make(const char *const *names, size_t n);
void named_model_free(struct model **model);

/* Layers 0..n_layers-1 with each of the suffixes, then the names without a layer (NULL-terminated lists). */
struct model *named_model_grid(uint32_t n_layers, const char *const *suffixes,
                               const char *const *others);

#endif

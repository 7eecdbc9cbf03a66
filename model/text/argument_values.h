/* Values of llama.cpp's flags, read as llama.cpp reads them (common/arg.cpp of v0.5.0).
 *
 * All return false where llama.cpp refuses the value and leave the output alone then.
 */
#ifndef OTPLAN_MODEL_TEXT_ARGUMENT_VALUES_H
#define OTPLAN_MODEL_TEXT_ARGUMENT_VALUES_H

#include "model/plan/settings.h"

bool argument_is_true(const char *value);  /* on enabled true 1 */
bool argument_is_false(const char *value); /* off disabled false 0 */
bool argument_is_auto(const char *value);  /* auto -1 */

/* std::stoi: blanks and a sign in front, anything may follow the digits; fails outside of int. */
bool argument_integer(const char *value, int *out);

bool argument_cache_type(const char *value, uint32_t *ggml_type);
const char *argument_cache_type_name(uint32_t ggml_type);
bool argument_load_mode(const char *value, enum load_mode *out);
const char *argument_load_mode_name(enum load_mode mode);
bool argument_split_mode(const char *value, enum split_mode *out);
const char *argument_split_mode_name(enum split_mode mode);
const char *argument_flash_attn_name(enum flash_attn flash_attn);

/* -ts: cut at every run of `,` and `/`; 15 values at most. `split` has room for 128. The reason is in
 * `error`. */
bool argument_tensor_split(const char *value, float *split, uint32_t *n, struct error *error);

/* -fitt: up to 16 values. */
bool argument_fit_target(const char *value, double *mib, uint32_t *n);

#endif

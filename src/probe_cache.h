/* Answers of llama.cpp, kept in files under $XDG_CACHE_HOME/otplan (else ~/.cache/otplan), one an answer.
 *
 * An answer holds for one program (path, size, time of change), one model (file sizes and heads), the devices
 * with what was free on them, the variables that llama.cpp and its backends read, and one list of arguments.
 * A cache that cannot be read or written is as good as none: nothing here fails.
 */
#ifndef OTPLAN_SRC_PROBE_CACHE_H
#define OTPLAN_SRC_PROBE_CACHE_H

#include "src/model_file.h"
#include "src/probe.h"

/* New: all that the answer depends on, as text. Reads the heads of the model: not for every frame. */
char *probe_cache_key(const struct probe_question *question, const struct model_file *file,
                      const struct rig *rig);

/* The answer kept for `key`, in `out` (probe_clear it). False where there is none. */
bool probe_cache_find(const char *key, struct probe *out);
void probe_cache_keep(const char *key, const struct probe *probe);

/* The answer that is kept for a request, without asking. False, at once, where nothing was ever kept. */
bool probe_cache_look(const struct probe_request *request, const struct model_file *file,
                      struct probe *out);

#endif

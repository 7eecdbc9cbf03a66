/* Memory for sizes that the program chooses. Running out of it ends the program politely, through a
 * handler that `src` installs (restore the terminal, say so, exit 4).
 *
 * Sizes that a *file* chooses are checked against the bytes left in that file first, so they are
 * bounded by what is really there.
 */
#ifndef OTPLAN_MODEL_BASE_MEMORY_H
#define OTPLAN_MODEL_BASE_MEMORY_H

#include <stddef.h>

/* Called once when an allocation fails; must not return. Default: abort(). */
extern void (*memory_exhausted)(void);

/* All return new memory, never NULL (a size of 0 gives one byte). `_array` sizes are checked for
 * overflow. `memory_new` and `memory_array` are zeroed. Free with free(). */
void *memory_new(size_t bytes);
void *memory_array(size_t count, size_t element_bytes);
void *memory_resize(void *old, size_t count, size_t element_bytes);
void *memory_copy(const void *from, size_t bytes);
char *memory_text(const char *text);                 /* copy of a string; NULL stays NULL */
char *memory_text_n(const char *text, size_t bytes); /* copy of a slice, NUL added */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

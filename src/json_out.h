/* Writing JSON: values that are always valid, whatever a file's names hold. */
#ifndef OTPLAN_SRC_JSON_OUT_H
#define OTPLAN_SRC_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Bytes that are no UTF-8 become U+FFFD. NULL becomes null. */
struct json_object *json_out_string(const char *text);
struct json_object *json_out_words(const char *const *words, size_t n);

/* `key` is kept, not copied: a text that stays, as a literal does. */
void json_out_text(struct json_object *object, const char *key, const char *text);
void json_out_bytes(struct json_object *object, const char *key, uint64_t bytes);
void json_out_signed(struct json_object *object, const char *key, int64_t number);
void json_out_bool(struct json_object *object, const char *key, bool value);
void json_out_null(struct json_object *object, const char *key);

/* A list of `n` objects, each made when it is written and dropped again: of 100 000 there is one at a time. What
 * `context` (memory that the list frees) points to must stay until the list is dropped. */
struct json_object *json_out_rows(size_t n, struct json_object *(*make)(void *context, size_t row),
                                  void *context);

/* New: the object as text with a newline at the end; what would act on a terminal is written as \uXXXX. Drops
 * the object. */
char *json_out_take(struct json_object *object);
char *json_out_take_line(struct json_object *object); /* all of it on one line */

#endif

/* Addresses: which are allowed, what they share, how they are shown. Pure.
 *
 * Allowed are http:// and https:// without a user name. A redirect is held to the same list, and may not
 * lead from https to http.
 */
#ifndef OTPLAN_SRC_REMOTE_URL_H
#define OTPLAN_SRC_REMOTE_URL_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* True for all that looks like an address, "ftp://..." too: opening it says what is wrong. */
bool remote_url_like(const char *text);

/* ERROR_INPUT where `url` is not allowed. */
bool remote_url_check(const char *url, struct error *error);

/* Same scheme, host and port. */
bool remote_url_same_origin(const char *a, const char *b);
bool remote_url_is_https(const char *url);

/* New: the address for messages, without what may be secret (query and user name). */
char *remote_url_shown(const char *url);

/* How many parts the model has by the name of this one; 1 where it is none of a split. */
uint32_t remote_url_parts(const char *url);
/* New: the address of part `number` (from 1), the query kept. */
char *remote_url_part(const char *url, uint32_t number);

#endif

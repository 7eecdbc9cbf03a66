/* What `llama-server --list-devices` of the user's own build answers, beside what was detected. It opens every
 * card, so the answer is kept under $XDG_CACHE_HOME/otplan, by program, driver and visible-device variables.
 *
 * Source: llama.cpp common/arg.cpp, --list-devices: "Available devices:" and then one line a device,
 * "  NAME: DESCRIPTION (TOTAL MiB, FREE MiB free)".
 */
#ifndef OTPLAN_SRC_LLAMA_DEVICES_H
#define OTPLAN_SRC_LLAMA_DEVICES_H

#include "model/base/error.h"
#include "model/base/strbuf.h"
#include "model/plan/device.h"

#include <stdatomic.h>
#include <stdbool.h>

struct llama_device {
    char *name, *description; /* owned; no control characters */
    uint64_t total, free;     /* bytes */
};
struct llama_devices {
    struct llama_device *list; /* owned, n of them, in llama.cpp's order */
    size_t n;
    bool answered; /* "Available devices:" was printed */
    bool kept;     /* from the cache: its free memory is of another time */
    char *text;    /* owned: all that was printed */
};

/* Reads the text of an answer. Free with llama_devices_clear. */
void llama_devices_read(const char *text, struct llama_devices *out);
/* Asks `program`, or the cache. With `rpc` (what --rpc takes, or NULL) the servers are asked as well, each time
 * anew. `is_cancelled` (or NULL) ends it from another thread. ERROR_SYSTEM where the program cannot be started. */
bool llama_devices_ask(const char *program, const char *rpc, const atomic_bool *is_cancelled,
                       struct llama_devices *out, struct error *error);
void llama_devices_clear(struct llama_devices *devices);

/* Puts the answer in the place of rig's devices: names, order and memory are llama.cpp's, and what it does not
 * tell (bus, links, bandwidth) stays with the card of the same description. One line for each change is
 * appended to `changes`. */
void llama_devices_merge(const struct llama_devices *answer, struct rig *rig,
                         struct strbuf *changes);

#endif

/* Where otplan keeps things for one user, by the XDG rules: $XDG_CONFIG_HOME/otplan (else ~/.config/otplan) and so
 * on. A variable or HOME that is not an absolute path counts as unset.
 */
#ifndef OTPLAN_SRC_USER_FOLDER_H
#define OTPLAN_SRC_USER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum user_folder {
    USER_CONFIG, /* settings, themes, what calibrate found */
    USER_CACHE,  /* may be deleted at any time: heads of remote models, answers of llama.cpp */
    USER_STATE,  /* logs and what a crash left */
};

/* New: the path of `name` in the folder; nothing is made. NULL without a home. */
char *user_path(enum user_folder folder, const char *name);

/* Makes the folders above `path`, readable by the user alone. False where that cannot be done. */
bool user_make_folders(const char *path);

/* FNV-1a of 64 bits, to name a file after what it belongs to: against accidents, not against tampering. Begins with
 * USER_HASH; a result may be carried on with. */
#define USER_HASH UINT64_C(0xcbf29ce484222325)
uint64_t user_hash(uint64_t hash, const void *bytes, size_t n);

#endif

/* Which model a command line means, and opening it.
 *
 * In this order: the file or address named first on the command line, -m, -mu (where -m is not there yet), -hf
 * (llama.cpp's caches, else the hub unless --offline), the plan document's.
 */
#ifndef OTPLAN_SRC_SESSION_MODEL_H
#define OTPLAN_SRC_SESSION_MODEL_H

#include "src/plan_document.h"
#include "src/session.h"

/* Is the first word after the options a plan document? */
bool session_plan_is_given(const struct options *options);

/* New `*path`: a file's, or a name that model_file_open reads from a server. ERROR_USAGE, ERROR_INPUT. */
bool session_choose_model(const struct options *options, const struct plan_document *document,
                          const struct session *session, char **path, struct error *error);

/* Opens `path` into the session: file, model with --override-kv, the plan's rows. Says in session->notice where
 * the document was made for another model. ERROR_INPUT, ERROR_SYSTEM. */
bool session_read_model(const char *path, const struct plan_document *document,
                        struct session *session, struct error *error);

#endif

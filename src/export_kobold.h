/* A plan as a .kcpps file, KoboldCpp's settings in JSON. */
#ifndef OTPLAN_SRC_EXPORT_KOBOLD_H
#define OTPLAN_SRC_EXPORT_KOBOLD_H

#include "model/text/export.h"

/* ERROR_INPUT where KoboldCpp has no setting for what the plan needs. */
bool export_kobold(const struct export_source *source, struct strbuf *out, struct error *error);

#endif

/* Files that come with the program: the demo's model and machine, presets. */
#ifndef OTPLAN_SRC_ASSETS_H
#define OTPLAN_SRC_ASSETS_H

#include "model/base/error.h"

#include <stdbool.h>

#define ASSET_DEMO_MODEL   "kimi-k2-demo.gguf"
#define ASSET_DEMO_DEVICES "demo-devices.json"
#define ASSET_ACCELERATORS "accelerators.tsv"
#define ASSET_RIGS         "rigs.txt"

/* New `*out`: where the asset lies. Looked for in $OTPLAN_ASSETS, beside the program (assets/), in
 * ../share/otplan from there, where it was built and where it was installed. ERROR_SYSTEM if nowhere. */
bool asset_path(const char *name, char **out, struct error *error);

#endif

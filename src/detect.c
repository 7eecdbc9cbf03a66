#include "src/detect.h"

#include "model/base/memory.h"
#include "src/host_memory.h"

void detect_devices(const char *const *environment, struct rig *rig)
{
    (void)environment;
    *rig = (struct rig){.found_by = memory_text("nothing found")};
    host_memory_read(&rig->host);
}

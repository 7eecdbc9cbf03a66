/* Plan documents and device files with hostile contents. */
#include "src/device_file.h"
#include "src/plan_document.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void read_both(const char *path)
{
    struct error plan_error = {0};
    struct error rig_error = {0};
    struct plan_document document = {0};
    struct rig rig = {0};
    if (plan_document_read(path, &document, &plan_error) != (plan_error.kind == ERROR_NONE) ||
        device_file_read(path, &rig, &rig_error) != (rig_error.kind == ERROR_NONE)) {
        abort();
    }
    plan_document_clear(&document);
    rig_clear(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file >= 0 && write(file, bytes, size) == (ssize_t)size) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        read_both(path);
    }
    if (file >= 0) {
        close(file);
    }
    return 0;
}

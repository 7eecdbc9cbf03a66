/* The bundled database of accelerators (assets/accelerators.tsv), as bytes that src has read. */
#ifndef OTPLAN_MODEL_PLAN_ACCELERATORS_H
#define OTPLAN_MODEL_PLAN_ACCELERATORS_H

#include "model/base/error.h"
#include "model/plan/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct accelerator {
    char *backend;   /* owned: "CUDA", "ROCm", "SYCL", "MTL": what its device name begins with */
    char *name;      /* owned: "GeForce RTX 3090" */
    uint64_t memory; /* bytes, as the driver reports them; 0: shared with the host */
    uint64_t seen;   /* bytes that llama.cpp was seen to find; 0: not seen */
    double bandwidth_gb_s;
    double tflops;    /* F16 matrix arithmetic, dense; 0: not known */
    char *arch;       /* owned: "8.6", "gfx1100" */
    double link_gb_s; /* one direction, theoretical; 0: shares the host's memory */
    char *source;     /* owned: how the figures are known, see the head of the file */
};

struct accelerators {
    struct accelerator *list;
    size_t n;
};

/* ERROR_INPUT names the line that cannot be read. Free with accelerators_clear. */
bool accelerators_read(const char *text, size_t length, struct accelerators *out,
                       struct error *error);
void accelerators_clear(struct accelerators *accelerators);

/* The accelerator that a person means: every word of `words` is one of its name's words (upper or lower
 * case, "16G" for "16GB", maker's names left out), and it has the fewest words beside them, sizes not counted;
 * the first of the table among equals. Where none has them all, words written without the blanks between them
 * ("RTX5090"). NULL where that is none either. */
const struct accelerator *accelerators_find(const struct accelerators *accelerators,
                                            const char *words);
/* "PCIe 4.0 x16" -> 31.5; 0 where it is none. */
double link_gb_s_of(const char *link);

#endif

/* The scratch of CUDA's flash attention kernels, worked by hand for three models: a cache of another
 * type than f16 is expanded to f16, the largest layer's K and V of the device at once
 * (ggml/src/ggml-cuda/fattn.cu ggml_cuda_flash_attn_ext_get_alloc_size). */
#include "model/base/memory.h"
#include "model/plan/evaluation.h"
#include "model/text/arguments.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { CELLS = 32768 };

struct outcome {
    uint64_t compute, scratch;
};

static struct outcome evaluate(const char *name, const char *type, bool kernels)
{
    const char *flags[] = {"-c", "32768", "-fa", "on", "-ctk", type, "-ctv", type};
    uint32_t free_mib = 800000;
    struct open_model open;
    struct rig rig;
    struct plan plan;
    struct evaluation evaluation;
    struct argument_facts facts = {0};
    struct error error = {0};
    char *path = memory_format("%s/oracle/models/%s.gguf", OTPLAN_SHARED, name);
    open_model(path, &open);
    stand_in_rig(&free_mib, 1, &rig);
    rig.devices[0].has_kernels = kernels;
    plan_init(&plan, open.model);
    cr_assert(arguments_read(&plan, &facts, flags, 8, NULL, &error), "%s", error.text);
    plan_evaluate(open.model, &rig, &plan, NULL, &evaluation);
    struct outcome outcome = {evaluation.devices[0].compute,
                              evaluation.devices[0].terms.bytes[COMPUTE_FLASH_SCRATCH]};
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    argument_facts_clear(&facts);
    rig_clear(&rig);
    close_model(&open);
    free(path);
    return outcome;
}

/* `row`: elements of K and V of one cell that are expanded. */
static void check(const char *name, uint64_t row)
{
    if (!oracle_present()) {
        cr_skip_test("../shared is not here: no model heads");
    }
    uint64_t scratch = UINT64_C(2) * CELLS * row;
    struct outcome q8 = evaluate(name, "q8_0", true), plain = evaluate(name, "q8_0", false);
    struct outcome f16 = evaluate(name, "f16", true);
    cr_expect_eq(q8.scratch, scratch, "%s: %zu", name, (size_t)q8.scratch);
    cr_expect_eq(plain.scratch, 0);
    cr_expect_eq(f16.scratch, 0, "f16 is read as it is");
    cr_expect_gt(q8.compute, plain.compute);
}

/* 8 KV heads of 128: K and V of 1024 elements each. */
Test(flash_scratch, grouped_queries)
{
    check("llama-3.1-8b-Q8_0", 8 * 128 + 8 * 128);
}

/* 4 KV heads of 256; the full layers decide, the windowed ones hold fewer cells. */
Test(flash_scratch, sliding_windows)
{
    check("gemma-3-4b-Q4_K_M", 4 * 256 + 4 * 256);
}

/* K of 512 + 64 elements; V is a part of K and shares its copy. */
Test(flash_scratch, mla)
{
    check("kimi-k2-262gib-UD-IQ1_S", 512 + 64);
}

/* `otplan doctor` on programs and trees that have one trouble each. */
#include "model/base/memory.h"
#include "src/build_library.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY "OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so"
#define NO_CARD "FAKE_NVML="
#define CARD    "FAKE_NVML=RTX 5090|GPU-1|01|32607|32000|12.0"

/* A llama-server that answers as a build and a machine of this kind do. `start`: its system_info. */
#define SERVER(list, start)                                                                        \
    "case \"$1\" in\n"                                                                             \
    "--version) echo 'version: 9123 (de3ff815)';;\n"                                               \
    "--list-devices) " list ";;\n"                                                                 \
    "*) echo 'x cmn common_param: system_info: n_threads = 2 / 2 | " start "'; sleep 60;;\n"       \
    "esac\n"
#define CPU_LINE  "CPU : SSE3 = 1 | AVX = 1 | REPACK = 1 | "
#define CUDA_LINE "CUDA : ARCHS = 750,860,890 | USE_GRAPHS = 1 | " CPU_LINE
#define NONE      "echo 'Available devices:'; echo '  (none)'"
#define ONE                                                                                        \
    "echo 'ggml_cuda_init: found 1 CUDA devices:'; echo '  Device 0: RTX 5090, compute "           \
    "capability 12.0, VMM: yes'; echo 'Available devices:'; echo '  CUDA0: RTX 5090 (32120 MiB, "  \
    "31600 MiB free)'"

static struct program_result examine(const char *folder, const char *card, const char *more,
                                     const char *const *words)
{
    char *root = memory_format("OTPLAN_ROOT=%s", folder);
    const char *const environment[] = {
        LIBRARY, card, root, "XDG_CONFIG_HOME=/config", "PATH=/usr/bin:/bin", more, NULL};
    const char *arguments[12] = {"doctor"};
    for (size_t i = 0; words[i] != NULL; i++) {
        arguments[i + 1] = words[i];
    }
    struct program_result result = otplan_run_with(environment, arguments);
    free(root);
    return result;
}

struct trouble {
    const char *server, *card, *variable, *code, *words;
};

static const struct trouble troubles[] = {
    {SERVER(NONE, CPU_LINE), CARD, NULL, "cpu-only-build", "no GPU backend"},
    {"echo 'llama-server: error while loading shared libraries: libcuda.so.1: cannot open shared "
     "object file: No such file or directory' >&2; exit 127\n",
     NO_CARD, NULL, "no-driver", "libcuda.so.1"},
    {"echo 'llama-server: error while loading shared libraries: libgomp.so.1: cannot open shared "
     "object file: No such file or directory' >&2; exit 127\n",
     NO_CARD, NULL, "missing-library", "libgomp.so.1"},
    {SERVER("echo 'ggml_cuda_init: failed to initialize CUDA: CUDA driver version is insufficient "
            "for CUDA runtime version' >&2; " NONE,
            CUDA_LINE),
     CARD, NULL, "no-driver", "driver version is insufficient"},
    {SERVER(NONE, CUDA_LINE), NO_CARD, NULL, "no-driver", "no NVIDIA driver"},
    {SERVER("echo 'Unable to open /dev/kfd read-write: Permission denied' >&2; " NONE,
            "ROCm : NO_VMM = 1 | " CPU_LINE),
     NO_CARD, NULL, "no-permission", "groups render and video"},
    {SERVER(ONE, CUDA_LINE), CARD, NULL, "arch-mismatch", "CMAKE_CUDA_ARCHITECTURES=120"},
    {SERVER("[ -n \"${CUDA_VISIBLE_DEVICES+x}\" ] && { " NONE "; exit; }; " ONE, CUDA_LINE), CARD,
     "CUDA_VISIBLE_DEVICES=", "masked-devices", "CUDA_VISIBLE_DEVICES="},
    {SERVER(NONE, CUDA_LINE), CARD, NULL, "no-device-found", "finds no device"},
};

Test(doctor, names_the_cause_and_the_repair_of_every_trouble)
{
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        const struct trouble *trouble = &troubles[i];
        char *folder = test_folder_make();
        tree_program(folder, "bin/llama-server", trouble->server);
        const char *const words[] = {"--llama-bin", folder, NULL};
        struct program_result result = examine(folder, trouble->card, trouble->variable, words);
        cr_expect_eq(result.status, 3, "%s: %d %s%s", trouble->code, result.status, result.output,
                     result.errors);
        char *code = memory_format("\n%s: ", trouble->code);
        cr_expect(strstr(result.output, code) != NULL, "%s: %s", trouble->code, result.output);
        cr_expect(strstr(result.output, trouble->words) != NULL, "%s: %s", trouble->words,
                  result.output);
        cr_expect(strstr(result.output, "repair: ") != NULL, "%s", result.output);
        free(code);
        program_result_clear(&result);
        test_folder_remove(folder);
    }
}

Test(doctor, finds_a_device_file_that_may_not_be_opened)
{
    if (geteuid() == 0) {
        cr_skip_test("root may open every file");
    }
    char *folder = test_folder_make();
    tree_program(folder, "llama-server", SERVER(NONE, CUDA_LINE));
    tree_write(folder, "dev/nvidia0", "");
    char *device = memory_format("%s/dev/nvidia0", folder);
    cr_assert(chmod(device, 0) == 0);
    const char *const words[] = {"--llama-bin", folder, NULL};
    struct program_result result = examine(folder, CARD, NULL, words);
    cr_expect_eq(result.status, 3);
    cr_expect(strstr(result.output, "no-permission: ") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "dev/nvidia0") != NULL, "%s", result.output);
    program_result_clear(&result);
    free(device);
    test_folder_remove(folder);
}

Test(doctor, is_content_with_a_build_that_serves_the_card)
{
    char *folder = test_folder_make();
    tree_program(folder, "llama-server", SERVER(ONE, "CUDA : ARCHS = 890,1200 | " CPU_LINE));
    const char *const words[] = {"--llama-bin", folder, NULL};
    struct program_result result = examine(folder, CARD, NULL, words);
    cr_expect_eq(result.status, 0, "%s%s", result.output, result.errors);
    cr_expect(strstr(result.output, "verdict: ok") != NULL);
    program_result_clear(&result);
    tree_write(folder, "config/llama.cpp/config.ini",
               "; mine\n[*]\nn-gpu-layers = 0\n# not = this\n\x1b[31mcpu-moe = on\n");
    result = examine(folder, CARD, NULL, words);
    cr_expect_eq(result.status, 0);
    cr_expect(strstr(result.output, "config-ini: ") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "n-gpu-layers = 0, ") != NULL, "%s", result.output);
    cr_expect(strchr(result.output, '\x1b') == NULL);
    cr_expect(strstr(result.output, "not = this") == NULL);
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(doctor, says_which_device_of_a_plan_is_not_there)
{
    char *folder = test_folder_make();
    tree_program(folder, "llama-server", SERVER(ONE, "CUDA : ARCHS = 1200 | " CPU_LINE));
    char *text = memory_format(
        "{\"otplan_plan\": 1, \"model\": {\"path\": \"%s\"}, \"args\": [\"-c\", \"4096\", "
        "\"-cmoe\"], "
        "\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 32000}, {\"name\": \"CUDA3\", "
        "\"free_mib\": 32000}], \"host\": {\"free_mib\": 500000}}",
        demo_model());
    char *path = test_file_write(folder, "plan.json", text, strlen(text));
    const char *const words[] = {path, "--llama-bin", folder, "--json", NULL};
    struct program_result result = examine(folder, CARD, NULL, words);
    cr_expect_eq(result.status, 3, "%s", result.errors);
    cr_expect(strstr(result.output, "the plan uses CUDA3") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "the plan uses CUDA0") == NULL);
    program_result_clear(&result);
    free(text);
    free(path);
    test_folder_remove(folder);
}

/* A library's bytes: texts with a NUL before and behind each. */
static void library(const char *folder, const char *path, const char *const *texts)
{
    struct strbuf bytes = {0};
    for (size_t i = 0; texts[i] != NULL; i++) {
        strbuf_add_n(&bytes, "", 1);
        strbuf_add(&bytes, texts[i]);
        strbuf_add_n(&bytes, "", 1);
    }
    tree_write(folder, path, "");
    char *written = test_file_write(folder, path, strbuf_text(&bytes), bytes.length);
    free(written);
    strbuf_clear(&bytes);
}

#define SITE "lib/python3.11/site-packages/llama_cpp/lib/"

Test(doctor, names_the_environment_that_has_the_gpu_build)
{
    char *folder = test_folder_make();
    library(folder, "cpu/" SITE "libllama.so", (const char *const[]){"llama_decode", NULL});
    library(folder, "cpu/" SITE "libggml-cpu.so", (const char *const[]){"AVX2", NULL});
    library(folder, "old/" SITE "libggml-cuda.so",
            (const char *const[]){"ARCHS", "750,860,890", NULL});
    library(folder, "gpu/" SITE "libggml-cuda.so",
            (const char *const[]){"ARCHS", "USE_GRAPHS", "860,890,1200", NULL});
    char *cpu = memory_format("%s/cpu", folder);
    char *old = memory_format("%s/old", folder);
    char *gpu = memory_format("%s/gpu", folder);
    const char *const all[] = {"--env", cpu, old, "--env", gpu, NULL};
    struct program_result result = examine(folder, CARD, NULL, all);
    cr_expect_eq(result.status, 3, "%s", result.errors);
    char *use = memory_format("use %s, whose build has CUDA", gpu);
    cr_expect(strstr(result.output, "wrong-environment: ") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, use) != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "arch-mismatch: ") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "compiled for 860,890,1200") != NULL, "%s", result.output);
    program_result_clear(&result);
    const char *const one[] = {"--env", cpu, NULL};
    result = examine(folder, CARD, NULL, one);
    cr_expect_eq(result.status, 3);
    cr_expect(strstr(result.output, "cpu-only-build: ") != NULL, "%s", result.output);
    program_result_clear(&result);
    const char *const good[] = {"--env", gpu, NULL};
    result = examine(folder, CARD, NULL, good);
    cr_expect_eq(result.status, 0, "%s", result.output);
    program_result_clear(&result);
    free(use);
    free(cpu);
    free(old);
    free(gpu);
    test_folder_remove(folder);
}

Test(doctor, says_where_it_looked)
{
    char *folder = test_folder_make();
    const char *const words[] = {"--llama-bin", folder, NULL};
    struct program_result result = examine(folder, CARD, NULL, words);
    cr_expect_eq(result.status, 4);
    cr_expect(strstr(result.errors, "--llama-bin DIR") != NULL, "%s", result.errors);
    program_result_clear(&result);
    const char *const env[] = {"--env", "/nowhere", NULL};
    result = examine(folder, CARD, NULL, env);
    cr_expect_eq(result.status, 2);
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(architectures, serve_their_own_generation_from_their_minor_on)
{
    cr_expect(build_covers("750,860,890", "8.9"));
    cr_expect(build_covers("800", "8.6"));
    cr_expect_not(build_covers("860", "8.0"));
    cr_expect_not(build_covers("750,860,890", "12.0"));
    cr_expect_not(build_covers("500,600", "9.0"));
    cr_expect(build_covers("1200", "12.1"));
    cr_expect(build_covers("860", "gfx1100"));
    cr_expect(build_covers(NULL, "12.0"));
}

/* `otplan devices` beside the --list-devices of the user's own build. */
#include "model/base/memory.h"
#include "src/llama_devices.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CARDS                                                                                      \
    "FAKE_NVML=RTX 3090|GPU-1|01|24576|24000|8.6;RTX 5090|GPU-2|02|32607|32000|12.0;RTX "          \
    "4060|GPU-3|03|8188|8000|8.9"

static struct program_result devices(const char *folder, const char *more)
{
    char *cache = memory_format("XDG_CACHE_HOME=%s/cache", folder);
    const char *const environment[] = {"OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so",
                                       "OTPLAN_ROOT=/nowhere",
                                       CARDS,
                                       cache,
                                       more,
                                       NULL};
    const char *const words[] = {"devices", "--llama-bin", folder, NULL};
    struct program_result result = otplan_run_with(environment, words);
    free(cache);
    return result;
}

static size_t asked(const char *folder)
{
    char *path = memory_format("%s/llama-server.asked", folder);
    const char *const words[] = {"cat", path, NULL};
    struct program_result result = program_run(words, NULL, NULL);
    size_t bytes = result.output_bytes;
    program_result_clear(&result);
    free(path);
    return bytes;
}

Test(list_devices, wins_over_detection_and_says_what_changed)
{
    char *folder = test_folder_make();
    tree_program(folder, "llama-server",
                 "printf x >> $0.asked\n"
                 "echo 'ggml_cuda_init: found 2 CUDA devices:'\n"
                 "echo 'Available devices:'\n"
                 "echo '  CUDA0: RTX 5090 (32606 MiB, 31300 MiB free)'\n"
                 "echo '  CUDA1: RTX 3090 (24154 MiB, 23900 MiB free)'\n");
    struct program_result result = devices(folder, NULL);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    const char *first = strstr(result.output, "CUDA0 ");
    cr_assert(first != NULL && strstr(first, "0000:02:00.0") < strstr(first, "CUDA1 "), "%s",
              result.output);
    cr_expect(strstr(result.output, "CUDA0 (RTX 5090): detected as CUDA1 at 0000:02:00.0") != NULL,
              "%s", result.output);
    cr_expect(strstr(result.output, "CUDA1: total 24154 MiB, detected 24576 MiB") != NULL);
    cr_expect(strstr(result.output, "CUDA0: llama.cpp's own context takes 700 MiB") != NULL, "%s",
              result.output);
    cr_expect(strstr(result.output, "CUDA2 (RTX 4060): this llama.cpp does not see it") != NULL);
    program_result_clear(&result);
    result = devices(folder, NULL);
    cr_expect_eq(asked(folder), 1, "the answer is kept");
    cr_expect(strstr(result.output, "kept from before") != NULL);
    cr_expect(strstr(result.output, "32 000.0 of") != NULL, "free memory is today's: %s",
              result.output);
    cr_expect(strstr(result.output, "context 700 MiB") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "context measured earlier") != NULL, "%s", result.output);
    program_result_clear(&result);
    result = devices(folder, "CUDA_VISIBLE_DEVICES=0");
    cr_expect_eq(asked(folder), 2, "other variables, another answer");
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(list_devices, that_gives_no_list_changes_nothing)
{
    char *folder = test_folder_make();
    tree_program(folder, "llama-server",
                 "echo 'error: invalid argument: --list-devices'; exit 1\n");
    struct program_result result = devices(folder, NULL);
    cr_assert_eq(result.status, 0);
    cr_expect(strstr(result.output, "CUDA2 ") != NULL, "%s", result.output);
    cr_expect(strstr(result.output, "otplan doctor") != NULL);
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(list_devices, asks_the_servers_of_rpc_each_time)
{
    char *folder = test_folder_make();
    char *cache = memory_format("XDG_CACHE_HOME=%s/cache", folder);
    tree_program(folder, "llama-server",
                 "printf x >> $0.asked; [ \"$1 $3\" = '--rpc --list-devices' ] || exit 1\n"
                 "echo 'Available devices:'\n"
                 "echo \"  RPC0: $2 (8000 MiB, 7000 MiB free)\"\n");
    for (size_t i = 1; i <= 2; i++) {
        const char *const environment[] = {"OTPLAN_NVML=/nowhere", "OTPLAN_ROOT=/nowhere", cache,
                                           NULL};
        const char *const words[] = {"devices", "--llama-bin",    folder,
                                     "--rpc",   "10.0.0.2:50052", NULL};
        struct program_result result = otplan_run_with(environment, words);
        cr_expect(strstr(result.output, "RPC0[10.0.0.2:50052] ") != NULL, "%s%s", result.output,
                  result.errors);
        cr_expect_eq(asked(folder), i);
        program_result_clear(&result);
    }
    free(cache);
    test_folder_remove(folder);
}

Test(list_devices, reads_names_of_any_backend_and_nothing_hostile)
{
    struct llama_devices devices;
    llama_devices_read("  CUDA9: before the list (1 MiB, 1 MiB free)\nAvailable devices:\r\n"
                       "  Vulkan0: AMD Radeon (RADV NAVI31) (24560 MiB, 24000 MiB free)\r\n"
                       "  RPC0: 10.0.0.2:50052 (8000 MiB, 7000 MiB free)\n"
                       "  X\x1b[31m: Y\x1b]0;t\x07 (10 MiB, 5 MiB free)\n"
                       "  Z: more free than there is (10 MiB, 50 MiB free)\n"
                       "  W: (99999999999999999999 MiB, 5 MiB free)\n",
                       &devices);
    cr_assert_eq(devices.n, 3);
    cr_expect_str_eq(devices.list[0].description, "AMD Radeon (RADV NAVI31)");
    cr_expect_str_eq(devices.list[1].description, "10.0.0.2:50052");
    cr_expect_str_eq(devices.list[2].name, "X?[31m");
    llama_devices_clear(&devices);
}

/* Cards and memory from recorded trees of /sys and /proc. */
#include "model/base/memory.h"
#include "src/detect_sysfs.h"
#include "src/host_memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void amd_card(const char *root, int number, const char *bus, const char *total,
                     const char *used)
{
    const struct {
        const char *name, *text;
    } files[] = {{"mem_info_vram_total", total},
                 {"mem_info_vram_used", used},
                 {"vendor", "0x1002"},
                 {"device", "0x744c"},
                 {"numa_node", "-1"}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = memory_format("sys/class/drm/card%d/device/%s", number, files[i].name);
        tree_write(root, path, files[i].text);
        free(path);
    }
    char *path = memory_format("sys/class/drm/card%d/device/uevent", number);
    char *text =
        memory_format("DRIVER=amdgpu\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:%s:00.0\n", bus);
    tree_write(root, path, text);
    free(text);
    free(path);
}

static void kfd_node(const char *root, int number, int location, int gfx)
{
    char *path = memory_format("sys/class/kfd/kfd/topology/nodes/%d/properties", number);
    char *text = memory_format("cpu_cores_count %d\nsimd_count %d\ngfx_target_version %d\n"
                               "location_id %d\ndomain 0\n",
                               gfx == 0 ? 16 : 0, gfx == 0 ? 0 : 192, gfx, location);
    tree_write(root, path, text);
    free(text);
    free(path);
}

static struct rig look(const char *root, const char *variable)
{
    const char *const environment[] = {variable, NULL};
    struct rig rig = {0};
    setenv("OTPLAN_ROOT", root, 1);
    detect_sysfs(environment, &rig);
    return rig;
}

Test(sysfs, names_amd_cards_as_rocm_counts_them)
{
    char *root = test_folder_make();
    amd_card(root, 0, "03", "25753026560", "1000000000");
    amd_card(root, 1, "43", "34342961152", "0");
    tree_write(root, "sys/class/drm/card1-DP-1/status", "connected");
    tree_write(root, "usr/share/misc/pci.ids",
               "1002  Advanced Micro Devices\n\t744c  Navi 31 [Radeon RX 7900 XTX]\n");
    kfd_node(root, 0, 0, 0);
    kfd_node(root, 1, 0x4300, 90006);
    kfd_node(root, 2, 0x0300, 110000);
    struct rig rig = look(root, NULL);
    cr_assert_eq(rig.n_devices, 2);
    cr_expect_str_eq(rig.devices[0].name, "ROCm0");
    cr_expect_str_eq(rig.devices[0].pci, "0000:43:00.0");
    cr_expect_str_eq(rig.devices[0].compute_capability, "gfx906");
    cr_expect_str_eq(rig.devices[1].compute_capability, "gfx1100");
    cr_expect_str_eq(rig.devices[1].description, "AMD Navi 31 [Radeon RX 7900 XTX]");
    cr_expect_eq(rig.devices[1].free, 24753026560U);
    cr_expect_eq(rig.devices[1].backend, BACKEND_CUDA);
    cr_expect(strstr(rig.devices[0].found_by, "ROCm build") != NULL);
    rig_clear(&rig);
    rig = look(root, "HIP_VISIBLE_DEVICES=1");
    cr_assert_eq(rig.n_devices, 1);
    cr_expect_str_eq(rig.devices[0].name, "ROCm0");
    cr_expect_str_eq(rig.devices[0].pci, "0000:03:00.0");
    rig_clear(&rig);
    test_folder_remove(root);
}

/* The kernel lists who computes on an AMD card, and how much of it they hold. */
Test(sysfs, tells_the_processes_on_amd_cards)
{
    char *root = test_folder_make();
    amd_card(root, 0, "43", "34342961152", "12000000000");
    kfd_node(root, 0, 0, 0);
    kfd_node(root, 1, 0x4300, 90006);
    tree_write(root, "sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
    tree_write(root, "sys/class/kfd/kfd/topology/nodes/1/gpu_id", "51144\n");
    tree_write(root, "sys/class/kfd/kfd/proc/2345678/vram_51144", "10485760000\n");
    tree_write(root, "sys/class/kfd/kfd/proc/2345679/vram_51144", "0\n");
    tree_write(root, "sys/class/kfd/kfd/proc/2345680/vram_777", "5000\n");
    tree_write(root, "proc/2345678/stat",
               "2345678 (llama-server) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0\n");
    tree_write(root, "proc/2345678/comm", "llama-server\n");
    char *at = memory_format("OTPLAN_ROOT=%s", root);
    const char *const environment[] = {at, "OTPLAN_NVML=/nowhere", "PATH=/nowhere",
                                       "XDG_STATE_HOME=/nowhere", NULL};
    const char *const words[] = {"watch", "--once", NULL};
    struct program_result result = otplan_run_with(environment, words);
    cr_expect(strstr(result.output, "pid 2345678 llama-server, 10000 MiB, the server\n") != NULL,
              "%s%s", result.output, result.errors);
    cr_expect(strstr(result.output, "234568") == NULL, "%s", result.output);
    cr_expect(strstr(result.output, "2345679") == NULL, "%s", result.output);
    program_result_clear(&result);
    free(at);
    test_folder_remove(root);
}

Test(sysfs, names_a_card_that_kfd_does_not_know_as_vulkan_does)
{
    char *root = test_folder_make();
    amd_card(root, 0, "03", "8573157376", "8573157377");
    struct rig rig = look(root, NULL);
    cr_assert_eq(rig.n_devices, 1);
    cr_expect_str_eq(rig.devices[0].name, "Vulkan0");
    cr_expect_eq(rig.devices[0].free, 0, "used more than there is: nothing is promised");
    rig_clear(&rig);
    test_folder_remove(root);
}

Test(sysfs, reads_intel_memory_from_the_driver_or_the_window)
{
    char *root = test_folder_make();
    tree_write(root, "sys/class/drm/card0/device/uevent",
               "DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0\n");
    tree_write(root, "sys/class/drm/card0/device/resource",
               "0x0 0x0 0x0\n0x0 0x0 0x0\n0x4000000000 0x400fffffff 0x14220c\n");
    tree_write(root, "sys/class/drm/card1/device/uevent",
               "DRIVER=xe\nPCI_SLOT_NAME=0000:03:00.0\n");
    tree_write(root, "sys/class/drm/card1/device/tile0/physical_vram_size_bytes", "0x3fa000000\n");
    tree_write(root, "sys/class/drm/card2/device/uevent",
               "DRIVER=xe\nPCI_SLOT_NAME=0000:04:00.0\n");
    tree_write(root, "sys/class/drm/card2/device/resource",
               "0x0 0x0 0x0\n0x0 0x0 0x0\n0x4000000000 0x43ffffffff 0x14220c\n");
    struct rig rig = look(root, NULL);
    cr_assert_eq(rig.n_devices, 2, "graphics of the processor is no device");
    cr_expect_str_eq(rig.devices[0].name, "SYCL0");
    cr_expect_eq(rig.devices[0].total, 0x3fa000000U);
    cr_expect_eq(rig.devices[1].total, 16ULL << 30);
    cr_expect(strstr(rig.devices[1].found_by, "memory window") != NULL);
    rig_clear(&rig);
    test_folder_remove(root);
}

static struct device host_of(const char *root)
{
    struct device host;
    setenv("OTPLAN_ROOT", root, 1);
    tree_write(root, "proc/meminfo", "MemTotal: 65536 kB\nMemFree: 1 kB\nMemAvailable: 49152 kB\n");
    host_memory_read(&host);
    return host;
}

static void host_clear(struct device *host)
{
    struct rig rig = {.host = *host};
    rig_clear(&rig);
}

Test(host, has_no_more_than_its_control_group_allows)
{
    char *root = test_folder_make();
    tree_write(root, "proc/self/cgroup", "0::/user/box\n");
    tree_write(root, "sys/fs/cgroup/user/box/memory.max", "max\n");
    tree_write(root, "sys/fs/cgroup/user/memory.max", "33554432\n");
    tree_write(root, "sys/fs/cgroup/user/memory.current", "20971520\n");
    tree_write(root, "sys/fs/cgroup/user/memory.stat", "anon 1\ninactive_file 10485760\n");
    struct device host = host_of(root);
    cr_expect_eq(host.total, 33554432);
    cr_expect_eq(host.free, 33554432 - 10485760, "%llu", (unsigned long long)host.free);
    cr_expect(strstr(host.found_by, "/user/memory.max") != NULL, "%s", host.found_by);
    host_clear(&host);
    test_folder_remove(root);
}

Test(host, knows_control_groups_of_the_first_version_and_none)
{
    char *root = test_folder_make();
    struct device host = host_of(root);
    cr_expect_eq(host.total, 65536 << 10);
    cr_expect_eq(host.free, 49152 << 10);
    host_clear(&host);
    tree_write(root, "proc/self/cgroup", "7:cpu,cpuacct:/\n4:memory:/docker/abc\n");
    tree_write(root, "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "16777216\n");
    tree_write(root, "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "4194304\n");
    tree_write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    host = host_of(root);
    cr_expect_eq(host.total, 16777216);
    cr_expect_eq(host.free, 12582912);
    host_clear(&host);
    test_folder_remove(root);
}

Test(devices, of_a_hostile_tree_send_no_escapes_to_the_terminal)
{
    char *root = test_folder_make();
    amd_card(root, 0, "03", "25753026560", "1000000000");
    tree_write(root, "sys/class/drm/card0/device/product_name",
               "RX\x1b]0;owned\x07 $(touch /tmp/owned) \xc2\x9b"
               "2J\n");
    tree_write(root, "sys/class/drm/card0/device/uevent",
               "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:0\x1b[31m:00.0\n");
    tree_write(root, "sys/devices/system/node/node0/meminfo",
               "Node 0 MemTotal: 32768 kB\nNode 0 MemFree: 16384 kB\n");
    tree_write(root, "sys/devices/system/node/node1/meminfo",
               "Node 1 MemTotal: 32768 kB\nNode 1 MemFree: 99 kB\n");
    char *variable = memory_format("OTPLAN_ROOT=%s", root);
    const char *const environment[] = {variable, "OTPLAN_NVML=/nowhere/lib.so", "PATH=/nowhere",
                                       NULL};
    const char *const words[] = {"devices", NULL};
    struct program_result result = otplan_run_with(environment, words);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_expect(strstr(result.output, "Vulkan0") != NULL);
    cr_expect(strstr(result.output, "node 1") != NULL, "%s", result.output);
    cr_expect(strpbrk(result.output, "\x1b\x07") == NULL);
    cr_expect(strstr(result.output, "\xc2\x9b") == NULL, "an eight-bit escape");
    program_result_clear(&result);
    free(variable);
    test_folder_remove(root);
}

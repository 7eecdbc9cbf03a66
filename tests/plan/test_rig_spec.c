/* --rig lines on the bundled database. */
#include "model/base/strbuf.h"
#include "model/plan/rig_spec.h"
#include "src/log_file.h"

#include <criterion/criterion.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)

static struct accelerators database;

static void database_open(void)
{
    struct strbuf text = {0};
    struct error error = {.kind = ERROR_NONE};

    cr_assert(log_file_read(OTPLAN_SOURCE "/assets/accelerators.tsv", &text, &error), "%s",
              error.text);
    cr_assert(accelerators_read(strbuf_text(&text), text.length, &database, &error), "%s",
              error.text);
    strbuf_clear(&text);
}

static void database_close(void)
{
    accelerators_clear(&database);
}

TestSuite(rig_spec, .init = database_open, .fini = database_close);

static struct rig rig_of(const char *spec)
{
    struct rig rig;
    struct error error = {.kind = ERROR_NONE};

    cr_assert(rig_spec_read(spec, &database, &rig, &error), "%s", error.text);
    return rig;
}

static void expect_device(const struct rig *rig, size_t at, const char *name,
                          const char *description)
{
    cr_assert_lt(at, rig->n_devices);
    cr_expect_str_eq(rig->devices[at].name, name);
    cr_expect_str_eq(rig->devices[at].description, description);
}

Test(rig_spec, the_database_is_large_and_whole)
{
    cr_expect_geq(database.n, 120);
    for (size_t i = 0; i < database.n; i++) {
        const struct accelerator *it = &database.list[i];
        cr_expect(*it->source, "%s has no source", it->name);
        cr_expect(*it->arch, "%s has no architecture", it->name);
        cr_expect(it->link_gb_s > 0 || !it->memory, "%s has no link", it->name);
        cr_expect_leq(it->seen, it->memory, "%s", it->name);
        cr_expect_eq(accelerators_find(&database, it->name), it, "%s finds %s", it->name,
                     accelerators_find(&database, it->name)->name);
    }
}

Test(rig_spec, the_line_of_the_manual)
{
    struct rig rig = rig_of("2x RTX 3090 + RTX 4060 Ti 16GB + 128G DDR4-3200x2");

    cr_assert_eq(rig.n_devices, 3);
    expect_device(&rig, 0, "CUDA0", "GeForce RTX 3090");
    expect_device(&rig, 1, "CUDA1", "GeForce RTX 3090");
    expect_device(&rig, 2, "CUDA2", "GeForce RTX 4060 Ti 16GB");
    cr_expect_eq(rig.devices[0].total >> 20, 24576);
    cr_expect_float_eq(rig.devices[0].bandwidth_gb_s, 936, 0.1);
    cr_expect_str_eq(rig.devices[0].compute_capability, "8.6");
    cr_expect_float_eq(rig.devices[2].link_gb_s, 15.76, 0.1);
    cr_expect_eq(rig.host.total, 128 * GIB);
    cr_expect_float_eq(rig.host.bandwidth_gb_s, 51.2, 0.01);
    cr_expect(rig.simulated);
    rig_clear(&rig);
}

Test(rig_spec, names_as_people_write_them)
{
    static const struct {
        const char *spec, *description;
    } cases[] = {
        {"3090", "GeForce RTX 3090"},
        {"rtx 3090 ti", "GeForce RTX 3090 Ti"},
        {"NVIDIA GeForce RTX 5090", "GeForce RTX 5090"},
        {"4060 Ti 16G", "GeForce RTX 4060 Ti 16GB"},
        {"8xH100", "H100 SXM 80GB"},
        {"RTX PRO 6000", "RTX PRO 6000 Blackwell Workstation Edition"},
        {"A6000", "RTX A6000"},
        {"RTX 3060", "GeForce RTX 3060 12GB"},
        {"RTX5090", "GeForce RTX 5090"},
        {"rtx4060ti 16G", "GeForce RTX 4060 Ti 16GB"},
        {"3090ti", "GeForce RTX 3090 Ti"},
        {"P40", "Tesla P40"},
        {"7900 XTX", "Radeon RX 7900 XTX"},
        {"MI300X", "Instinct MI300X"},
        {"Ryzen AI Max+ 395 128G", "Radeon 8060S Ryzen AI Max+ 395"},
        {"Jetson AGX Orin 64GB", "Jetson AGX Orin 64GB"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig = rig_of(cases[i].spec);
        cr_expect_str_eq(rig.devices[0].description, cases[i].description, "%s", cases[i].spec);
        rig_clear(&rig);
    }
}

Test(rig_spec, memory_that_is_shared_or_changed_by_the_line)
{
    struct rig rig = rig_of("M3 Max 128G+RTX 4090 48G");

    expect_device(&rig, 0, "CUDA0", "GeForce RTX 4090");
    cr_expect_eq(rig.devices[0].free, 48 * GIB);
    expect_device(&rig, 1, "MTL0", "M3 Max");
    cr_expect_eq(rig.devices[1].total, 96 * GIB);
    cr_expect_eq(rig.host.total, 0);
    rig_clear(&rig);
}

Test(rig_spec, rpc_hosts_come_first_and_are_numbered_as_llama_cpp_does)
{
    struct rig rig = rig_of("RX 9070 XT + 2x RPC[10.0.0.2:50052] RTX 3090 @ 1.25 + "
                            "RPC[10.0.0.3:50052] P40 + 64G @ 80GB/s");

    cr_assert_eq(rig.n_devices, 4);
    expect_device(&rig, 0, "RPC0[10.0.0.2:50052]", "GeForce RTX 3090");
    expect_device(&rig, 1, "RPC1[10.0.0.2:50052]", "GeForce RTX 3090");
    expect_device(&rig, 2, "RPC0[10.0.0.3:50052]", "Tesla P40");
    cr_expect_str_eq(rig.devices[2].device_name, "RPC2");
    expect_device(&rig, 3, "ROCm0", "Radeon RX 9070 XT");
    cr_expect_float_eq(rig.devices[0].link_gb_s, 1.25, 1e-9);
    cr_expect_float_eq(rig.devices[0].switch_us, RPC_SWITCH_US, 1e-9);
    cr_expect_float_eq(rig.devices[3].switch_us, 0, 1e-9);
    cr_expect_float_eq(rig.host.bandwidth_gb_s, 80, 1e-9);
    rig_clear(&rig);
}

Test(rig_spec, an_rpc_servers_devices_stand_together)
{
    struct rig rig = rig_of("RPC[a:1] P40 + RPC[b-1.lan:50052] P40 + RTX 3090 + RPC[a:1] RTX 3090");

    expect_device(&rig, 0, "RPC0[a:1]", "Tesla P40");
    expect_device(&rig, 1, "RPC1[a:1]", "GeForce RTX 3090");
    expect_device(&rig, 2, "RPC0[b-1.lan:50052]", "Tesla P40");
    cr_expect_str_eq(rig.devices[2].device_name, "RPC2");
    expect_device(&rig, 3, "CUDA0", "GeForce RTX 3090");
    rig_clear(&rig);
}

Test(rig_spec, what_is_not_understood_is_named)
{
    static const char *const specs[] = {"",
                                        "RTX 9999",
                                        "2x",
                                        "0x RTX 3090",
                                        "99x RTX 3090",
                                        "+",
                                        "M3 Max",
                                        "128G DDR4",
                                        "128G + 64G",
                                        "RPC[ RTX 3090",
                                        "RPC[] P40",
                                        "RPC[a] P40",
                                        "RPC[a:] P40",
                                        "RPC[a,b:1] P40",
                                        "RPC[a b:1] P40",
                                        "RPC[a:1x] P40",
                                        "RTX 3090 @",
                                        "3090 + ",
                                        "128G DDR4-0x2"};
    char long_spec[400];

    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct rig rig;
        struct error error = {.kind = ERROR_NONE};
        cr_expect_not(rig_spec_read(specs[i], &database, &rig, &error), "'%s'", specs[i]);
        cr_expect_eq(error.kind, ERROR_USAGE, "'%s'", specs[i]);
    }
    memset(long_spec, 'x', sizeof long_spec - 1);
    long_spec[sizeof long_spec - 1] = '\0';
    struct rig rig;
    cr_expect_not(rig_spec_read(long_spec, &database, &rig, NULL));
}

Test(rig_spec, a_broken_table_names_its_line)
{
    static const char *const tables[] = {
        "# head\nCUDA\tX\n", "# head\nCUDA\tX\tmany\t0\t1\t8.6\tPCIe 4.0 x16\t142\tbus\n",
        "\nCUDA\tX\t1\t0\t0\t8.6\tPCIe 4.0 x16\t142\tbus\n"};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct accelerators read;
        struct error error = {.kind = ERROR_NONE};
        cr_expect_not(accelerators_read(tables[i], strlen(tables[i]), &read, &error));
        cr_expect(strstr(error.text, "line 2"), "%s", error.text);
    }
}

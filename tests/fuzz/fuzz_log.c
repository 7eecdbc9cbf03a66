/* The log reader on hostile bytes: whatever it makes of them is clean, consistent and can be judged. */
#include "model/log/log_verify.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check(bool claim)
{
    if (!claim) {
        abort();
    }
}

/* No terminal escapes can come through: neither control characters nor C1. */
static void see_text(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
        check(*c == '\t' || *c >= 0x20);
        check(*c != 0x7f && !(c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0));
    }
}

static void see_load(const struct log_load *load)
{
    for (size_t i = 0; i < load->n_buffers; i++) {
        see_text(load->buffers[i].name);
        check(load->buffers[i].lines > 0);
    }
    for (size_t i = 0; i < load->n_devices; i++) {
        see_text(load->devices[i].name);
        see_text(load->devices[i].description);
    }
    see_text(load->model);
    see_text(load->failure.reason);
}

static void see_report(const struct log_report *report)
{
    enum log_verdict worst = VERDICT_INCONCLUSIVE;

    for (size_t i = 0; i < report->n_loads; i++) {
        const struct load_report *load = &report->loads[i];
        worst = load->verdict < worst ? load->verdict : worst;
        for (size_t k = 0; k < load->n_checks; k++) {
            see_text(load->checks[k].what);
        }
        for (size_t k = 0; k < load->n_findings; k++) {
            see_text(load->findings[k].message);
        }
    }
    check(worst == report->verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct log log;
    struct log_report report;

    log_read((const char *)bytes, size, &log);
    check(log.n_loads > 0);
    log_verify(&log, NULL, &report);
    for (size_t i = 0; i < log.n_loads; i++) {
        see_load(&log.loads[i]);
    }
    see_report(&report);
    log_report_clear(&report);
    log_clear(&log);
    return 0;
}

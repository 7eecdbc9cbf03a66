/* Real logs: each one of ../shared/logs gives a verdict; for those in the table, what it says was read by a
 * person and written down here. */
#include "model/base/memory.h"
#include "model/log/log_verify.h"
#include "src/log_file.h"
#include "tests/log/expected_logs.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGS OTPLAN_SHARED "/logs"

/* ---- reading a log of the folder ---- */

struct read_log {
    struct log log;
    struct log_report report;
};

static struct read_log read_shared(const char *file)
{
    char *path = memory_format("%s/%s", LOGS, file);
    struct strbuf text = {0};
    struct error error = {.kind = ERROR_NONE};
    struct read_log read;

    cr_assert(log_file_read(path, &text, &error), "%s", error.text);
    log_read(strbuf_text(&text), text.length, &read.log);
    log_verify(&read.log, NULL, &read.report);
    strbuf_clear(&text);
    free(path);
    return read;
}

static void read_clear(struct read_log *read)
{
    log_report_clear(&read->report);
    log_clear(&read->log);
}

static DIR *open_logs(void)
{
    DIR *folder = opendir(LOGS);

    if (!folder)
        cr_skip_test("no shared logs here");
    return folder;
}

/* ---- the tests ---- */

static void expect_buffer(const struct expected_log *expected, const struct log_load *load,
                          const struct expected_buffer *buffer)
{
    const struct log_context *context = buffer->context && buffer->context <= load->n_contexts
                                            ? &load->contexts[buffer->context - 1]
                                            : NULL;
    const struct log_buffer *list =
        buffer->context ? context ? context->buffers : NULL : load->buffers;
    size_t n = buffer->context ? context ? context->n_buffers : 0 : load->n_buffers;
    const struct log_buffer *found = log_buffer_find(list, n, buffer->kind, buffer->name);

    cr_expect(found, "%s: no %s %s buffer", expected->file, buffer->name,
              log_buffer_kind_name(buffer->kind));
    if (found)
        cr_expect(fabs((double)found->bytes / MIB - buffer->mib) < 0.002,
                  "%s: %s %s buffer is %.2f MiB, not %.2f", expected->file, buffer->name,
                  log_buffer_kind_name(buffer->kind), (double)found->bytes / MIB, buffer->mib);
}

static void expect_offloaded(const struct expected_log *expected, const struct log_load *load)
{
    char *said = load->has_offloaded
                     ? memory_format("%llu/%llu", (unsigned long long)load->offloaded,
                                     (unsigned long long)load->offloadable)
                     : memory_text("-");

    cr_expect_str_eq(said, expected->offloaded ? expected->offloaded : "-", "%s", expected->file);
    free(said);
}

static void expect_refused(const struct expected_log *expected, const struct log_load *load)
{
    const struct log_failure *failure = &load->failure;

    if (!expected->refused) {
        cr_expect(failure->kind != FAILURE_ALLOCATION || !failure->buffer, "%s", expected->file);
        return;
    }
    cr_assert_eq(failure->kind, FAILURE_ALLOCATION, "%s", expected->file);
    cr_expect_str_eq(failure->buffer, expected->refused, "%s", expected->file);
    cr_expect(fabs((double)failure->bytes - expected->refused_bytes) < 1.0, "%s: %llu bytes",
              expected->file, (unsigned long long)failure->bytes);
}

static void expect_finding(const struct expected_log *expected, const struct load_report *report)
{
    for (size_t i = 0; i < report->n_findings; i++)
        if (!expected->finding || strcmp(report->findings[i].code, expected->finding) == 0)
            return;
    cr_expect(!expected->finding, "%s: no finding %s", expected->file, expected->finding);
}

static void expect_log(const struct expected_log *expected)
{
    struct read_log read = read_shared(expected->file);

    cr_expect_str_eq(log_verdict_name(read.report.verdict), log_verdict_name(expected->verdict),
                     "%s", expected->file);
    cr_assert_eq(read.log.n_loads, expected->n_loads, "%s: %zu loads", expected->file,
                 read.log.n_loads);
    const struct log_load *load = &read.log.loads[expected->load];
    expect_offloaded(expected, load);
    for (size_t i = 0; i < EXPECTED_BUFFERS && expected->buffers[i].name; i++)
        expect_buffer(expected, load, &expected->buffers[i]);
    expect_refused(expected, load);
    expect_finding(expected, &read.report.loads[expected->load]);
    read_clear(&read);
}

Test(shared_logs, say_what_a_person_read_in_them)
{
    closedir(open_logs());
    for (size_t i = 0; i < sizeof expected_logs / sizeof *expected_logs; i++)
        expect_log(&expected_logs[i]);
}

/* Every figure of a buffer line is accounted for: nothing printed is lost, nothing counted twice. */
static double printed_mib(const char *text)
{
    double sum = 0;

    for (const char *at = text; (at = strstr(at, "buffer size = ")); at++) {
        const char *line = at;
        while (line > text && line[-1] != '\n')
            line--;
        if (*line != '#')
            sum += strtod(at + strlen("buffer size = "), NULL);
    }
    return sum;
}

static double counted_mib(const struct log *log)
{
    double sum = 0;

    for (size_t i = 0; i < log->n_loads; i++) {
        const struct log_load *load = &log->loads[i];
        sum += (double)log_buffers_bytes(load->buffers, load->n_buffers, LOG_BUFFER_KINDS, NULL);
        for (size_t k = 0; k < load->n_contexts; k++)
            sum += (double)log_buffers_bytes(load->contexts[k].buffers, load->contexts[k].n_buffers,
                                             LOG_BUFFER_KINDS, NULL);
    }
    return sum / MIB;
}

static void expect_all_counted(const char *file)
{
    struct read_log read = read_shared(file);
    char *path = memory_format("%s/%s", LOGS, file);
    struct strbuf text = {0};

    cr_assert(log_file_read(path, &text, NULL));
    double printed = printed_mib(strbuf_text(&text));
    if (printed > 0)
        cr_expect(fabs(printed - counted_mib(&read.log)) < 0.5, "%s: printed %.2f, counted %.2f",
                  file, printed, counted_mib(&read.log));
    strbuf_clear(&text);
    free(path);
    read_clear(&read);
}

Test(shared_logs, all_give_a_verdict_and_no_figure_is_lost)
{
    DIR *folder = open_logs();
    struct dirent *entry;
    size_t n = 0;

    while ((entry = readdir(folder)))
        if (strstr(entry->d_name, ".txt")) {
            expect_all_counted(entry->d_name);
            n++;
        }
    closedir(folder);
    cr_expect_geq(n, sizeof expected_logs / sizeof *expected_logs / 2);
}

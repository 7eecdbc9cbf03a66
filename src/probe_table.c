#include "src/probe_table.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void add_row(struct probe *probe, const char *name, size_t length, const uint64_t mib[3])
{
    probe->rows = memory_resize(probe->rows, probe->n_rows + 1, sizeof *probe->rows);
    probe->rows[probe->n_rows++] = (struct probe_row){.name = memory_text_n(name, length),
                                                      .model_mib = mib[0],
                                                      .context_mib = mib[1],
                                                      .compute_mib = mib[2]};
}

/* "self = model + context + compute": the last three numbers behind the last `=` of the row. */
static bool read_sum(const char *text, uint64_t mib[3])
{
    const char *equals = strrchr(text, '=');
    if (equals == NULL) {
        return false;
    }
    const char *at = equals + 1;
    for (int i = 0; i < 3; i++) {
        while (*at == ' ' || *at == '+') {
            at++;
        }
        if (!isdigit((unsigned char)*at)) {
            return false;
        }
        char *end = NULL;
        mib[i] = strtoull(at, &end, 10);
        at = end;
    }
    return true;
}

/* |   - CUDA0 (RTX 4090)       | 24080 = 12655 + (11450 =  9622 +    1600 +     228) +         -25 | */
static bool read_table_row(const char *line, struct probe *probe)
{
    const char *bar = strstr(line, "|   - ");
    const char *next = bar == NULL ? NULL : strchr(bar + 1, '|');
    if (next == NULL) {
        return false;
    }
    const char *name = bar + strlen("|   - ");
    size_t length = strcspn(name, " |");
    uint64_t mib[3];
    if (length == 0 || !read_sum(next, mib)) {
        return false;
    }
    add_row(probe, name, length, mib);
    return true;
}

enum probe_line probe_read_log_line(const char *line, bool inside, struct probe *probe)
{
    if (strstr(line, "getting device memory data for initial parameters") != NULL) {
        return PROBE_LINE_BEGIN;
    }
    if (inside && read_table_row(line, probe)) {
        return PROBE_LINE_ROW;
    }
    static const char *const loading[] = {"model buffer size =", "KV buffer size =",
                                          "server is listening", "loaded multimodal model"};
    for (size_t i = 0; i < sizeof loading / sizeof loading[0]; i++) {
        /* during the dry run these lines say 0.00 MiB */
        if (strstr(line, loading[i]) != NULL && strstr(line, "=     0.00 MiB") == NULL) {
            return PROBE_LINE_LOADING;
        }
    }
    static const char *const refused[] = {"error: ", "failed to load model", "error loading model",
                                          "invalid argument", "unknown buffer type"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strstr(line, refused[i]) != NULL) {
            return PROBE_LINE_REFUSED;
        }
    }
    return PROBE_LINE_OTHER;
}

bool probe_read_print_line(const char *line, struct probe *probe)
{
    size_t length = strcspn(line, " ");
    const char *at = line + length;
    uint64_t mib[3];
    if (length == 0 || *at != ' ') {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        at += strspn(at, " ");
        if (!isdigit((unsigned char)*at)) {
            return false;
        }
        char *end = NULL;
        mib[i] = strtoull(at, &end, 10);
        at = end;
    }
    if (at[strspn(at, " \r")] != '\0') {
        return false;
    }
    add_row(probe, line, length, mib);
    return true;
}

#include "ui/figures.h"

#include <stdio.h>
#include <string.h>

enum { MIB = 1 << 20 };

const char *figure_grouped(char out[FIGURE_MAX], uint64_t value)
{
    char plain[FIGURE_MAX];
    int n = snprintf(plain, sizeof plain, "%llu", (unsigned long long)value);
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            out[at++] = ' ';
        }
        out[at++] = plain[i];
    }
    out[at] = '\0';
    return out;
}

const char *figure_mib_up(char out[FIGURE_MAX], uint64_t bytes)
{
    return figure_grouped(out, bytes / MIB + (bytes % MIB != 0 ? 1 : 0));
}

const char *figure_mib_down(char out[FIGURE_MAX], uint64_t bytes)
{
    return figure_grouped(out, bytes / MIB);
}

static const char *tenths_of_gib(char out[FIGURE_MAX], uint64_t bytes, uint64_t extra)
{
    const uint64_t gib = 1ULL << 30;
    uint64_t tenths = bytes / gib * 10 + (bytes % gib * 10 + extra) / gib;
    snprintf(out, FIGURE_MAX, "%llu.%u", (unsigned long long)(tenths / 10),
             (unsigned)(tenths % 10));
    return out;
}

const char *figure_gib_up(char out[FIGURE_MAX], uint64_t bytes)
{
    return tenths_of_gib(out, bytes, (1ULL << 30) - 1);
}

const char *figure_gib_down(char out[FIGURE_MAX], uint64_t bytes)
{
    return tenths_of_gib(out, bytes, 0);
}

const char *figure_mib(char out[FIGURE_MAX], uint64_t bytes)
{
    uint64_t tenths = bytes / MIB * 10 + (bytes % MIB * 10 + MIB / 2) / MIB;
    figure_grouped(out, tenths / 10);
    size_t length = strlen(out);
    snprintf(out + length, FIGURE_MAX - length, ".%u", (unsigned)(tenths % 10));
    return out;
}

const char *figure_gib(char out[FIGURE_MAX], uint64_t bytes)
{
    snprintf(out, FIGURE_MAX, "%.1f GiB", (double)bytes / (1024.0 * MIB));
    return out;
}

const char *figure_size(char out[FIGURE_MAX], uint64_t bytes, bool use_gib)
{
    if (!use_gib) {
        return figure_mib(out, bytes);
    }
    const uint64_t gib = 1ULL << 30;
    uint64_t thousandths = bytes / gib * 1000 + (bytes % gib * 1000 + gib / 2) / gib;
    snprintf(out, FIGURE_MAX, "%llu.%03u", (unsigned long long)(thousandths / 1000),
             (unsigned)(thousandths % 1000));
    return out;
}

const char *figure_unit(bool use_gib)
{
    return use_gib ? "GiB" : "MiB";
}

const char *figure_change(char out[FIGURE_MAX], uint64_t before, uint64_t after, bool use_gib)
{
    if (before == after) {
        snprintf(out, FIGURE_MAX, "0");
        return out;
    }
    out[0] = after > before ? '+' : '-';
    char size[FIGURE_MAX];
    snprintf(out + 1, FIGURE_MAX - 1, "%s",
             figure_size(size, after > before ? after - before : before - after, use_gib));
    return out;
}

const char *figure_percent(char out[FIGURE_MAX], uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        snprintf(out, FIGURE_MAX, "%s", part == 0 ? "0.0%" : "-");
        return out;
    }
    double percent = (double)part * 100.0 / (double)whole;
    snprintf(out, FIGURE_MAX, percent < 999.95 ? "%.1f%%" : "%.0f%%", percent);
    return out;
}

#include "ui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const roles[] = {
    [INK_PLAIN] = "plain",
    [INK_DIM] = "dim",
    [INK_STRONG] = "strong",
    [INK_TITLE] = "title",
    [INK_KEY] = "key",
    [INK_OK] = "ok",
    [INK_WARN] = "warn",
    [INK_OVER] = "over",
    [INK_DENSE] = "dense",
    [INK_EXPERTS] = "experts",
    [INK_CACHE] = "cache",
    [INK_COMPUTE] = "compute",
    [INK_BUDGET] = "budget",
    [INK_ELSEWHERE] = "elsewhere",
    [INK_HOST] = "host",
    [INK_DEVICE_0] = "device0",
    [INK_DEVICE_0 + 1] = "device1",
    [INK_DEVICE_0 + 2] = "device2",
    [INK_DEVICE_0 + 3] = "device3",
    [INK_DEVICE_0 + 4] = "device4",
    [INK_DEVICE_0 + 5] = "device5",
    [INK_DEVICE_0 + 6] = "device6",
    [INK_DEVICE_7] = "device7",
    [INK_SELECTED] = "selected",
    [INK_CURSOR] = "cursor",
    [INK_TARGET] = "target",
    [INK_STATUS] = "status",
    [INK_PROMPT] = "prompt",
};
_Static_assert(sizeof roles / sizeof *roles == INK_COUNT, "a name for every ink");

const char *theme_role(enum ink ink)
{
    return roles[ink];
}

struct place {
    const char *path;
    size_t line;
    struct error *error;
};

static bool refuse(const struct place *place, const char *what, const char *word)
{
    return error_set(place->error, ERROR_INPUT, "%s: line %zu: %s '%.40s'", place->path,
                     place->line, what, word);
}

static int find_role(const char *name)
{
    for (int ink = 0; ink < INK_COUNT; ink++) {
        if (strcmp(roles[ink], name) == 0) {
            return ink;
        }
    }
    return -1;
}

/* "#e69f00" or "default" (-1). */
static bool read_color(const char *word, long *rgb)
{
    *rgb = -1;
    if (strcmp(word, "default") == 0) {
        return true;
    }
    bool fine =
        word[0] == '#' && strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6;
    *rgb = fine ? strtol(word + 1, NULL, 16) : -1;
    return fine;
}

static bool read_attribute(const char *word, struct palette_row *row)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"bold", &row->bold},
                 {"dim", &row->dim},
                 {"underline", &row->underline},
                 {"reverse", &row->reverse}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flags[i].name, word) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

/* One line, which is changed. */
static bool read_line(char *line, const struct place *place, struct palette *out)
{
    char *rest = NULL;
    char *name = strtok_r(line, " \t", &rest);
    if (name == NULL || name[0] == '#') {
        return true;
    }
    int ink = find_role(name);
    if (ink < 0) {
        return refuse(place, "no role", name);
    }
    char *equals = strtok_r(NULL, " \t", &rest);
    if (equals == NULL || strcmp(equals, "=") != 0) {
        return refuse(place, "must read ROLE = #rrggbb, not", name);
    }
    char *word = strtok_r(NULL, " \t", &rest);
    long rgb = -1;
    if (word == NULL || !read_color(word, &rgb)) {
        return refuse(place, "no colour (#rrggbb or default):", word != NULL ? word : "");
    }
    struct palette_row row = {0};
    palette_set_rgb(&row, rgb);
    while ((word = strtok_r(NULL, " \t", &rest)) != NULL) {
        if (!read_attribute(word, &row)) {
            return refuse(place, "none of bold, dim, underline, reverse:", word);
        }
    }
    out->rows[ink] = row;
    return true;
}

bool theme_read(const char *text, const char *path, struct palette *out, struct error *error)
{
    struct place place = {path, 0, error};
    palette_default(out);
    for (const char *at = text; *at != '\0';) {
        char line[256];
        size_t length = strcspn(at, "\r\n");
        place.line++;
        if (length >= sizeof line) {
            return refuse(&place, "too long:", "");
        }
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        if (!read_line(line, &place, out)) {
            return false;
        }
        at += length;
        at += at[0] == '\r' && at[1] == '\n' ? 2 : at[0] != '\0' ? 1 : 0;
    }
    return true;
}

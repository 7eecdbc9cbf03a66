#include "tests/support/planner_terminal.h"

#include <ctype.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#ifndef OTPLAN_PROGRAM
#define OTPLAN_PROGRAM OTPLAN_BUILD "/otplan"
#endif
#define DEMO_MODEL   OTPLAN_BUILD "/assets/kimi-k2-demo.gguf"
#define DEMO_DEVICES OTPLAN_BUILD "/assets/demo-devices.json"

struct pty *planner_demo(int rows, int columns, const char *const environment[],
                         const char *const arguments[])
{
    const char *argv[32] = {OTPLAN_PROGRAM, "demo"};
    for (size_t i = 0; arguments && arguments[i] && i < 28; i++)
        argv[i + 2] = arguments[i];
    struct pty_options options = {.rows = rows, .columns = columns, .environment = environment};
    struct pty *terminal = pty_start(&options, argv);
    if (terminal)
        pty_wait_for(terminal, "NORMAL"); /* in the status line: the bars and the map stand above */
    return terminal;
}

/* The row whose text begins with a blank or focus mark and then the label. */
static int labelled_row(struct pty *terminal, const char *label, int from)
{
    for (int row = from; row < pty_rows(terminal); row++) {
        const char *text = pty_row(terminal, row);
        if (*text)
            text += strspn(text, " >");
        if (strncmp(text, label, strlen(label)) == 0)
            return row;
    }
    return -1;
}

/* Layer 0 stands under the `0` of the title, whatever the labels' width. */
bool planner_map_spot(struct pty *terminal, const char *label, int layer, struct spot *spot)
{
    int title, column;
    if (!pty_find(terminal, "0         10", &title, &column))
        return false;
    spot->column = column + layer;
    spot->row = labelled_row(terminal, label, title + 1);
    return spot->row >= 0;
}

bool planner_bar_spot(struct pty *terminal, const char *device, struct spot *spot)
{
    char label[80];
    for (int row = 0; row < pty_rows(terminal); row++) {
        const char *text = pty_row(terminal, row);
        while (*text && !isalnum((unsigned char)*text))
            text++; /* a mark where it is looked at or aimed at */
        if (!isalnum((unsigned char)text[0]) || text[1] != ' ')
            continue;
        snprintf(label, sizeof label, "%s ", device);
        if (strncmp(text + 2, label, strlen(label)) == 0) {
            *spot = (struct spot){row, 30};
            return true;
        }
    }
    return false;
}

const char *planner_map_text(struct pty *terminal, const char *label, int layer, int n)
{
    static char text[4096];
    struct spot spot;
    text[0] = '\0';
    if (!planner_map_spot(terminal, label, layer, &spot))
        return text;
    for (int i = 0; i < n; i++)
        strcat(text, pty_cell(terminal, spot.row, spot.column + i).text);
    return text;
}

void planner_carry(struct pty *terminal, struct spot from, struct spot to)
{
    pty_press(terminal, 1, from.row, from.column);
    int steps = abs(to.row - from.row) + abs(to.column - from.column);
    for (int i = 1; i <= steps; i++)
        pty_move(terminal, from.row + (to.row - from.row) * i / steps,
                 from.column + (to.column - from.column) * i / steps);
}

void planner_drag(struct pty *terminal, struct spot from, struct spot to)
{
    planner_carry(terminal, from, to);
    pty_release(terminal, 1, to.row, to.column);
}

void planner_go(struct pty *terminal, const char *label, int layer)
{
    struct spot home = {0}, spot = {0};
    if (!planner_map_spot(terminal, "home", 0, &home) ||
        !planner_map_spot(terminal, label, layer, &spot))
        return;
    pty_type(terminal, "<Home>");
    for (int i = 0; i < 20; i++)
        pty_type(terminal, "<Up>");
    for (int row = home.row; row < spot.row; row++)
        pty_type(terminal, "<Down>");
    for (int i = 0; i < layer; i++)
        pty_type(terminal, "<Right>");
}

/* Digits with single blanks between the groups, read backwards from `end`. */
static uint64_t grouped_before(const char *text, const char *end)
{
    uint64_t value = 0, weight = 1;
    for (; end > text; end--) {
        bool blank = end[-1] == ' ' && end - 1 > text && isdigit((unsigned char)end[-2]);
        if (isdigit((unsigned char)end[-1])) {
            value += weight * (uint64_t)(end[-1] - '0');
            weight *= 10;
        } else if (!blank)
            break;
    }
    return value;
}

bool planner_bar_figures(struct pty *terminal, const char *device, struct bar_figures *out)
{
    struct spot spot;
    if (!planner_bar_spot(terminal, device, &spot))
        return false;
    char text[4096];
    snprintf(text, sizeof text, "%s", pty_row(terminal, spot.row));
    text[strcspn(text, "%")] = '\0'; /* what would fit may stand behind */
    const char *slash = strrchr(text, '/'), *percent = strrchr(text, ' ');
    if (!slash || !percent || percent < slash)
        return false;
    out->percent = strtod(percent, NULL);
    while (percent > slash && percent[-1] == ' ')
        percent--;
    out->used = grouped_before(text, slash);
    out->budget = grouped_before(slash, percent);
    return true;
}

struct awaited {
    const char *device;
    uint64_t mib;
};

static bool used_is(struct pty *terminal, void *data)
{
    const struct awaited *awaited = data;
    struct bar_figures figures;
    return planner_bar_figures(terminal, awaited->device, &figures) && figures.used == awaited->mib;
}

bool planner_wait_used(struct pty *terminal, const char *device, uint64_t mib)
{
    struct awaited awaited = {device, mib};
    return pty_wait(terminal, used_is, &awaited);
}

static bool used_is_not(struct pty *terminal, void *data)
{
    const struct awaited *awaited = data;
    struct bar_figures figures;
    return planner_bar_figures(terminal, awaited->device, &figures) && figures.used != awaited->mib;
}

bool planner_wait_used_change(struct pty *terminal, const char *device, uint64_t mib)
{
    struct awaited awaited = {device, mib};
    return pty_wait(terminal, used_is_not, &awaited);
}

bool planner_says_bytes(struct pty *terminal, const char *word, uint64_t bytes)
{
    char digits[32], line[8192];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)bytes);
    for (int row = 0; row < pty_rows(terminal); row++) {
        const char *text = pty_row(terminal, row);
        if (!strstr(text, word))
            continue;
        char *to = line;
        for (; *text && to < line + sizeof line - 1; text++)
            if (*text != ' ' && *text != ',')
                *to++ = *text;
        *to = '\0';
        if (strstr(line, digits))
            return true;
    }
    return false;
}

static char *decode_base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *bytes = calloc(strlen(text) + 1, 1);
    size_t length = 0;
    unsigned held = 0, bits = 0;
    for (const char *digit; *text && (digit = strchr(digits, *text)); text++) {
        held = (held << 6 | (unsigned)(digit - digits)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[length++] = (char)(held >> bits & 0xff);
        }
    }
    return bytes;
}

char *planner_clipboard(const struct pty *terminal)
{
    static const char start[] = "\033]52;c;";
    const char *last = NULL;
    for (const char *at = pty_output(terminal, NULL); (at = strstr(at, start)); at++)
        last = at;
    return last ? decode_base64(last + strlen(start)) : NULL;
}

char *shell_output(const char *command, int *status)
{
    size_t length = 0, room = 1 << 16;
    char *text = malloc(room);
    FILE *pipe = popen(command, "r");
    while (pipe && !feof(pipe)) {
        length += fread(text + length, 1, room - length - 1, pipe);
        if (length + 1 == room)
            text = realloc(text, room *= 2);
    }
    text[length] = '\0';
    int ended = pipe ? pclose(pipe) : -1;
    if (status)
        *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return text;
}

struct json_object *planner_plan_json(const char *shell_arguments)
{
    static const char head[] =
        OTPLAN_PROGRAM " plan " DEMO_MODEL " --devices " DEMO_DEVICES " --json ";
    char *command = malloc(sizeof head + strlen(shell_arguments) + 1);
    strcat(strcpy(command, head), shell_arguments);
    char *text = shell_output(command, NULL);
    struct json_object *plan = json_tokener_parse(text);
    free(text);
    free(command);
    return plan;
}

uint64_t mib_up(uint64_t bytes)
{
    return (bytes + 1048575) / 1048576;
}

uint64_t mib_down(uint64_t bytes)
{
    return bytes / 1048576;
}

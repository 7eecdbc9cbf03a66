#include "tests/support/planner_check.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct pty *terminal;
    struct json_object *plan;
    char *difference;
    size_t room;
};

static bool differs(struct check *check, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(check->difference, check->room, format, values);
    va_end(values);
    return false;
}

static struct json_object *member(struct json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

static const char *text_of(struct json_object *object, const char *key)
{
    const char *text = json_object_get_string(member(object, key));
    return text ? text : "";
}

struct json_object *plan_device(struct json_object *plan, const char *name)
{
    struct json_object *devices = member(plan, "devices");
    for (size_t i = 0; i < json_object_array_length(devices); i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        if (strcmp(text_of(device, "name"), name) == 0)
            return device;
    }
    return strcmp(name, "CPU") == 0 ? member(plan, "host") : NULL;
}

int64_t plan_bytes(struct json_object *plan, const char *device, const char *key)
{
    return json_object_get_int64(member(plan_device(plan, device), key));
}

static bool clipboard_is_set(struct pty *terminal, void *data)
{
    char *text = planner_clipboard(terminal);
    bool fresh = text && pty_output(terminal, NULL) && strlen(text) > 0;
    size_t length;
    pty_output(terminal, &length);
    fresh = fresh && strstr(pty_output(terminal, NULL) + *(size_t *)data, "\033]52;") != NULL;
    free(text);
    return fresh;
}

char *planner_arguments(struct pty *terminal)
{
    size_t before;
    pty_wait_for(terminal, "verified");
    pty_output(terminal, &before);
    pty_type(terminal, "y");
    return pty_wait(terminal, clipboard_is_set, &before) ? planner_clipboard(terminal) : NULL;
}

/* `0`-`9`, `A`-`F` by place in the device list, `c` for the host, `.` for nowhere. */
static char device_glyph(struct json_object *plan, const char *name)
{
    struct json_object *devices = member(plan, "devices");
    if (strcmp(name, "CPU") == 0)
        return 'c';
    for (size_t i = 0; i < json_object_array_length(devices); i++)
        if (strcmp(text_of(json_object_array_get_idx(devices, i), "name"), name) == 0)
            return "0123456789ABCDEF"[i & 15];
    return '.';
}

static bool check_bar(struct check *check, struct json_object *device)
{
    const char *name = text_of(device, "name");
    uint64_t used = json_object_get_uint64(member(device, "used"));
    int64_t headroom = json_object_get_int64(member(device, "headroom"));
    uint64_t budget = (uint64_t)((int64_t)used + headroom);
    struct bar_figures shown;
    if (!planner_bar_figures(check->terminal, name, &shown))
        return differs(check, "%s has no bar", name);
    if (shown.used != mib_up(used) || shown.budget != mib_down(budget))
        return differs(check, "%s shows %llu/%llu MiB, the plan has %llu/%llu", name,
                       (unsigned long long)shown.used, (unsigned long long)shown.budget,
                       (unsigned long long)mib_up(used), (unsigned long long)mib_down(budget));
    double percent = budget ? 100.0 * (double)used / (double)budget : 0;
    if (fabs(shown.percent - percent) > 0.1)
        return differs(check, "%s shows %.1f %%, the plan has %.2f %%", name, shown.percent,
                       percent);
    return true;
}

static bool check_bars(struct check *check)
{
    struct json_object *devices = member(check->plan, "devices");
    for (size_t i = 0; i < json_object_array_length(devices); i++)
        if (!check_bar(check, json_object_array_get_idx(devices, i)))
            return false;
    return check_bar(check, member(check->plan, "host"));
}

static bool check_homes(struct check *check)
{
    struct json_object *layers = member(check->plan, "layers");
    int n_layer = (int)json_object_array_length(layers) - 1;
    const char *shown = planner_map_text(check->terminal, "home", 0, n_layer);
    for (int layer = 0; layer < n_layer; layer++) {
        const char *home = text_of(json_object_array_get_idx(layers, (size_t)layer), "home");
        if (shown[layer] != device_glyph(check->plan, home))
            return differs(check, "home row shows %s; layer %d is at home on %s", shown, layer,
                           home);
    }
    return true;
}

static bool check_group(struct check *check, const char *label, const char *group)
{
    struct json_object *tensors = member(check->plan, "tensors");
    for (size_t i = 0; i < json_object_array_length(tensors); i++) {
        struct json_object *tensor = json_object_array_get_idx(tensors, i);
        if (strcmp(text_of(tensor, "group"), group) != 0)
            continue;
        int layer = json_object_get_int(member(tensor, "layer"));
        const char *device = text_of(tensor, "device");
        const char *shown = planner_map_text(check->terminal, label, layer, 1);
        if (shown[0] != device_glyph(check->plan, device))
            return differs(check, "%s is on %s, the map shows %s", text_of(tensor, "name"), device,
                           shown);
    }
    return true;
}

/* Lines of the tensor list: name, type, MiB with one decimal, device. */
static bool check_listed(struct check *check, struct json_object *tensor, int row)
{
    char line[1024], size[32], *from = line, *to = size;
    snprintf(line, sizeof line, "%s", pty_row(check->terminal, row));
    const char *type = text_of(tensor, "type"), *device = text_of(tensor, "device");
    char *rest = strstr(line, type);
    if (!rest || !strstr(rest, device))
        return differs(check, "%s: listed as%s, the plan has %s on %s", text_of(tensor, "name"),
                       line, type, device);
    for (from = rest + strlen(type);
         to < size + 31 && (isdigit((unsigned char)*from) || *from == ' ' || *from == '.'); from++)
        if (*from != ' ')
            *to++ = *from;
    *to = '\0';
    double mib = json_object_get_double(member(tensor, "bytes")) / 1048576;
    if (fabs(strtod(size, NULL) - mib) > 0.051)
        return differs(check, "%s: listed as %s MiB, the plan has %.2f", text_of(tensor, "name"),
                       size, mib);
    return true;
}

/* A name stands alone, perhaps after a mark; "output.weight" is not the end of another. */
static int row_of_tensor(struct pty *terminal, const char *name)
{
    for (int row = 0; row < pty_rows(terminal); row++) {
        const char *text = pty_row(terminal, row), *hit = strstr(text, name);
        if (hit && hit > text && !isalnum((unsigned char)hit[-1]) && !strchr("._", hit[-1]))
            return row;
    }
    return -1;
}

static bool check_list(struct check *check)
{
    struct json_object *tensors = member(check->plan, "tensors");
    int listed = 0;
    for (size_t i = 0; i < json_object_array_length(tensors); i++) {
        struct json_object *tensor = json_object_array_get_idx(tensors, i);
        int row = row_of_tensor(check->terminal, text_of(tensor, "name"));
        if (row < 0)
            continue;
        listed++;
        if (!check_listed(check, tensor, row))
            return false;
    }
    return listed > 0 || differs(check, "no tensor is listed");
}

bool planner_agrees(struct pty *terminal, struct json_object *plan, char *difference, size_t room)
{
    struct check check = {terminal, plan, difference, room};
    if (!plan)
        return differs(&check, "plan --json gave nothing");
    return check_bars(&check) && check_homes(&check) && check_group(&check, "gate", "gate_exps") &&
           check_group(&check, "up", "up_exps") && check_group(&check, "down", "down_exps") &&
           check_group(&check, "sh", "shexp") && check_list(&check);
}

struct json_object *planner_checked_plan(struct pty *terminal)
{
    char difference[512];
    char *arguments = planner_arguments(terminal);
    cr_assert_not_null(arguments, "y copied nothing:\n%s", pty_screen(terminal));
    struct json_object *plan = planner_plan_json(arguments);
    cr_assert(planner_agrees(terminal, plan, difference, sizeof difference), "%s\n%s\n%s",
              difference, arguments, pty_screen(terminal));
    free(arguments);
    return plan;
}

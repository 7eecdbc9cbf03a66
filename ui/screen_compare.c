/* Compare: before, after and change. What each amounts to, the devices side by side, what moved, which
 * arguments changed; last the parts of each device. */
#include "ui/bar.h"
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include "model/base/memory.h"
#include "model/plan/compare.h"
#include "model/text/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct paper {
    struct canvas *canvas; /* NULL: only count */
    int width, top, height, line;
    bool use_gib;
    int before_end, after_end, change_end; /* columns of what is being written */
};

static int paper_y(struct paper *paper)
{
    int y = paper->line++ - paper->top;
    return paper->canvas != NULL && y >= 0 && y < paper->height ? 2 + y : -1;
}

/* As many lines as it takes. */
static void paper_text(struct paper *paper, enum ink ink, const char *text)
{
    int x = 2;
    do {
        char line[512];
        int y = paper_y(paper);
        text_line(&text, paper->width - x - 1, line, sizeof line);
        if (y >= 0) {
            canvas_text(paper->canvas, x, y, -1, ink, line);
        }
        x = 6;
    } while (*text != '\0');
}

static void columns(struct paper *paper, int before_end, int after_end, int change_end)
{
    paper->before_end = before_end;
    paper->after_end = after_end;
    paper->change_end = change_end;
}

/* Returns its line of the screen; below zero where it is not visible. */
static int paper_head(struct paper *paper, const char *title)
{
    int y = paper_y(paper);
    if (y >= 0) {
        canvas_text(paper->canvas, 2, y, -1, INK_STRONG, title);
        canvas_right(paper->canvas, paper->before_end, y, INK_DIM, "before");
        canvas_right(paper->canvas, paper->after_end, y, INK_DIM, "after");
        canvas_right(paper->canvas, paper->change_end, y, INK_DIM, "change");
    }
    return y;
}

/* ---- what each amounts to ------------------------------------------------------------------- */

/* Of the two sides; the label goes with the second. */
struct inks {
    enum ink before, after;
};

static const struct inks plain = {INK_PLAIN, INK_PLAIN};

static void row_text(struct paper *paper, const char *label, const char *before, const char *after,
                     const char *change, struct inks inks)
{
    int y = paper_y(paper);
    if (y >= 0) {
        canvas_text(paper->canvas, 2, y, paper->before_end - 3 - text_width(before), inks.after,
                    label);
        canvas_right(paper->canvas, paper->before_end, y, inks.before, before);
        canvas_right(paper->canvas, paper->after_end, y, inks.after, after);
        canvas_right(paper->canvas, paper->change_end, y,
                     strcmp(before, after) == 0 ? INK_DIM : INK_STRONG, change);
    }
}

static void row_count(struct paper *paper, const char *label, uint64_t before, uint64_t after)
{
    char a[FIGURE_MAX];
    char b[FIGURE_MAX];
    char c[FIGURE_MAX];
    char change[FIGURE_MAX + 1];
    uint64_t size = after > before ? after - before : before - after;
    snprintf(change, sizeof change, "%s%s",
             after > before   ? "+"
             : after < before ? "-"
                              : "",
             figure_grouped(c, size));
    row_text(paper, label, figure_grouped(a, before), figure_grouped(b, after), change, plain);
}

static void row_bytes(struct paper *paper, const char *label, uint64_t before, uint64_t after,
                      struct inks inks)
{
    char a[FIGURE_MAX];
    char b[FIGURE_MAX];
    char c[FIGURE_MAX];
    row_text(paper, label, figure_size(a, before, paper->use_gib),
             figure_size(b, after, paper->use_gib), figure_change(c, before, after, paper->use_gib),
             inks);
}

/* Tokens per second; "?" where it is not known. */
static void row_speed(struct paper *paper, const char *label, bool known_before, double before,
                      bool known_after, double after)
{
    char a[32] = "?";
    char b[32] = "?";
    char change[64] = "";
    if (known_before) {
        snprintf(a, sizeof a, "%.1f", before);
    }
    if (known_after) {
        snprintf(b, sizeof b, "%.1f", after);
    }
    if (known_before && known_after && before > 0) {
        snprintf(change, sizeof change, "%+.1f%%", 100 * (after - before) / before);
    }
    row_text(paper, label, a, b, change, plain);
}

static void speeds(struct paper *paper, const struct scene *scene)
{
    const struct speed *a = scene->before.speed;
    const struct speed *b = scene->after.speed;
    const struct prompt_speed *c = scene->before.prompt;
    const struct prompt_speed *d = scene->after.prompt;
    bool any = (a != NULL && a->known) || (b != NULL && b->known);
    if (a == NULL || b == NULL || c == NULL || d == NULL || !any) {
        return;
    }
    row_speed(paper, "decoding, tokens/s", a->known, a->tokens_per_second, b->known,
              b->tokens_per_second);
    row_speed(paper, "prompt, tokens/s", c->known, c->tokens_per_second, d->known,
              d->tokens_per_second);
}

static void summary(struct paper *paper, const struct comparison *all, const struct scene *scene)
{
    const struct compare_summary *a = &all->before;
    const struct compare_summary *b = &all->after;
    char before[64];
    char after[64];
    char change[64];
    paper_head(paper, "Sums");
    row_count(paper, "devices used", a->devices_used, b->devices_used);
    snprintf(before, sizeof before, "%.1f%%", a->utilisation * 100.0);
    snprintf(after, sizeof after, "%.1f%%", b->utilisation * 100.0);
    snprintf(change, sizeof change, "%+.1f%%", (b->utilisation - a->utilisation) * 100.0);
    row_text(paper, "budget used", before, after, change, plain);
    if (a->experts + b->experts > 0) {
        row_count(paper, "experts on devices", a->experts_on_devices, b->experts_on_devices);
    }
    row_count(paper, "context, tokens", a->context, b->context);
    speeds(paper, scene);
    row_bytes(paper, paper->use_gib ? "unused budget, GiB" : "unused budget, MiB", a->unused,
              b->unused, plain);
    row_count(paper, "override rules", a->overrides, b->overrides);
    row_text(paper, "fits", a->fits ? "yes" : "NO", b->fits ? "yes" : "NO", "",
             (struct inks){a->fits ? INK_PLAIN : INK_OVER, b->fits ? INK_PLAIN : INK_OVER});
}

/* ---- devices -------------------------------------------------------------------------------- */

static void small_bar(struct canvas *canvas, int x, int y, int width, const struct device_use *use)
{
    if (use == NULL || width == 0) {
        return;
    }
    struct bar bar = {.bytes = {[BAR_DENSE] = use->model - use->experts,
                                [BAR_EXPERTS] = use->experts,
                                [BAR_CACHE] = use->context,
                                [BAR_COMPUTE] = use->compute},
                      .total = use->budget > 0 ? use->budget : 1,
                      .budget = use->budget,
                      .fits = use->headroom >= 0};
    bar_draw(canvas, x, y, width, &bar);
}

enum {
    WIDE = 98,
    NARROW = 72,
    BARS_GAP = 2,
    BARS_LEAST = 10
}; /* below WIDE the figures of devices move together for the bars */

/* Where the two bars of a device stand. */
static int bars_room(const struct paper *paper, int *x)
{
    int room = (paper->canvas->width - paper->change_end - 3 - BARS_GAP) / 2;
    *x = paper->change_end + 2;
    return room >= BARS_LEAST ? room : 0;
}

static void devices_head(struct paper *paper)
{
    char title[16];
    snprintf(title, sizeof title, "Used, %s", figure_unit(paper->use_gib));
    int y = paper_head(paper, title);
    if (y >= 0) {
        int x = 0;
        int room = bars_room(paper, &x);
        canvas_text(paper->canvas, x, y, room, INK_DIM, "before");
        canvas_text(paper->canvas, x + room + BARS_GAP, y, room, INK_DIM, "after");
    }
}

static void device_used(struct paper *paper, const struct compare_device *device)
{
    uint64_t before = device->before != NULL ? device->before->used : 0;
    uint64_t after = device->after != NULL ? device->after->used : 0;
    bool was_over = device->before != NULL && !device->before->fits;
    bool over = device->after != NULL && !device->after->fits;
    int y = paper->line - paper->top;
    char name[80];
    snprintf(name, sizeof name, "%.60s%s", device->name, over ? " OVER" : "");
    row_bytes(paper, name, before, after,
              (struct inks){was_over ? INK_OVER : INK_PLAIN, over ? INK_OVER : INK_PLAIN});
    if (paper->canvas != NULL && y >= 0 && y < paper->height) { /* each against its own budget */
        int x = 0;
        int room = bars_room(paper, &x);
        small_bar(paper->canvas, x, 2 + y, room, device->before);
        small_bar(paper->canvas, x + room + BARS_GAP, 2 + y, room, device->after);
    }
}

static void device_parts(struct paper *paper, const struct compare_device *device)
{
    static const struct device_use nothing;
    const struct device_use *before = device->before != NULL ? device->before : &nothing;
    const struct device_use *after = device->after != NULL ? device->after : &nothing;
    char label[64];
    snprintf(label, sizeof label, "%.12s weights", device->name);
    row_bytes(paper, label, before->model, after->model, plain);
    row_bytes(paper, "      context", before->context, after->context, plain);
    row_bytes(paper, "      compute", before->compute, after->compute, plain);
}

static void moves(struct paper *paper, const struct comparison *all)
{
    for (size_t i = 0; i < all->n_moves; i++) {
        const struct compare_move *move = &all->moves[i];
        char size[FIGURE_MAX];
        struct strbuf text = {0};
        strbuf_format(&text, "%s: %s -> %s, %u tensor%s, %s %s", move->what, move->from, move->to,
                      move->tensors, move->tensors == 1 ? "" : "s",
                      figure_size(size, move->bytes, paper->use_gib), figure_unit(paper->use_gib));
        paper_text(paper, INK_PLAIN, strbuf_text(&text));
        strbuf_clear(&text);
    }
    if (all->n_moves == 0) {
        paper_text(paper, INK_DIM, "no tensor moved");
    }
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* The argument with its value, "-c 32768", at `*i`, which moves on. */
static void argument_pair(char *const *words, size_t n, size_t *i, struct strbuf *out)
{
    strbuf_reset(out);
    shell_quote(out, words[*i]);
    (*i)++;
    bool is_value = *i < n && (words[*i][0] != '-' || (words[*i][1] >= '0' && words[*i][1] <= '9'));
    if (is_value) {
        strbuf_add_char(out, ' ');
        shell_quote(out, words[(*i)++]);
    }
}

static bool has_pair(char *const *words, size_t n, const char *pair)
{
    struct strbuf other = {0};
    bool found = false;
    for (size_t i = 0; i < n && !found;) {
        argument_pair(words, n, &i, &other);
        found = strcmp(strbuf_text(&other), pair) == 0;
    }
    strbuf_clear(&other);
    return found;
}

static size_t changed(struct paper *paper, char *const *words, size_t n, char *const *others,
                      size_t n_others, const char *sign)
{
    struct strbuf pair = {0};
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        argument_pair(words, n, &i, &pair);
        if (!has_pair(others, n_others, strbuf_text(&pair))) {
            struct strbuf line = {0};
            strbuf_format(&line, "%s %s", sign, strbuf_text(&pair));
            paper_text(paper, sign[0] == '+' ? INK_STRONG : INK_DIM, strbuf_text(&line));
            strbuf_clear(&line);
            count++;
        }
    }
    strbuf_clear(&pair);
    return count;
}

static void arguments(struct paper *paper, const struct scene *scene)
{
    const struct scene_side *a = &scene->before;
    const struct scene_side *b = &scene->after;
    size_t n = changed(paper, a->arguments, a->n_arguments, b->arguments, b->n_arguments, "-");
    n += changed(paper, b->arguments, b->n_arguments, a->arguments, a->n_arguments, "+");
    if (n == 0) {
        paper_text(paper, INK_DIM, "the same");
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static struct compare_side side_of(const struct scene_side *side)
{
    return (struct compare_side){
        .model = side->model, .rig = side->rig, .plan = side->plan, .evaluation = side->evaluation};
}

static void other_models(struct paper *paper, const struct scene *scene)
{
    if (scene->before.model != scene->after.model) {
        char text[512];
        snprintf(text, sizeof text, "before: %.200s   after: %.200s", scene->before.model->name,
                 scene->after.model->name);
        paper_text(paper, INK_PLAIN, text);
        paper_text(paper, INK_PLAIN, "");
    }
}

static void compare_all(const struct scene *scene, int width, struct paper *paper)
{
    struct comparison all;
    struct compare_side before = side_of(&scene->before);
    struct compare_side after = side_of(&scene->after);
    char parts[16];
    bool is_narrow = width < NARROW;
    plans_compare(&before, &after, &all);
    other_models(paper, scene);
    columns(paper, is_narrow ? 34 : 38, is_narrow ? 46 : 54, is_narrow ? 58 : 68);
    summary(paper, &all, scene);
    paper_text(paper, INK_PLAIN, "");
    if (width < WIDE && !is_narrow) {
        columns(paper, 24, 35, 46);
    }
    devices_head(paper);
    for (size_t i = 0; i < all.n_devices; i++) {
        device_used(paper, &all.devices[i]);
    }
    columns(paper, is_narrow ? 34 : 38, is_narrow ? 46 : 54, is_narrow ? 58 : 68);
    paper_text(paper, INK_PLAIN, "");
    paper_text(paper, INK_STRONG, "Moved");
    moves(paper, &all);
    paper_text(paper, INK_PLAIN, "");
    paper_text(paper, INK_STRONG, "Arguments");
    arguments(paper, scene);
    paper_text(paper, INK_PLAIN, "");
    snprintf(parts, sizeof parts, "Parts, %s", figure_unit(paper->use_gib));
    paper_head(paper, parts);
    for (size_t i = 0; i < all.n_devices; i++) {
        device_parts(paper, &all.devices[i]);
    }
    comparison_clear(&all);
}

/* The end of a long name, which tells more than its beginning. */
static const char *name_end(const char *name, int cells, char *out, size_t n)
{
    int width = text_width(name);
    const char *from = name;
    while (width > cells && *from != '\0') {
        text_next(&from);
        width = text_width(from) + 3;
    }
    snprintf(out, n, "%s%s", from == name ? "" : "...", from);
    return out;
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    char title[640];
    char before[256];
    char after[256];
    if (scene->before.evaluation == scene->after.evaluation) {
        screen_frame(ui, scene, canvas, "Compare", "S snapshots and files  q back");
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, "nothing to compare with");
        return;
    }
    int cells = (ui->width - 36) / 2;
    snprintf(title, sizeof title, "Compare: before = %s, after = %s",
             name_end(scene->before.name, cells, before, sizeof before),
             name_end(scene->after.name, cells, after, sizeof after));
    screen_frame(ui, scene, canvas, title,
                 "Up Down scroll  S other snapshots and files  s take one  q back");
    struct paper paper = {.canvas = canvas,
                          .width = ui->width,
                          .top = screen_list_of(ui, SCREEN_COMPARE)->cursor,
                          .height = screen_height(ui),
                          .use_gib = ui->use_gib};
    compare_all(scene, ui->width, &paper);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    struct paper paper = {.width = ui->width};
    if (scene->before.evaluation != scene->after.evaluation) {
        compare_all(scene, ui->width, &paper);
    }
    int last = paper.line - screen_height(ui) + 1;
    return last > 1 ? last : 1;
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    (void)scene;
    if (action == ACTION_SNAPSHOT) {
        snprintf(intent->command, sizeof intent->command, "snapshot");
    } else if (action == ACTION_SNAPSHOTS) {
        ui_open(ui, SCREEN_SNAPSHOTS);
    }
}

const struct screen_ops compare_screen = {draw, lines, act};

/* The live arguments: one line, or a pane with every rule and what it takes. */
#include "ui/parts.h"
#include "ui/text.h"

#include "model/base/strbuf.h"
#include "model/text/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_rule(const struct scene *scene, size_t i)
{
    return strcmp(scene->arguments[i], "-ot") == 0 && i + 1 < scene->n_arguments;
}

static size_t count_rules(const struct scene *scene)
{
    return scene->shown->rules.n + scene->plan->given->n_entries;
}

static const char *verdict(const struct scene *scene, char out[96])
{
    size_t n = count_rules(scene);
    if (scene->shown->refused.kind != ERROR_NONE) {
        snprintf(out, 96, "refused");
    } else if (scene->is_preview) {
        snprintf(out, 96, "%zu rule%s, preview", n, n == 1 ? "" : "s");
    } else if (scene->verify == VERIFY_PENDING) {
        snprintf(out, 96, "%zu rule%s, verifying", n, n == 1 ? "" : "s");
    } else {
        snprintf(out, 96, "%zu rule%s, %s", n, n == 1 ? "" : "s",
                 scene->verify == VERIFY_DONE ? "verified" : "NOT VERIFIED");
    }
    return out;
}

static enum ink verdict_ink(const struct scene *scene)
{
    return scene->shown->refused.kind != ERROR_NONE || scene->verify == VERIFY_FAILED ? INK_OVER
           : scene->is_preview                                                        ? INK_DIM
           : scene->verify == VERIFY_DONE                                             ? INK_OK
                                                                                      : INK_DIM;
}

/* Everything but the rules, quoted as a shell needs it. */
static void plain_arguments(const struct scene *scene, struct strbuf *out)
{
    for (size_t i = 0; i < scene->n_arguments; i++) {
        if (is_rule(scene, i)) {
            i++;
            continue;
        }
        strbuf_add(out, out->length > 0 ? " " : "");
        shell_quote(out, scene->arguments[i]);
    }
}

static void draw_line(const struct scene *scene, const struct layout *layout, struct canvas *canvas,
                      enum ink ink)
{
    struct strbuf line = {0};
    char right[96];
    verdict(scene, right);
    plain_arguments(scene, &line);
    size_t n_rules = 0;
    for (size_t i = 0; i < scene->n_arguments; i++) {
        n_rules += is_rule(scene, i) ? 1 : 0;
    }
    int room = layout->arguments.width - 3 - text_width(right);
    struct strbuf rules = {0};
    for (size_t i = 0; i < n_rules; i++) {
        strbuf_add(&rules, " -ot '…'");
    }
    if (text_width(strbuf_text(&line)) + text_width(strbuf_text(&rules)) > room && n_rules > 1) {
        strbuf_reset(&rules);
        strbuf_format(&rules, " -ot '…' ×%zu", n_rules);
    }
    int y = layout->arguments.y;
    int x =
        canvas_text(canvas, 1, y, room - text_width(strbuf_text(&rules)), ink, strbuf_text(&line));
    canvas_text(canvas, x, y, room - x + 1, ink, strbuf_text(&rules));
    canvas_right(canvas, layout->arguments.width, y, verdict_ink(scene), right);
    strbuf_clear(&rules);
    strbuf_clear(&line);
}

/* ---- the pane ------------------------------------------------------------------------------- */

struct pane {
    struct canvas *canvas; /* NULL: only count */
    int x, y, width, bottom;
    int line, skip;
};

static void pane_line(struct pane *pane, int indent, enum ink ink, const char *text)
{
    int y = pane->y + pane->line - pane->skip;
    if (pane->canvas != NULL && pane->line >= pane->skip && y < pane->bottom) {
        canvas_text(pane->canvas, pane->x + indent, y, pane->width - indent, ink, text);
    }
    pane->line++;
}

/* Breaks at blanks where it can. */
static void pane_wrapped(struct pane *pane, int indent, enum ink ink, const char *text)
{
    size_t width = pane->width > indent + 8 ? (size_t)(pane->width - indent) : 8;
    while (*text != '\0') {
        size_t n = strlen(text);
        if (n > width) {
            n = width;
            size_t blank = n;
            while (blank > 0 && text[blank] != ' ') {
                blank--;
            }
            n = blank > width / 3 ? blank : n;
            while (n > 1 && ((unsigned char)text[n] & 0xC0U) == 0x80U) {
                n--;
            }
        }
        char line[512];
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        pane_line(pane, indent, ink, line);
        text += n;
        text += *text == ' ' ? 1 : 0;
    }
}

/* `n_layers`: of the rule's tensors. */
static void pane_rule(const struct scene *scene, struct pane *pane, size_t rule, uint32_t n_layers)
{
    const struct evaluation *held = scene->shown;
    bool is_generated = rule < held->rules.n;
    const struct override *given =
        is_generated ? NULL : &scene->plan->given->entries[rule - held->rules.n];
    const char *pattern = given != NULL ? given->pattern : held->rules.rules[rule].pattern;
    const char *buffer =
        given != NULL ? given->buffer : rig_name(scene->rig, held->rules.rules[rule].device);
    char head[256];
    char number[32];
    snprintf(number, sizeof number, "-ot %zu", rule + 1);
    if (given != NULL && given->refused != NULL) {
        snprintf(head, sizeof head, "%-6s refused", number);
    } else {
        snprintf(head, sizeof head, "%-6s %4u tensor%s %3u layer%s -> %.120s", number,
                 held->rule_use[rule].matches, held->rule_use[rule].matches == 1 ? " " : "s",
                 n_layers, n_layers == 1 ? " " : "s", buffer);
    }
    pane_line(pane, 0, given != NULL && given->refused != NULL ? INK_OVER : INK_PLAIN, head);
    pane_wrapped(pane, 2, INK_DIM, pattern);
}

static void pane_all(const struct scene *scene, struct pane *pane)
{
    struct strbuf text = {0};
    if (scene->shown->refused.kind != ERROR_NONE) {
        pane_wrapped(pane, 0, INK_OVER, scene->shown->refused.text);
    }
    if (scene->shown->refused.kind == ERROR_NONE && scene->verify == VERIFY_FAILED &&
        scene->verify_text != NULL) {
        pane_wrapped(pane, 0, INK_OVER, scene->verify_text);
    }
    plain_arguments(scene, &text);
    pane_wrapped(pane, 0, INK_PLAIN, strbuf_text(&text));
    /* only what is drawn says them; the lines are as many without */
    uint32_t *layers = pane->canvas != NULL && count_rules(scene) > 0
                           ? evaluation_rule_layers(scene->model, scene->plan, scene->shown)
                           : NULL;
    for (size_t rule = 0; rule < count_rules(scene); rule++) {
        pane_rule(scene, pane, rule, layers != NULL ? layers[rule] : 0);
    }
    free(layers);
    strbuf_clear(&text);
}

int arguments_lines(const struct scene *scene, int width)
{
    struct pane pane = {.width = width};
    pane_all(scene, &pane);
    return pane.line;
}

void arguments_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                    struct canvas *canvas)
{
    enum ink ink = ui->focus == FOCUS_ARGUMENTS ? INK_STRONG : INK_PLAIN;
    if (layout->arguments.height <= 1) {
        draw_line(scene, layout, canvas, ink);
        return;
    }
    const struct rect *rect = &layout->arguments;
    char right[96];
    canvas_text(canvas, rect->x, rect->y, -1, ink, "Arguments");
    /* a wide pane leaves air at its right end, a narrow one needs every column */
    int air = rect->width >= 42 ? 9 : 1;
    canvas_right(canvas, rect->x + rect->width - air, rect->y, verdict_ink(scene),
                 verdict(scene, right));
    struct pane pane = {.canvas = canvas,
                        .x = rect->x,
                        .y = rect->y + 1,
                        .width = rect->width - 1,
                        .bottom = rect->y + rect->height,
                        .skip = ui->arguments.top};
    canvas_clip(canvas, *rect);
    pane_all(scene, &pane);
    canvas_unclip(canvas);
}

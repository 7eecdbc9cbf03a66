#include "src/report.h"

#include "model/base/plain_text.h"
#include "src/picture.h"
#include "src/plan_summary.h"
#include "src/planner_state.h"
#include "src/report_markdown.h"

#include <string.h>
#include <strings.h>

enum { WIDTH = 120, HEIGHT = 40 };

static const char *const format_names[REPORT_FORMAT_COUNT] = {
    [REPORT_MARKDOWN] = "md",
    [REPORT_SVG] = "svg",
    [REPORT_HTML] = "html",
    [REPORT_ANSI] = "ansi",
};

bool report_format_find(const char *name, const char *path, enum report_format *out,
                        struct error *error)
{
    const char *dot = path != NULL ? strrchr(path, '.') : NULL;
    *out = REPORT_MARKDOWN;
    for (int i = 0; i < REPORT_FORMAT_COUNT; i++) {
        if (name != NULL ? strcmp(name, format_names[i]) == 0
                         : dot != NULL && strcasecmp(dot + 1, format_names[i]) == 0) {
            *out = (enum report_format)i;
            return true;
        }
    }
    return name == NULL ||
           error_set(error, ERROR_USAGE, "--format %s: must be one of: md svg html ansi", name);
}

/* ---- the sheet ------------------------------------------------------------------------------ */

/* The planner's main screen on this plan; free with canvas_clear. */
static void draw_plan(const struct plan_json_source *source, bool ascii, struct canvas *out)
{
    const struct planner_options options = {
        .model = source->model,
        .rig = source->rig,
        .plan = source->plan,
        .ascii = ascii,
        .no_auto_probe = true,
        .plan_path = "", /* it is no matter here whether the plan is saved */
    };
    struct planner planner;
    planner_open(&planner, &options);
    planner.depth = source->depth;
    planner_find_speed(&planner, source->model, source->rig, &planner.held, &planner.speed,
                       &planner.prompt);
    planner_verify(&planner);
    planner_draw(&planner, WIDTH, HEIGHT);
    *out = planner.canvas;
    planner.canvas = (struct canvas){0};
    planner_close(&planner);
}

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) {
        n += *text == '\n' ? 1 : 0;
    }
    return n;
}

static int draw_text(struct canvas *canvas, int y, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        struct strbuf line = {0};
        strbuf_add_n(&line, text, length);
        canvas_text(canvas, 0, y++, -1, INK_PLAIN, strbuf_text(&line));
        strbuf_clear(&line);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return y;
}

static int draw_screen(struct canvas *canvas, int y, const char *title, const struct canvas *screen)
{
    canvas_text(canvas, 0, y + 1, -1, INK_TITLE, title);
    memcpy(&canvas->cells[(size_t)(y + 3) * WIDTH], screen->cells,
           sizeof *screen->cells * WIDTH * HEIGHT);
    return y + 3 + HEIGHT;
}

/* ---- the document --------------------------------------------------------------------------- */

static void add_html(const struct canvas *sheet, const char *title, const char *text,
                     struct strbuf *out)
{
    strbuf_add(out,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>");
    picture_escape(out, title);
    strbuf_add(out, "</title>\n<style>\nbody { background: #1c1e26; color: #d6d8de; margin: 1em "
                    "auto; max-width: 1000px; }\npre { overflow-x: auto; white-space: pre-wrap; "
                    "overflow-wrap: anywhere; }\n</style>\n</head>\n<body>\n");
    picture_svg(sheet, title, out);
    strbuf_add(out, "<pre>\n");
    picture_escape(out, text);
    strbuf_add(out, "</pre>\n</body>\n</html>\n");
}

/* `text` says what the sheet shows, in full. */
static void add_picture(const struct report_style *style, const struct canvas *sheet,
                        const char *title, const char *text, struct strbuf *out)
{
    if (style->format == REPORT_SVG) {
        picture_svg(sheet, title, out);
    } else if (style->format == REPORT_HTML) {
        add_html(sheet, title, text, out);
    } else {
        picture_ansi(sheet, style->color, out);
    }
}

void report_plan(const struct plan_json_source *source, const struct report_style *style,
                 struct strbuf *out)
{
    if (style->format == REPORT_MARKDOWN) {
        report_plan_markdown(source, out);
        return;
    }
    const struct summary_style summary = {.columns = WIDTH, .ascii = style->ascii};
    struct canvas screen;
    struct strbuf title = {0};
    struct strbuf text = {0};
    strbuf_add_plain(&title, source->model->name);
    plan_summary(source, &summary, &text);
    draw_plan(source, style->ascii, &screen);
    add_picture(style, &screen, strbuf_text(&title), strbuf_text(&text), out);
    canvas_clear(&screen);
    strbuf_clear(&title);
    strbuf_clear(&text);
}

static void draw_side(const struct side *side, bool ascii, struct canvas *out)
{
    const struct plan_json_source source = {
        .model = side->session.model,
        .rig = &side->session.rig,
        .plan = &side->session.plan,
        .depth = side->session.depth,
    };
    draw_plan(&source, ascii, out);
}

void report_comparison(const struct side *before, const struct side *after,
                       const struct comparison *comparison, const struct report_style *style,
                       struct strbuf *out)
{
    if (style->format == REPORT_MARKDOWN) {
        report_comparison_markdown(before, after, comparison, out);
        return;
    }
    struct strbuf text = {0};
    struct canvas sheet;
    struct canvas screens[2];
    compare_table(before, after, comparison, &text);
    draw_side(before, style->ascii, &screens[0]);
    draw_side(after, style->ascii, &screens[1]);
    canvas_init(&sheet, WIDTH, count_lines(strbuf_text(&text)) + 2 * (3 + HEIGHT), style->ascii);
    int y = draw_text(&sheet, 0, strbuf_text(&text));
    y = draw_screen(&sheet, y, "Before", &screens[0]);
    draw_screen(&sheet, y, "After", &screens[1]);
    add_picture(style, &sheet, "Two plans: before and after", strbuf_text(&text), out);
    canvas_clear(&sheet);
    canvas_clear(&screens[0]);
    canvas_clear(&screens[1]);
    strbuf_clear(&text);
}

#include "src/commands.h"

#include "src/compare_sides.h"
#include "src/output.h"
#include "src/report.h"
#include "src/session.h"

#include <locale.h>
#include <string.h>

static bool write_plan(const struct options *options, const struct report_style *style,
                       struct strbuf *out, struct error *error)
{
    struct session session;
    struct evaluation evaluation = {0};
    bool done = session_open(options, false, &session, error) &&
                session_evaluate(&session, options, false, &evaluation, error);
    if (done) {
        const struct plan_json_source source = session_source(&session, &evaluation);
        session_print_notes(&session);
        report_plan(&source, style, out);
    }
    evaluation_clear(&evaluation);
    session_close(&session);
    return done;
}

static bool write_comparison(const struct options *options, const struct report_style *style,
                             struct strbuf *out, struct error *error)
{
    struct side before = {0};
    struct side after = {0};
    bool done = compare_sides_open(options, &before, &after, error);
    if (done) {
        struct comparison comparison;
        session_print_notes(&before.session);
        session_print_notes(&after.session);
        plans_compare(&before.side, &after.side, &comparison);
        report_comparison(&before, &after, &comparison, style, out);
        comparison_clear(&comparison);
    }
    compare_side_close(&before);
    compare_side_close(&after);
    return done;
}

int command_report(const struct options *options, struct error *error)
{
    struct report_style style = {
        .ascii = options->ascii,
        .color = options->color == NULL || strcmp(options->color, "never") != 0,
    };
    if (!report_format_find(options->format, options->output, &style.format, error)) {
        return (int)error->kind;
    }
    /* a report is UTF-8 wherever it is made; this only tells how wide characters are */
    setlocale(LC_CTYPE, "C.UTF-8");
    struct strbuf text = {0};
    bool compares = options->compare || options->n_positional > 1;
    bool done = (compares ? write_comparison : write_plan)(options, &style, &text, error) &&
                output_deliver(options->output, strbuf_text(&text), text.length, options->force,
                               false, error);
    strbuf_clear(&text);
    return done ? 0 : (int)error->kind;
}

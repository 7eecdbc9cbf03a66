#include "src/commands.h"

#include "src/compare_sides.h"
#include "src/output.h"

#include <stdlib.h>

int command_compare(const struct options *options, struct error *error)
{
    struct side before = {0};
    struct side after = {0};
    bool done = compare_sides_open(options, &before, &after, error);
    if (done) {
        session_print_notes(&before.session);
        session_print_notes(&after.session);
        struct comparison comparison;
        struct strbuf out = {0};
        plans_compare(&before.side, &after.side, &comparison);
        if (options->json) {
            char *text = compare_json(&before, &after, &comparison);
            strbuf_add(&out, text);
            free(text);
        } else {
            compare_table(&before, &after, &comparison, &out);
        }
        done = output_print(strbuf_text(&out), out.length, error);
        comparison_clear(&comparison);
        strbuf_clear(&out);
    }
    compare_side_close(&before);
    compare_side_close(&after);
    return done ? 0 : (int)error->kind;
}

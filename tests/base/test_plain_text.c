// Names come from files that may be hostile: nothing in them acts on a terminal or ends a line.
#include "model/base/error.h"
#include "model/base/plain_text.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *from, *to;
} cases[] = {
    {"plain ASCII, and µ, 漢字, 😀", "plain ASCII, and µ, 漢字, 😀"},
    {"\x1b[31mred\x07", "?[31mred?"},
    {"one\nline\r\tonly\x7f", "one?line??only?"},
    {"\xc2\x9b"
     "31m",
     "?31m"}, /* C1 control sequence introducer */
    {"a\xe2\x80\xae"
     "b",
     "a?b"},                                /* right-to-left override */
    {"\xff\xc0\x80\xed\xa0\x80", "??????"}, /* no UTF-8: stray, overlong, surrogate */
    {"cut \xe6\xbc", "cut ??"},
    {"", ""},
};

Test(plain_text, keeps_what_is_text_and_stops_what_acts)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strbuf out = {0};
        strbuf_add_plain(&out, cases[i].from);
        cr_expect_str_eq(strbuf_text(&out), cases[i].to);
        strbuf_clear(&out);
        char copy[64];
        strcpy(copy, cases[i].from);
        plain_text(copy);
        cr_expect_str_eq(copy, cases[i].to);
    }
}

Test(plain_text, is_what_errors_are_made_of)
{
    struct error error = {0};
    cr_expect(!error_set(&error, ERROR_INPUT, "%s: bad", "na\xc2\x9bme\n"));
    cr_expect_str_eq(error.text, "na?me?: bad");
}

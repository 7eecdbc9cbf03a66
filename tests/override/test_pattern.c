#include "model/override/pattern.h"

#include <criterion/criterion.h>
#include <string.h>

static bool found(const char *text, const char *subject)
{
    struct pattern *pattern = NULL;
    struct error error = {0};
    cr_assert(pattern_compile(text, &pattern, &error), "%s: %s", text, error.text);
    bool answer = pattern_found(pattern, subject);
    pattern_free(&pattern);
    return answer;
}

static void refused(const char *text, const char *words)
{
    struct pattern *pattern = NULL;
    struct error error = {0};
    cr_expect(!pattern_compile(text, &pattern, &error), "%s is accepted", text);
    cr_expect(error.kind == ERROR_INPUT);
    cr_expect(strstr(error.text, words) != NULL, "%s: %s", text, error.text);
    pattern_free(&pattern);
}

Test(pattern, is_found_anywhere_in_the_name)
{
    cr_expect(found("exps", "blk.1.ffn_up_exps.weight"));
    cr_expect(found("", "anything"));
    cr_expect(found("output\\.weight", "blk.3.attn_output.weight"));
    cr_expect(!found("^output\\.weight", "blk.3.attn_output.weight"));
    cr_expect(found("^output\\.weight$", "output.weight"));
    cr_expect(!found("^output\\.weight$", "output.weights"));
    cr_expect(found("blk.1", "blk.12.x"));
}

Test(pattern, number_sets_in_brackets_are_sets_of_digits)
{
    cr_expect(found("blk\\.[0-15]\\.", "blk.5.x"));
    cr_expect(!found("blk\\.[0-15]\\.", "blk.7.x"));
    cr_expect(found("blk\\.[11|12]\\.", "blk.2.x"));
    cr_expect(!found("blk\\.[11|12]\\.", "blk.12.x"));
}

Test(pattern, what_std_regex_throws_on_is_refused_with_the_repair)
{
    refused("blk\\.[6-10]\\.ffn", "range 6-1 is backwards: [6-10] is not a number range, write "
                                  "([6-9]|10)");
    refused("blk\\.[16-31]\\.", "write (1[6-9]|2[0-9]|3[01])");
    refused("blk.{50-60}", "{50-60} is not a number range, write (5[0-9]|60)");
    refused("*exps", "* has nothing before it to repeat: for any text write .*");
    refused("^*", "nothing before it");
    refused("(a", "opened and never closed");
    refused("a)", "closed and was never opened");
    refused("[a", "never closed");
    refused("blk\\.{1", "-ot is cut at every comma");
    refused("(?<!a)b", "lookbehind");
    refused("(?i)a", "(?i");
    refused("(?P<n>a)", "named groups");
    refused("\\p{L}", "{L} is no repeat count");
    refused("a\\", "lone backslash");
    refused("\\1(a)", "not there yet");
    refused("(a\\1)", "the group it stands in");
    refused("[[:letter:]]", "[:letter:] is no character class");
    refused("[\\d-z]", "cannot start with a class");
    refused("a{3,1}", "runs backwards");
    refused("(a{1000}){1000}", "100000 states");
}

Test(pattern, libstdcxx_has_ideas_of_its_own)
{
    cr_expect(found("\\A", "A"));      /* an unknown escape is the character */
    cr_expect(found("\\cA", "A"));     /* not control-A */
    cr_expect(found("a++", "aa"));     /* a repeat of a repeat, not a possessive one */
    cr_expect(found("a++ab", "aaab")); /* which PCRE2 would not find */
    cr_expect(!found("[]", "a"));
    cr_expect(found("[^]", "\n"));
    cr_expect(!found("a.b", "a\nb"));
    cr_expect(found("[[=a=]]", "A"));
    cr_expect(found("(up|)", ""));
    cr_expect(found("\\u0141", "A"));
    /* A lookahead is a search of its own: its start counts as the start of the text, but only in the
     * attempt from the first character. */
    cr_expect(found("a(?=^b)", "ab"));
    cr_expect(!found("b(?=^c)", "abc"));
}

Test(pattern, deep_nesting_ends_in_words)
{
    char deep[20001];
    memset(deep, '(', 10000);
    memset(deep + 10000, ')', 10000);
    deep[20000] = '\0';
    refused(deep, "nested deeper");
}

Test(pattern, endless_backtracking_gives_up)
{
    struct pattern *pattern = NULL;
    char subject[61];
    memset(subject, 'a', 60);
    subject[60] = '\0';
    cr_assert(pattern_compile("(a|a)(a|a|aa)*(a|aa|aaa)*(a+|aa+)*\\1[^a]", &pattern, NULL));
    cr_expect(!pattern_found(pattern, subject));
    cr_expect(pattern_gave_up(pattern));
    pattern_free(&pattern);
}

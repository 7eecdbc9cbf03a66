/* Logs of llama-server v0.5.0 against the plan that its command line makes. */
#include "model/log/log_verify.h"
#include "model/text/arguments.h"
#include "src/log_file.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define LOGS   OTPLAN_SHARED "/logs/"
#define MODELS OTPLAN_SHARED "/oracle/models/"

struct planned {
    struct open_model open;
    struct rig rig;
    struct plan plan;
    struct evaluation evaluation;
    struct argument_facts facts;
    struct log log;
    struct log_report report;
};

enum { MAX_WORDS = 16 };

static size_t count_words(const char *const *words)
{
    size_t n = 0;

    while (n < MAX_WORDS && words[n])
        n++;
    return n;
}

static void judge(struct planned *it, const char *model, const char *log_name,
                  const uint32_t *free_mib, size_t n_devices, const char *const *words)
{
    struct error error = {.kind = ERROR_NONE};
    struct strbuf text = {0};
    char path[512];

    if (!oracle_present())
        cr_skip_test("no shared reference models here");
    snprintf(path, sizeof path, MODELS "%s", model);
    open_model(path, &it->open);
    stand_in_rig(free_mib, n_devices, &it->rig);
    plan_init(&it->plan, it->open.model);
    cr_assert(arguments_read(&it->plan, &it->facts, words, count_words(words), NULL, &error), "%s",
              error.text);
    plan_evaluate(it->open.model, &it->rig, &it->plan, NULL, &it->evaluation);
    snprintf(path, sizeof path, LOGS "%s", log_name);
    cr_assert(log_file_read(path, &text, &error), "%s", error.text);
    log_read(strbuf_text(&text), text.length, &it->log);
    strbuf_clear(&text);
    struct log_plan plan = {it->open.model, &it->rig, &it->evaluation};
    log_verify(&it->log, &plan, &it->report);
}

static void planned_clear(struct planned *it)
{
    log_report_clear(&it->report);
    log_clear(&it->log);
    evaluation_clear(&it->evaluation);
    plan_clear(&it->plan);
    rig_clear(&it->rig);
    argument_facts_clear(&it->facts);
    close_model(&it->open);
}

static const struct log_check *check_named(const struct planned *it, const char *what)
{
    const struct load_report *load = &it->report.loads[0];

    for (size_t i = 0; i < load->n_checks; i++)
        if (strcmp(load->checks[i].what, what) == 0)
            return &load->checks[i];
    cr_assert_fail("no check '%s'", what);
    return NULL;
}

static bool has_finding(const struct planned *it, const char *code)
{
    const struct load_report *load = &it->report.loads[0];

    for (size_t i = 0; i < load->n_findings; i++)
        if (strcmp(load->findings[i].code, code) == 0)
            return true;
    return false;
}

static void expect_verdict(const struct planned *it, enum log_verdict verdict)
{
    const struct load_report *load = &it->report.loads[0];

    cr_expect_str_eq(log_verdict_name(it->report.verdict), log_verdict_name(verdict));
    for (size_t i = 0; i < load->n_checks; i++)
        if (verdict == VERDICT_AS_PLANNED)
            cr_expect(load->checks[i].ok, "%s: planned %llu, actual %llu", load->checks[i].what,
                      (unsigned long long)load->checks[i].planned,
                      (unsigned long long)load->checks[i].actual);
}

static const uint32_t one_card[] = {8000}, two_cards[] = {8000, 12000};
#define GEMMA     "gemma-3-4b-Q4_K_M.gguf"
#define QWEN      "qwen3-30b-a3b-Q4_K_M.gguf"
#define GEMMA_LOG "server-v0.5.0-1cuda-gemma-lv4.txt"
#define QWEN_LOG  "server-v0.5.0-2cuda-experts-cpu-lv5.txt"

Test(verify_plan, the_command_of_the_log_is_as_planned_on_one_card)
{
    static const char *const words[] = {"-c", "8192", "-ngl", "99", "-fit", "off", NULL};
    struct planned it = {.log = {0}};

    judge(&it, GEMMA, GEMMA_LOG, one_card, 1, words);
    expect_verdict(&it, VERDICT_AS_PLANNED);
    cr_expect(check_named(&it, "CUDA0 model buffer")->has_planned);
    cr_expect_eq(check_named(&it, "layers offloaded")->planned, 35);
    planned_clear(&it);
}

Test(verify_plan, layers_and_overrides_of_a_talkative_log_are_compared)
{
    static const char *const words[] = {
        "-c",   "16384", "-ngl", "99",
        "-ts",  "24,25", "-ot",  "blk\\.(1[0-9]|2[0-9])\\.ffn_.*_exps=CPU",
        "-fit", "off",   NULL};
    struct planned it = {.log = {0}};

    judge(&it, QWEN, QWEN_LOG, two_cards, 2, words);
    expect_verdict(&it, VERDICT_AS_PLANNED);
    cr_expect_eq(check_named(&it, "layers on the planned device")->actual, 49);
    cr_expect_eq(check_named(&it, "overridden tensors on the planned device")->actual, 60);
    planned_clear(&it);
}

Test(verify_plan, another_rule_another_split_another_context_differ)
{
    static const char *const plans[][MAX_WORDS] = {
        {"-c", "16384", "-ts", "24,25", "-ot", "blk\\.(1[0-9])\\.ffn_.*_exps=CPU"},
        {"-c", "16384", "-ts", "30,19", "-ot", "blk\\.(1[0-9]|2[0-9])\\.ffn_.*_exps=CPU"},
        {"-c", "32768", "-ts", "24,25", "-ot", "blk\\.(1[0-9]|2[0-9])\\.ffn_.*_exps=CPU"},
        {"-c", "16384", "-ngl", "40", "-ot", "blk\\.(1[0-9]|2[0-9])\\.ffn_.*_exps=CPU"},
    };

    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct planned it = {.log = {0}};
        judge(&it, QWEN, QWEN_LOG, two_cards, 2, plans[i]);
        expect_verdict(&it, VERDICT_DIFFERS);
        planned_clear(&it);
    }
}

Test(verify_plan, a_fallback_is_one_only_where_the_plan_wanted_a_card)
{
    static const char *const gpu[] = {"-c", "4096", NULL};
    static const char *const cpu[] = {"-c", "4096", "-ngl", "0", NULL};
    struct planned it = {.log = {0}};

    judge(&it, GEMMA, "server-v0.5.0-no-device-silent-cpu-lv4.txt", one_card, 1, gpu);
    expect_verdict(&it, VERDICT_CPU_FALLBACK);
    cr_expect(has_finding(&it, "cpu-only-build"));
    planned_clear(&it);

    it = (struct planned){.log = {0}};
    judge(&it, GEMMA, "server-v0.5.0-no-device-silent-cpu-lv4.txt", NULL, 0, cpu);
    cr_expect_neq(it.report.verdict, VERDICT_CPU_FALLBACK);
    planned_clear(&it);
}

Test(verify_plan, another_model_is_named)
{
    static const char *const words[] = {"-c", "8192", NULL};
    struct planned it = {.log = {0}};

    judge(&it, QWEN, GEMMA_LOG, one_card, 1, words);
    expect_verdict(&it, VERDICT_DIFFERS);
    cr_expect(has_finding(&it, "other-model"));
    planned_clear(&it);
}

Test(verify_plan, a_failure_stays_one_whatever_was_planned)
{
    static const char *const words[] = {"-c", "131072", "--swa-full", NULL};
    struct planned it = {.log = {0}};

    judge(&it, GEMMA, "server-v0.5.0-oom-kv-lv4.txt", one_card, 1, words);
    expect_verdict(&it, VERDICT_FAILED);
    cr_expect(has_finding(&it, "out-of-memory"));
    cr_expect(check_named(&it, "CUDA0 model buffer")->ok);
    planned_clear(&it);
}

Test(verify_plan, another_card_and_less_free_memory_are_named)
{
    static const char *const words[] = {"-c", "8192", NULL};
    static const uint32_t more[] = {9000};
    struct planned it = {.log = {0}};

    judge(&it, GEMMA, GEMMA_LOG, more, 1, words);
    cr_expect(has_finding(&it, "less-free"));
    planned_clear(&it);
    it = (struct planned){.log = {0}};
    judge(&it, GEMMA, GEMMA_LOG, two_cards, 2, words);
    cr_expect(has_finding(&it, "device-missing"));
    planned_clear(&it);
}

/* `otplan watch` with a library that answers like NVIDIA's: whose memory it is, peaks, alerts, a plan for what there
 * is now, recordings.
 */
#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "tests/support/gguf_files.h"
#include "tests/support/pty.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARY "OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so"
#define FOUR                                                                                       \
    "RTX 5090|GPU-a|01|32607|%d|12.0|%d=%d,77=600g;RTX 5090|GPU-b|41|32607|31292|12.0;"            \
    "RTX 5090|GPU-c|81|32607|32090|12.0;RTX 5090|GPU-d|c1|32607|32090|12.0"

/* A folder with a /proc where 4321 is llama-server with a child 4322, and 77 a desktop. */
static char *make_proc(void)
{
    char *root = test_folder_make();
    tree_write(root, "meminfo", "MemTotal: 536870912 kB\nMemAvailable: 520093696 kB\n");
    tree_write(root, "4321/stat",
               "4321 (llama-server) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 555 0\n");
    tree_write(root, "4321/comm", "llama-server\n");
    tree_write(root, "4321/status", "RssAnon:\t 2048 kB\nRssFile:\t 9 kB\nRssShmem:\t 1024 kB\n");
    tree_write(root, "4322/stat", "4322 (a) b) S 4321 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 556 0\n");
    tree_write(root, "4322/comm", "worker\n");
    tree_write(root, "77/stat", "77 (Xorg) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0\n");
    tree_write(root, "77/comm", "Xorg\x1b[31m\n");
    return root;
}

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static long long mib(struct json_object *object, const char *key)
{
    return json_object_get_int64(member(object, key)) >> 20;
}

struct scene {
    char *root, *proc, *state, *fake;
};

static struct scene scene_make(int free_mib, int pid, int server_mib)
{
    char cards[600];
    struct scene scene = {.root = make_proc()};
    snprintf(cards, sizeof cards, "FAKE_NVML=" FOUR, free_mib, pid, server_mib);
    scene.proc = memory_format("OTPLAN_PROC=%s", scene.root);
    scene.state = memory_format("XDG_STATE_HOME=%s/state", scene.root);
    scene.fake = memory_text(cards);
    return scene;
}

static void scene_clear(struct scene *scene)
{
    test_folder_remove(scene->root);
    free(scene->proc);
    free(scene->state);
    free(scene->fake);
}

static struct program_result watch(const struct scene *scene, const char *const *more)
{
    const char *const environment[] = {
        LIBRARY, "OTPLAN_ROOT=/nowhere", scene->proc, scene->state, scene->fake, NULL};
    const char *words[24] = {"watch", "--once"};
    for (size_t i = 0; more[i] != NULL; i++) {
        words[2 + i] = more[i];
    }
    return otplan_run_with(environment, words);
}

static struct json_object *watch_json(const struct scene *scene, const char *const *more)
{
    struct program_result result = watch(scene, more);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_eq(strchr(result.output, '\n'), result.output + result.output_bytes - 1);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object, "%s", result.output);
    program_result_clear(&result);
    return object;
}

Test(watch, tells_the_server_s_memory_from_that_of_others)
{
    static const struct {
        int pid;
        const char *option;
    } cases[] = {{4321, NULL}, {4322, "4321"}};
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_make(10000, cases[i].pid, 21000);
        const char *const words[] = {"--json", cases[i].option != NULL ? "--pid" : NULL,
                                     cases[i].option, NULL};
        struct json_object *now = watch_json(&scene, words);
        struct json_object *card = json_object_array_get_idx(member(now, "devices"), 0);
        cr_expect_str_eq(json_object_get_string(member(card, "name")), "CUDA0");
        cr_expect_eq(mib(card, "used"), 22607);
        cr_expect_eq(mib(card, "server"), 21000, "%lld", mib(card, "server"));
        cr_expect_eq(mib(card, "others"), 600);
        cr_expect_eq(mib(card, "peak"), 22607);
        struct json_object *server = member(now, "server");
        cr_expect_eq(json_object_get_int64(member(server, "pid")), 4321);
        cr_expect_str_eq(json_object_get_string(member(server, "name")), "llama-server");
        cr_expect_eq(mib(member(now, "host"), "server"), 3);
        cr_expect_eq(json_object_array_length(member(now, "alerts")), 0);
        json_object_put(now);
        scene_clear(&scene);
    }
}

Test(watch, does_not_know_a_server_that_is_not_there_or_whose_bytes_are_not_told)
{
    struct scene scene = scene_make(10000, 999, 21000);
    struct json_object *now = watch_json(&scene, (const char *const[]){"--json", NULL});
    cr_expect_null(member(now, "server"));
    cr_expect_null(member(json_object_array_get_idx(member(now, "devices"), 0), "server"));
    json_object_put(now);
    free(scene.fake);
    scene.fake = memory_text("FAKE_NVML=A|GPU-a|01|32607|9000|8.6|4321=?");
    now = watch_json(&scene, (const char *const[]){"--json", NULL});
    cr_expect_not_null(member(now, "server"));
    cr_expect_null(member(json_object_array_get_idx(member(now, "devices"), 0), "server"));
    json_object_put(now);
    scene_clear(&scene);
}

Test(watch, alerts_under_the_threshold_and_says_so_by_its_status)
{
    struct scene scene = scene_make(400, 4321, 31000);
    struct program_result result = watch(&scene, (const char *const[]){"--check", NULL});
    cr_expect_eq(result.status, 3, "%s", result.errors);
    cr_expect_not_null(
        strstr(result.output, "alert: CUDA0: 400 MiB free, under the threshold of 512"));
    cr_expect_null(strchr(result.output, '\x1b'), "a process's name reached the terminal");
    program_result_clear(&result);
    result = watch(&scene, (const char *const[]){"--check", "--threshold", "300", NULL});
    cr_expect_eq(result.status, 0, "%s", result.output);
    program_result_clear(&result);
    scene_clear(&scene);
}

/* A plan made for an empty card, and a card that is half full by now. */
Test(watch, offers_a_plan_for_the_memory_there_is_now)
{
    struct scene scene = scene_make(9000, 77, 20000);
    const char *const words[] = {"--json", demo_model(),  "-c",  "32768",    "-ngl", "62",
                                 "-ts",    "16,16,15,15", "-ot", "exps=CPU", NULL};
    struct json_object *now = watch_json(&scene, words);
    struct json_object *card = json_object_array_get_idx(member(now, "devices"), 0);
    cr_expect(mib(card, "planned") > 1000);
    cr_expect_eq(mib(card, "missing"), 0);
    cr_expect_null(member(now, "replan"));
    json_object_put(now);
    scene_clear(&scene);
    scene = scene_make(3000, 77, 20000);
    now = watch_json(&scene, words);
    card = json_object_array_get_idx(member(now, "devices"), 0);
    cr_expect(mib(card, "missing") > 0);
    const char *command = json_object_get_string(member(now, "replan"));
    cr_assert_not_null(command);
    cr_expect_not_null(strstr(command, "llama-server -m "), "%s", command);
    cr_expect_null(strstr(command, "-ts 16,16,15,15"), "%s", command);
    /* what it offers fits what there is */
    const char *at = strstr(command, " -m ");
    struct strbuf line = {0};
    strbuf_format(&line, "exec \"$0\" plan --check -- llama-server%s", at);
    const char *const shell[] = {"sh", "-c", strbuf_text(&line), otplan_path(), NULL};
    const char *const environment[] = {
        LIBRARY, "OTPLAN_ROOT=/nowhere", scene.proc, scene.state, scene.fake, NULL};
    struct program_result check = program_run(shell, environment, NULL);
    cr_expect_eq(check.status, 0, "%s%s", check.output, check.errors);
    program_result_clear(&check);
    strbuf_clear(&line);
    json_object_put(now);
    scene_clear(&scene);
}

/* ---- live ----------------------------------------------------------------------------------- */

static struct pty *start_live(const struct scene *scene, const char *const *argv)
{
    char *file = memory_format("FAKE_NVML_FILE=%s/cards", scene->root);
    const char *const environment[] = {
        LIBRARY, "OTPLAN_ROOT=/nowhere", scene->proc, scene->state, file, NULL};
    struct pty_options options = {.rows = 30, .columns = 100, .environment = environment};
    struct pty *terminal = pty_start(&options, argv);
    free(file);
    return terminal;
}

static void set_cards(const struct scene *scene, int free_mib, int server_mib)
{
    char cards[600];
    snprintf(cards, sizeof cards, FOUR, free_mib, 4321, server_mib);
    tree_write(scene->root, "cards.new", cards);
    char *from = memory_format("%s/cards.new", scene->root);
    char *to = memory_format("%s/cards", scene->root);
    cr_assert_eq(rename(from, to), 0);
    free(from);
    free(to);
}

Test(watch, is_live_on_a_terminal_and_keeps_the_peak)
{
    struct scene scene = scene_make(0, 0, 0);
    char *record = memory_format("%s/record.jsonl", scene.root);
    const char *const argv[] = {OTPLAN_PROGRAM, "watch", "--interval", "0.05",
                                "--record",     record,  NULL};
    set_cards(&scene, 12000, 20000);
    struct pty *t = start_live(&scene, argv);
    cr_assert(pty_wait_for(t, "12 000 free, peak 20 607"), "%s", pty_screen(t));
    cr_expect(pty_wait_for(t, "server 20 000"), "%s", pty_screen(t));
    set_cards(&scene, 300, 31500);
    cr_expect(pty_wait_for(t, "CUDA0: 300 MiB free, under the threshold"), "%s", pty_screen(t));
    set_cards(&scene, 15000, 17000);
    cr_expect(pty_wait_for(t, "15 000 free, peak 32 307"), "%s", pty_screen(t));
    cr_expect(pty_wait_gone(t, "under the threshold"), "%s", pty_screen(t));
    pty_type(t, "r");
    cr_expect(pty_wait_for(t, "15 000 free, peak 17 607"), "%s", pty_screen(t));
    pty_resize(t, 12, 60);
    pty_type(t, "q");
    int status = 0;
    cr_assert(pty_wait_end(t, &status), "%s", pty_screen(t));
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_expect_null(pty_not_restored(t));
    pty_end(t);
    /* the recording holds what was seen */
    struct program_result both = otplan_run("watch", "--compare", record, record, "--json");
    cr_assert_eq(both.status, 0, "%s", both.errors);
    struct json_object *compared = json_tokener_parse(both.output);
    struct json_object *card = json_object_array_get_idx(member(compared, "devices"), 0);
    cr_expect_eq(mib(member(card, "before"), "used_peak"), 32307);
    cr_expect_eq(mib(member(card, "after"), "server_peak"), 31500);
    cr_expect_eq(mib(member(card, "before"), "least_free"), 300);
    cr_expect_eq(mib(member(card, "change"), "used_peak"), 0);
    cr_expect(json_object_get_int64(member(member(compared, "before"), "samples_with_alert")) > 0);
    json_object_put(compared);
    program_result_clear(&both);
    free(record);
    scene_clear(&scene);
}

Test(watch, leaves_the_terminal_as_it_was_when_it_is_ended)
{
    struct scene scene = scene_make(0, 0, 0);
    const char *const argv[] = {OTPLAN_PROGRAM, "watch", "--interval", "30", NULL};
    set_cards(&scene, 12000, 20000);
    struct pty *t = start_live(&scene, argv);
    cr_assert(pty_wait_for(t, "12 000 free"), "%s", pty_screen(t));
    pty_signal(t, SIGTERM);
    int status = 0;
    cr_assert(pty_wait_end(t, &status), "%s", pty_screen(t));
    cr_expect_null(pty_not_restored(t));
    pty_end(t);
    scene_clear(&scene);
}

/* ---- recordings ----------------------------------------------------------------------------- */

static const char first[] =
    "{\"otplan_watch\":1,\"seconds\":0,\"devices\":[{\"name\":\"CUDA0\",\"total\":1048576000,"
    "\"used\":104857600,\"free\":943718400,\"server\":null,\"planned\":209715200}],\"alerts\":[]}\n"
    "{\"otplan_watch\":1,\"seconds\":1,\"devices\":[{\"name\":\"CUDA0\",\"total\":1048576000,"
    "\"used\":314572800,\"free\":734003200,\"server\":209715200,\"planned\":209715200}],"
    "\"alerts\":[\"x\"]}\n";
static const char second[] =
    "{\"otplan_watch\":1,\"seconds\":3,\"devices\":[{\"name\":\"CUDA0\\u001b\",\"used\":1}],"
    "\"alerts\":[]}\n"
    "{\"otplan_watch\":1,\"seconds\":4,\"devices\":[{\"name\":\"CUDA0\",\"used\":1048576,\"free\":"
    "5}]"
    ",\"alerts\":[]}\n{\"otplan_watch\":1,\"secon";

Test(recordings, are_put_side_by_side)
{
    char *folder = test_folder_make();
    char *a = test_file_write(folder, "a", first, sizeof first - 1);
    char *b = test_file_write(folder, "b", second, sizeof second - 1);
    struct program_result text = otplan_run("watch", "--compare", a, b);
    cr_assert_eq(text.status, 0, "%s", text.errors);
    cr_expect_not_null(strstr(text.output, "2 samples over 1.0 s, 1 with an alert"));
    cr_expect_not_null(
        strstr(text.output, "used, mean             200.0           1.0        -199.0"), "%s",
        text.output);
    cr_expect_null(strchr(text.output, '\x1b'));
    program_result_clear(&text);
    static const char *const bad[] = {"", "{}\n", "[]\n", "{\"otplan_watch\":1\n", "nonsense\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *c = test_file_write(folder, "c", bad[i], strlen(bad[i]));
        text = otplan_run("watch", "--compare", a, c);
        cr_expect_eq(text.status, 2, "%s: %d", bad[i], text.status);
        cr_expect_str_eq(text.output, "");
        program_result_clear(&text);
        free(c);
    }
    text = otplan_run("watch", "--compare", a);
    cr_expect_eq(text.status, 1);
    program_result_clear(&text);
    free(a);
    free(b);
    test_folder_remove(folder);
}

Test(watch, refuses_wrong_words_in_one_line)
{
    static const char *const words[][4] = {{"watch", "--interval", "0", NULL},
                                           {"watch", "--interval", "1x", NULL},
                                           {"watch", "--threshold", "-1", NULL},
                                           {"watch", "--pid", "0", NULL},
                                           {"plan", "--once", NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct program_result result = otplan_run_with(NULL, words[i]);
        cr_expect_eq(result.status, 1, "%s: %d", words[i][1], result.status);
        cr_expect_eq(strchr(result.errors, '\n'), result.errors + strlen(result.errors) - 1);
        program_result_clear(&result);
    }
}

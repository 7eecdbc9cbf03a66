/* `otplan run` with a script in llama-server's place: it replays a log, waits, or is killed. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RIG                                                                                        \
    "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}], \"host\": {\"free_mib\": 64000}}"

struct place {
    char *folder, *model, *rig, *state;
};

static struct place place_make(const char *server, const char *model)
{
    struct place place = {.folder = test_folder_make()};
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    place.model = test_file_write_head(place.folder, model, &head);
    place.rig = test_file_write(place.folder, "rig.json", RIG, strlen(RIG));
    place.state = memory_format("XDG_STATE_HOME=%s/state", place.folder);
    tree_program(place.folder, "llama-server", server);
    strbuf_clear(&head);
    return place;
}

static void place_clear(struct place *place)
{
    free(place->model);
    free(place->rig);
    free(place->state);
    test_folder_remove(place->folder);
}

static struct program_result start(const struct place *place, const char *const *extra)
{
    const char *const environment[] = {place->state, "XDG_CONFIG_HOME=/nowhere", "ZZ=kept", NULL};
    const char *words[20] = {"run",         place->model,  "--devices", place->rig,
                             "--llama-bin", place->folder, "-c",        "512"};
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++) {
        words[8 + i] = extra[i];
    }
    return otplan_run_with(environment, words);
}

/* New: what a file beside the program holds. */
static char *read_beside(const struct place *place, const char *name)
{
    char *path = memory_format("%s/%s", place->folder, name);
    FILE *file = fopen(path, "r");
    char bytes[8192] = "";
    size_t n = file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
    bytes[n] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    free(path);
    return memory_text(bytes);
}

Test(run, starts_the_plan_keeps_the_log_and_ends_with_the_verdict)
{
    struct place place =
        place_make("printf '%s\\n' \"$@\" > \"$0.args\"; echo \"$ZZ\" > \"$0.env\"\n"
                   "echo 'load_tensors: offloaded 3/3 layers to GPU' >&2\n"
                   "echo 'load_tensors:        CUDA0 model buffer size =     1.50 MiB' >&2\n"
                   "echo 'load_tensors:        CUDA7 model buffer size =     1.50 MiB'\n",
                   "tiny.gguf");
    const char *const extra[] = {"--", "--port", "80 81", NULL};
    struct program_result result = start(&place, extra);
    char *args = read_beside(&place, "llama-server.args");
    char *kept = read_beside(&place, "llama-server.env");
    cr_expect(strstr(args, "-c\n512\n") != NULL, "%s", args);
    cr_expect(strstr(args, "-lv\n4\n--port\n80 81\n") != NULL, "%s", args);
    cr_expect_str_eq(kept, "kept\n");
    cr_expect(strstr(result.errors, "otplan: CUDA0 model 1.50 MiB of ") != NULL, "%s",
              result.errors);
    cr_expect(strstr(result.errors, "CUDA7 model 1.50 MiB, a device that the plan does not have") !=
              NULL);
    cr_expect_eq(result.status, 3, "%s", result.errors);
    cr_expect(strstr(result.errors, "\ndiffers: ") != NULL, "%s", result.errors);
    const char *log = strstr(result.errors, "\nlog: ");
    cr_assert_not_null(log);
    char *path = memory_text_n(log + 6, strcspn(log + 6, "\n"));
    const char *const verify[] = {"verify", path, NULL};
    struct program_result again = otplan_run_with(NULL, verify);
    cr_expect(strstr(again.output, "CUDA7") != NULL, "%s%s", again.output, again.errors);
    program_result_clear(&again);
    program_result_clear(&result);
    free(path);
    free(args);
    free(kept);
    place_clear(&place);
}

Test(run, replays_a_recorded_log_to_its_verdict)
{
    const char *log = OTPLAN_SHARED "/logs/server-v0.5.0-no-device-silent-cpu-lv4.txt";
    if (access(log, R_OK) != 0) {
        cr_skip_test("no shared logs here");
    }
    char *body = memory_format("while IFS= read -r line; do printf '%%s\\n' \"$line\" >&2; sleep "
                               "0.002; done < %s\n",
                               log);
    struct place place = place_make(body, "tiny.gguf");
    struct program_result result = start(&place, NULL);
    cr_expect_eq(result.status, 3, "%s", result.errors);
    cr_expect(strstr(result.errors, "\ncpu-fallback: ") != NULL, "%s", result.errors);
    program_result_clear(&result);
    free(body);
    place_clear(&place);
}

Test(run, settles_the_order_of_cards_that_differ)
{
    struct place place = place_make("echo \"order $CUDA_DEVICE_ORDER\"\n", "tiny.gguf");
    const char *const environment[] = {
        place.state,
        "XDG_CONFIG_HOME=/nowhere",
        "OTPLAN_ROOT=/nowhere",
        "OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so",
        "FAKE_NVML=RTX 3090|GPU-1|01|24576|24000|8.6;RTX 5090|GPU-2|02|32607|32000|12.0",
        NULL};
    const char *const words[] = {"run", place.model, "--llama-bin", place.folder, NULL};
    struct program_result result = otplan_run_with(environment, words);
    cr_expect(strstr(result.errors, "order PCI_BUS_ID\n") != NULL, "%s", result.errors);
    program_result_clear(&result);
    place_clear(&place);
}

Test(run, activates_the_environment_of_the_settings)
{
    struct place place = place_make("exit 1\n", "tiny.gguf");
    char *settings = memory_format("{\"virtual_env_path\": \"%s/venv\"}", place.folder);
    char *path = test_file_write(place.folder, "settings.json", settings, strlen(settings));
    tree_program(place.folder, "venv/bin/llama-server", "echo \"in $VIRTUAL_ENV\"\n");
    const char *const environment[] = {place.state, NULL};
    const char *const words[] = {"run",      place.model, "--devices", place.rig,
                                 "--config", path,        NULL};
    struct program_result result = otplan_run_with(environment, words);
    char *said = memory_format("in %s/venv\n", place.folder);
    cr_expect(strstr(result.errors, said) != NULL, "%s", result.errors);
    program_result_clear(&result);
    free(said);
    free(path);
    free(settings);
    place_clear(&place);
}

static struct program_result start_in(const struct place *place, const char *environment_path,
                                      const char *search)
{
    char *settings = memory_format("{\"virtual_env_path\": \"%s\"}", environment_path);
    char *path = test_file_write(place->folder, "settings.json", settings, strlen(settings));
    const char *const environment[] = {place->state, search, NULL};
    const char *const words[] = {"run",      place->model, "--devices", place->rig,
                                 "--config", path,         NULL};
    struct program_result result = otplan_run_with(environment, words);
    free(path);
    free(settings);
    return result;
}

Test(run, takes_an_activation_script_and_a_conda_environment)
{
    struct place place = place_make("exit 1\n", "tiny.gguf");
    tree_program(place.folder, "venv/bin/llama-server", "echo \"python $VIRTUAL_ENV\"\n");
    tree_write(place.folder, "venv/bin/activate", "touch owned\n");
    tree_program(place.folder, "conda env/bin/llama-server", "echo \"conda $CONDA_PREFIX\"\n");
    tree_write(place.folder, "conda env/conda-meta/history", "");
    static const char *const paths[] = {"venv/bin/activate", "conda env"};
    for (size_t i = 0; i < 2; i++) {
        char *path = memory_format("%s/%s", place.folder, paths[i]);
        char *said = i == 0 ? memory_format("python %s/venv\n", place.folder)
                            : memory_format("conda %s/conda env\n", place.folder);
        struct program_result result = start_in(&place, path, NULL);
        cr_expect(strstr(result.errors, said) != NULL, "%s: %s", said, result.errors);
        program_result_clear(&result);
        free(said);
        free(path);
    }
    struct program_result gone = start_in(&place, "/nowhere/venv", NULL);
    cr_expect_eq(gone.status, 2, "%d", gone.status);
    cr_expect(strstr(gone.errors, "there is no such folder") != NULL, "%s", gone.errors);
    program_result_clear(&gone);
    place_clear(&place);
}

/* As conda does it: options, a name, then the command, looked for in the environment, as a child. */
static const char conda[] = "echo \"conda: $*\"\n"
                            "while [ \"$1\" != -n ]; do shift; done; shift 2\n"
                            "PATH=${0%/*}/env:$PATH\n"
                            "\"$@\" & wait $!\n";

Test(run, starts_behind_a_command_that_opens_an_environment)
{
    struct place place = place_make("exit 1\n", "tiny.gguf");
    tree_program(place.folder, "conda", conda);
    tree_program(place.folder, "env/llama-server", "echo \"the environment's own: $1\"\n");
    char *search = memory_format("PATH=%s:/usr/bin:/bin", place.folder);
    struct program_result result = start_in(&place, "conda run -n 'a b'", search);
    cr_expect(strstr(result.errors, "conda: run --no-capture-output -n a b llama-server -m ") !=
                  NULL,
              "%s", result.errors);
    cr_expect(strstr(result.errors, "the environment's own: -m\n") != NULL, "%s", result.errors);
    program_result_clear(&result);
    result = start_in(&place, "no-such-conda run -n x", search);
    cr_expect_eq(result.status, 4);
    cr_expect(strstr(result.errors, "no-such-conda: not in PATH") != NULL, "%s", result.errors);
    program_result_clear(&result);
    free(search);
    place_clear(&place);
}

/* Every line at the moment that its stamp names. */
Test(run, follows_a_recorded_log_at_its_own_pace)
{
    const char *log = OTPLAN_SHARED "/logs/server-v0.5.0-oom-kv-lv4.txt";
    if (access(log, R_OK) != 0) {
        cr_skip_test("no shared logs here");
    }
    char *body = memory_format("exec %s/tests/otplan-replay %s\n", OTPLAN_BUILD, log);
    struct place place = place_make(body, "tiny.gguf");
    struct program_result result = start(&place, NULL);
    cr_expect_eq(result.status, 3, "%s", result.errors);
    cr_expect(strstr(result.errors, "\nfailed: ") != NULL, "%s", result.errors);
    cr_expect(strstr(result.errors, "out-of-memory: CUDA0 refused") != NULL, "%s", result.errors);
    program_result_clear(&result);
    free(body);
    place_clear(&place);
}

Test(run, says_how_a_program_failed)
{
    struct place place = place_make("echo nothing; exit 7\n", "tiny.gguf");
    struct program_result result = start(&place, NULL);
    cr_expect_eq(result.status, 4);
    cr_expect(strstr(result.errors, "exit status 7") != NULL, "%s", result.errors);
    program_result_clear(&result);
    tree_program(place.folder, "llama-server", "kill -SEGV $$\n");
    result = start(&place, NULL);
    cr_expect(strstr(result.errors, "signal 11") != NULL, "%s", result.errors);
    program_result_clear(&result);
    place_clear(&place);
}

Test(run, refuses_what_llama_cpp_would_refuse_and_starts_nothing)
{
    struct place place = place_make("touch \"$0.args\"\n", "tiny.gguf");
    const char *const extra[] = {"-ot", "blk.{50-60}=CPU", NULL};
    struct program_result result = start(&place, extra);
    cr_expect_eq(result.status, 2, "%s", result.errors);
    char *path = memory_format("%s/llama-server.args", place.folder);
    cr_expect(access(path, F_OK) != 0);
    free(path);
    program_result_clear(&result);
    place_clear(&place);
}

/* ---- nobody is left behind ------------------------------------------------------------------ */

static void wait_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    nanosleep(&moment, NULL);
}

/* The process id that the script wrote, once it has. */
static pid_t written_pid(const struct place *place)
{
    long pid = 0;
    for (int i = 0; pid == 0 && i < 500; i++) {
        char *text = read_beside(place, "llama-server.pid");
        pid = strchr(text, '\n') != NULL ? strtol(text, NULL, 10) : 0;
        free(text);
        wait_a_moment();
    }
    cr_assert(pid > 0, "the program was never started");
    return (pid_t)pid;
}

static bool goes_away(pid_t pid)
{
    for (int i = 0; i < 500; i++) {
        char *path = memory_format("/proc/%ld/stat", (long)pid);
        FILE *file = fopen(path, "r");
        char state = 'Z';
        if (file != NULL) {
            cr_assert(fscanf(file, "%*d (%*[^)]) %c", &state) >= 0);
            fclose(file);
        }
        free(path);
        if (state == 'Z' || state == 'X') {
            return true;
        }
        wait_a_moment();
    }
    return false;
}

static pid_t start_alone(const struct place *place)
{
    pid_t pid = 0;
    char *program = memory_text(otplan_path());
    char *state = memory_text(place->state);
    char *const words[] = {program,       "run",         place->model, "--devices", place->rig,
                           "--llama-bin", place->folder, "-c",         "512",       NULL};
    char *const environment[] = {state, "XDG_CONFIG_HOME=/nowhere", "PATH=/usr/bin:/bin",
                                 "ASAN_OPTIONS=detect_leaks=0", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    cr_assert(posix_spawn(&pid, program, &actions, NULL, words, environment) == 0);
    posix_spawn_file_actions_destroy(&actions);
    free(program);
    free(state);
    return pid;
}

static const char patient[] = "trap 'echo bye > \"$0.bye\"; exit 0' INT TERM\n"
                              "echo $$ > \"$0.pid\"\n"
                              "while :; do sleep 0.05; done\n";

Test(run, killed_outright_leaves_no_server_behind)
{
    struct place place = place_make(patient, "tiny.gguf");
    pid_t otplan = start_alone(&place);
    pid_t server = written_pid(&place);
    int status = 0;
    kill(otplan, SIGKILL);
    waitpid(otplan, &status, 0);
    cr_expect(goes_away(server));
    place_clear(&place);
}

/* What stands between dies with otplan by itself; what it had started must go too. */
Test(run, killed_outright_leaves_nothing_behind_a_command_in_front_either)
{
    struct place place = place_make("exit 1\n", "tiny.gguf");
    tree_program(place.folder, "conda", conda);
    tree_program(place.folder, "env/llama-server",
                 "echo $$ > \"${0%/*}/../llama-server.pid\"; while :; do sleep 0.05; done\n");
    static const char settings[] = "{\"virtual_env_path\": \"conda run -n x\"}";
    char *config = test_file_write(place.folder, "settings.json", settings, sizeof settings - 1);
    char *search = memory_format("PATH=%s:/usr/bin:/bin", place.folder);
    char *program = memory_text(otplan_path());
    char *const words[] = {program,    "run",  place.model, "--devices", place.rig,
                           "--config", config, "-c",        "512",       NULL};
    char *const environment[] = {place.state, search, "ASAN_OPTIONS=detect_leaks=0", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t otplan = 0;
    cr_assert(posix_spawn(&otplan, program, &actions, NULL, words, environment) == 0);
    posix_spawn_file_actions_destroy(&actions);
    pid_t server = written_pid(&place);
    int status = 0;
    kill(otplan, SIGKILL);
    waitpid(otplan, &status, 0);
    cr_expect(goes_away(server), "the server behind the command runs on");
    free(program);
    free(search);
    free(config);
    place_clear(&place);
}

Test(run, passes_signals_on_and_waits_for_the_server_s_own_end)
{
    static const struct {
        int signal, status;
    } cases[] = {{SIGINT, 130}, {SIGTERM, 0}};
    for (size_t i = 0; i < 2; i++) {
        struct place place = place_make(patient, "tiny.gguf");
        pid_t otplan = start_alone(&place);
        pid_t server = written_pid(&place);
        int status = 0;
        kill(otplan, cases[i].signal);
        cr_assert_eq(waitpid(otplan, &status, 0), otplan);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].status, "%d: %x",
                  cases[i].signal, (unsigned)status);
        cr_expect(goes_away(server));
        char *bye = read_beside(&place, "llama-server.bye");
        cr_expect_str_eq(bye, "bye\n");
        free(bye);
        place_clear(&place);
    }
}

Test(run, ends_when_the_server_is_killed)
{
    struct place place = place_make(patient, "tiny.gguf");
    pid_t otplan = start_alone(&place);
    int status = 0;
    kill(written_pid(&place), SIGKILL);
    cr_assert_eq(waitpid(otplan, &status, 0), otplan);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 4, "%x", (unsigned)status);
    place_clear(&place);
}

/* ---- hostile names -------------------------------------------------------------------------- */

Test(run, hands_hostile_names_to_no_shell_and_no_terminal)
{
    static const char name[] = "a $(touch owned)'; touch owned; \x1b]0;t\x07.gguf";
    struct place place = place_make(
        "printf '%s\\n' \"$@\" > \"$0.args\"\n"
        "printf 'load_tensors: CUDA0\\033[31m\\302\\2332J model buffer size = 1.00 "
        "MiB\\n' >&2\n"
        "printf 'llama_model_load: error loading model: \\033]52;c;aGk=\\007 oops\\n' >&2\n",
        name);
    struct program_result result = start(&place, NULL);
    char *args = read_beside(&place, "llama-server.args");
    cr_expect(strstr(args, name) != NULL, "the file is named as it is: %s", args);
    cr_expect(strpbrk(result.errors, "\x1b\x07") == NULL, "%s", result.errors);
    cr_expect(strstr(result.errors, "\xc2\x9b") == NULL);
    cr_expect(access("owned", F_OK) != 0);
    free(args);
    program_result_clear(&result);
    const char *const formats[] = {"--format=args", "--format=script", "--format=env",
                                   "--format=ini",  "--format=lines",  "--format=llama-swap"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const char *const words[] = {"export",  place.model, "--devices",
                                     place.rig, formats[i],  NULL};
        result = otplan_run_with(NULL, words);
        cr_expect(strpbrk(result.output, "\x1b\x07") == NULL, "%s: %s", formats[i], result.output);
        cr_expect(strpbrk(result.errors, "\x1b\x07") == NULL, "%s: %s", formats[i], result.errors);
        program_result_clear(&result);
    }
    place_clear(&place);
}

Test(exports, quote_every_word_of_a_hostile_name_for_the_shell)
{
    struct place place = place_make("printf '%s\\n' \"$@\" > \"$0.args\"\n",
                                    "a $(touch owned)'; touch owned; `touch owned` \"x.gguf");
    const char *const words[] = {"export", place.model, "--devices",       place.rig,
                                 "-ot",    "blk.0=CPU", "--format=script", NULL};
    struct program_result result = otplan_run_with(NULL, words);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    char *path = memory_format("PATH=%s:/usr/bin:/bin", place.folder);
    const char *const shell[] = {"sh", "-s", NULL};
    struct program_result ran =
        program_run(shell, (const char *const[]){path, NULL}, result.output);
    char *args = read_beside(&place, "llama-server.args");
    cr_expect(strstr(args, place.model) != NULL, "%s%s%s", args, ran.errors, result.output);
    cr_expect(access("owned", F_OK) != 0);
    free(args);
    free(path);
    program_result_clear(&ran);
    program_result_clear(&result);
    place_clear(&place);
}

/* A device file's names end up behind -dev and -ot. */
Test(exports, quote_every_word_of_a_hostile_device)
{
#define DEVICE "X';touch owned;'$(touch owned)`touch owned`\""
    static const char devices[] =
        "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}, {\"name\": "
        "\"X';touch owned;'$(touch owned)`touch owned`\\\"\", \"free_mib\": 24000}], "
        "\"host\": {\"free_mib\": 64000}}";
    struct place place = place_make("printf '%s\\n' \"$@\" > \"$0.args\"\n", "tiny.gguf");
    char *rig = test_file_write(place.folder, "hostile.json", devices, sizeof devices - 1);
    const char *const words[] = {
        "export", place.model,     "--devices",       rig, "-dev", "CUDA0," DEVICE,
        "-ot",    "blk.0=" DEVICE, "--format=script", NULL};
    struct program_result result = otplan_run_with(NULL, words);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    char *path = memory_format("PATH=%s:/usr/bin:/bin", place.folder);
    const char *const shell[] = {"sh", "-s", NULL};
    struct program_result ran =
        program_run(shell, (const char *const[]){path, NULL}, result.output);
    char *args = read_beside(&place, "llama-server.args");
    cr_expect(strstr(args, "-dev\nCUDA0," DEVICE "\n") != NULL, "%s%s", args, ran.errors);
    cr_expect(strstr(args, "-ot\nblk.0=" DEVICE "\n") != NULL, "%s%s", args, result.output);
    cr_expect(access("owned", F_OK) != 0);
    free(args);
    free(path);
    free(rig);
    program_result_clear(&ran);
    program_result_clear(&result);
    place_clear(&place);
#undef DEVICE
}

Test(verify, of_a_hostile_log_sends_nothing_to_the_terminal)
{
    static const char log[] =
        "llama_model_loader: loaded meta data with 20 key-value pairs and 3 tensors from "
        "/m/\x1b]0;t\x07$(id).gguf (version GGUF V3)\n"
        "ggml_cuda_init: found 1 CUDA devices:\n"
        "  Device 0: \x1b[2J\xc2\x9b"
        "31m\xe2\x80\xae, compute capability 8.6, VMM: yes\n"
        "load_tensors:        CUDA0\x1b[31m model buffer size =     1.50 MiB\n"
        "load_tensors: CUDA1\xc2\x9b"
        "2J model buffer size =     1.50 MiB\n"
        "llama_model_load: error loading model: \x1b]52;c;aGk=\x07 unable to allocate CUDA0 "
        "buffer\n"
        "llama_model_loader: loaded meta data with 20 key-value pairs and 3 tensors from "
        "/m/\xe2\x80\xae\x1b[31m.gguf (version GGUF V3)\n";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "hostile.log", log, sizeof log - 1);
    const char *const forms[][4] = {{"verify", path, NULL}, {"verify", path, "--json", NULL}};
    for (size_t i = 0; i < 2; i++) {
        struct program_result result = otplan_run_with(NULL, forms[i]);
        cr_expect(result.output_bytes > 0, "%s", result.errors);
        cr_expect(strpbrk(result.output, "\x1b\x07") == NULL, "%s", result.output);
        cr_expect(strstr(result.output, "\xc2\x9b") == NULL, "%s", result.output);
        cr_expect(strstr(result.output, "\xe2\x80\xae") == NULL, "%s", result.output);
        cr_expect(strchr(result.output, '\x9b') == NULL, "%s", result.output);
        program_result_clear(&result);
    }
    free(path);
    test_folder_remove(folder);
}

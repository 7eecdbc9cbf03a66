/* What a model, a device file and a log call things acts on no terminal: every screen is opened on hostile names and
 * the bytes that reach the terminal are searched.
 */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/pty.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "\x1b]0;OWNED\x07"
#define CLIP  "\x1b]52;c;T1dORUQ=\x07"
#define C1                                                                                         \
    "\xc2\x9b"                                                                                     \
    "31m\x9b"                                                                                      \
    "31m"
#define BIDI                                                                                       \
    "\xe2\x80\xae"                                                                                 \
    "\xe2\x81\xa6"

static const char rig[] =
    "{\"devices\": [{\"name\": \"CUDA0\", \"description\": \"RTX \\u001b]0;OWNED\\u0007 "
    "\\u009b31m\\u202e\", \"free_mib\": 24000}, {\"name\": \"X\\u001b[5m\\u202eY\", \"free_mib\": "
    "9000}], \"host\": {\"free_mib\": 64000}}";

static const char log_text[] =
    "llama_model_loader: loaded meta data with 20 key-value pairs and 3 tensors from /m/" TITLE
    "$(id).gguf (version GGUF V3)\n"
    "ggml_cuda_init: found 1 CUDA devices:\n"
    "  Device 0: " TITLE C1 BIDI ", compute capability 8.6, VMM: yes\n"
    "load_tensors: offloaded 3/3 layers to GPU\n"
    "load_tensors:        CUDA0" TITLE " model buffer size =     1.50 MiB\n"
    "load_tensors:        CUDA1" C1 BIDI " model buffer size =     1.50 MiB\n"
    "llama_model_load: error loading model: " CLIP BIDI C1 " unable to allocate CUDA0 buffer\n";

/* The bytes of `needle` nowhere in what the program wrote. */
static void expect_never(struct pty *t, const char *needle, const char *what)
{
    size_t n = 0;
    const char *bytes = pty_output(t, &n);
    cr_expect(memmem(bytes, n, needle, strlen(needle)) == NULL, "%s reached the terminal", what);
}

static bool has_lone_c1(const unsigned char *bytes, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (bytes[i] == 0x9b && bytes[i - 1] < 0x80) {
            return true;
        }
    }
    return false;
}

Test(planner_hostile, no_screen_hands_names_to_the_terminal)
{
    static const char name[] = "m " TITLE "$(touch owned)'; touch owned; \xe2\x80\xae.gguf";
    char *folder = test_folder_make();
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    char *model_name = memmem(head.text, head.length, "tiny", 4);
    cr_assert_not_null(model_name);
    memcpy(model_name, "\x1b[5m", 4); /* general.name */
    char *model = test_file_write_head(folder, name, &head);
    char *devices = test_file_write(folder, "rig.json", rig, strlen(rig));
    char *log = test_file_write(folder, "load.log", log_text, sizeof log_text - 1);
    const char *const argv[] = {OTPLAN_PROGRAM, model, "--devices", devices, "-c", "512", NULL};
    struct pty_options options = {.rows = 30, .columns = 110, .directory = folder};
    struct pty *t = pty_start(&options, argv);
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    char *verify = memory_format(":verify %s<Enter>", log);
    pty_type(t, verify);
    cr_expect(pty_wait_for(t, "Verify: failed"), "%s", pty_screen(t));
    cr_expect(pty_wait_for(t, "CUDA1"), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    static const struct {
        const char *keys, *shows;
    } screens[] = {{"d", "Devices"},
                   {"e", "Export"},
                   {"i", "Detail"},
                   {"W", "Warnings"},
                   {"H", "History"},
                   {"S", "Snap"},
                   {"b", "Compare"},
                   {"o", "Overrides"},
                   {":open /nowhere/\xe2\x80\xae\xc2\x9b.json<Enter>", "nowhere"}};
    for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++) {
        pty_type(t, screens[i].keys);
        cr_expect(pty_wait_for(t, screens[i].shows), "%s: %s", screens[i].keys, pty_screen(t));
        if (screens[i].keys[0] != ':') {
            pty_type(t, "q");
            cr_assert(pty_wait_for(t, "NORMAL"), "%s: %s", screens[i].keys, pty_screen(t));
        }
    }
    expect_never(t, "\x1b]0;", "a title");
    expect_never(t, "\x1b]52;c;T1dO", "a clipboard");
    expect_never(t, "\x1b[5m", "a name of a model or a device");
    expect_never(t, "\xc2\x9b", "a C1 control");
    expect_never(t, "\xe2\x80\xae", "a mark that turns the direction");
    expect_never(t, "\xe2\x81\xa6", "a mark that isolates");
    size_t n = 0;
    const unsigned char *bytes = (const unsigned char *)pty_output(t, &n);
    cr_expect_not(has_lone_c1(bytes, n));
    pty_end(t);
    free(verify);
    free(log);
    free(devices);
    free(model);
    strbuf_clear(&head);
    test_folder_remove(folder);
}

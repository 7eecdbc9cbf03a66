/* Opening models from the file system, and what is said of those that cannot be opened. */
#include "model/base/memory.h"
#include "src/model_file.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static void make_folder(void)
{
    folder = test_folder_make();
}

static void remove_folder(void)
{
    test_folder_remove(folder);
}

TestSuite(model_file, .init = make_folder, .fini = remove_folder);

static void put(const char *name, const char *content, size_t size)
{
    free(test_file_write(folder, name, content, size));
}

static void put_tiny(const char *name)
{
    struct strbuf head = {0};
    gguf_make_tiny(&head, 1);
    free(test_file_write_head(folder, name, &head));
    strbuf_clear(&head);
}

static void put_parts(const char *prefix, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct strbuf head = {0};
        char name[128];
        snprintf(name, sizeof name, "%s-%05u-of-%05u.gguf", prefix, (unsigned)i + 1,
                 (unsigned)count);
        gguf_make_part(&head, i, count);
        free(test_file_write_head(folder, name, &head));
        strbuf_clear(&head);
    }
}

static void remove_file(const char *name)
{
    char *path = memory_format("%s/%s", folder, name);
    cr_assert_eq(unlink(path), 0);
    free(path);
}

/* Paths and words below leave the folder's own name out: "@" stands for it. */
static void expand(char *out, size_t size, const char *text)
{
    size_t used = 0;
    for (; *text != '\0' && used + 1 < size; text++) {
        int n = *text == '@' ? snprintf(out + used, size - used, "%s", folder)
                             : snprintf(out + used, size - used, "%c", *text);
        used += (size_t)n;
    }
}

static void refuse(const char *path, const char *words)
{
    struct model_file *file = NULL;
    struct error error = {0};
    char full[512];
    char expected[1024];
    expand(full, sizeof full, path);
    expand(expected, sizeof expected, words);
    cr_assert_not(model_file_open(full, &file, &error), "opened without complaint, not: %s", words);
    cr_assert(file == NULL);
    cr_assert_eq(error.kind, ERROR_INPUT);
    cr_assert_str_eq(error.text, expected);
}

static struct model_file *open_model(const char *path)
{
    struct model_file *file = NULL;
    struct error error = {0};
    char full[512];
    expand(full, sizeof full, path);
    cr_assert(model_file_open(full, &file, &error), "%s", error.text);
    return file;
}

static void assert_first(const char *path, const char *first, size_t n_parts)
{
    char expected[512];
    struct model_file *file = open_model(path);
    expand(expected, sizeof expected, first);
    cr_assert_str_eq(file->first_path, expected);
    cr_assert_eq(file->n_parts, n_parts);
    model_file_close(&file);
    cr_assert(file == NULL);
}

Test(model_file, one_file)
{
    put_tiny("tiny.gguf");
    struct model_file *file = open_model("@/tiny.gguf");
    cr_assert_eq(file->gguf->n_tensors, 12);
    cr_assert_eq(file->n_parts, 1);
    cr_assert_gt(file->file_bytes, 0);
    model_file_close(&file);
}

Test(model_file, any_part_opens_the_whole_and_names_the_first)
{
    put_parts("big", 3);
    assert_first("@/big-00001-of-00003.gguf", "@/big-00001-of-00003.gguf", 3);
    assert_first("@/big-00002-of-00003.gguf", "@/big-00001-of-00003.gguf", 3);
    assert_first("@/big-00003-of-00003.gguf", "@/big-00001-of-00003.gguf", 3);
}

Test(model_file, a_name_like_a_part_does_not_make_one)
{
    put_tiny("solo-00001-of-00002.gguf");
    assert_first("@/solo-00001-of-00002.gguf", "@/solo-00001-of-00002.gguf", 1);
}

Test(model_file, missing_parts_are_listed)
{
    put_parts("big", 6);
    remove_file("big-00002-of-00006.gguf");
    refuse("@/big-00001-of-00006.gguf",
           "@/big-00001-of-00006.gguf: part 2 of 6 is missing beside it");
    remove_file("big-00004-of-00006.gguf");
    remove_file("big-00005-of-00006.gguf");
    remove_file("big-00006-of-00006.gguf");
    refuse("@/big-00003-of-00006.gguf",
           "@/big-00003-of-00006.gguf: parts 2, 4-6 of 6 are missing beside it");
}

Test(model_file, a_renamed_part_is_said_to_be_one)
{
    put_parts("big", 2);
    char from[512];
    char to[512];
    expand(from, sizeof from, "@/big-00002-of-00002.gguf");
    expand(to, sizeof to, "@/second.gguf");
    cr_assert_eq(rename(from, to), 0);
    refuse("@/second.gguf",
           "@/second.gguf: part 2 of 2 by its contents, but its name does not end in "
           "-00002-of-00002.gguf, so the other parts cannot be found");
    expand(to, sizeof to, "@/big-00001-of-00002.gguf");
    expand(from, sizeof from, "@/big-00002-of-00002.gguf");
    cr_assert_eq(rename(to, from), 0);
    refuse("@/big-00002-of-00002.gguf",
           "@/big-00002-of-00002.gguf: part 1 of 2 by its contents, but its name does not end in "
           "-00001-of-00002.gguf, so the other parts cannot be found");
}

Test(model_file, a_damaged_part_is_named)
{
    put_parts("big", 2);
    put("big-00002-of-00002.gguf", "GGUF\3\0\0\0", 8);
    refuse(
        "@/big-00001-of-00002.gguf",
        "@/big-00002-of-00002.gguf: cut off inside the head: the file ends at byte 8, inside the "
        "preamble that begins at byte 8 (fetch more of it, or all of it again)");
    put("big-00002-of-00002.gguf", "", 0);
    refuse("@/big-00001-of-00002.gguf",
           "@/big-00002-of-00002.gguf: an empty file, perhaps a download that has not begun");
}

Test(model_file, what_is_no_readable_file)
{
    char path[512];
    refuse("@/none.gguf", "@/none.gguf: no such file");
    expand(path, sizeof path, "@/pipe.gguf");
    cr_assert_eq(mkfifo(path, 0600), 0);
    refuse("@/pipe.gguf", "@/pipe.gguf: not a regular file");
    expand(path, sizeof path, "@/link.gguf");
    cr_assert_eq(symlink("gone.gguf", path), 0);
    refuse("@/link.gguf", "@/link.gguf: a link to a file that is not there");
    put_tiny("file.gguf");
    refuse("@/file.gguf/x", "@/file.gguf/x: Not a directory");
    if (geteuid() != 0) {
        expand(path, sizeof path, "@/file.gguf");
        cr_assert_eq(chmod(path, 0), 0);
        refuse("@/file.gguf", "@/file.gguf: cannot be read: Permission denied");
    }
}

Test(model_file, unfinished_downloads)
{
    put("empty.gguf", "", 0);
    refuse("@/empty.gguf", "@/empty.gguf: an empty file, perhaps a download that has not begun");
    put_tiny("a.gguf.part");
    refuse("@/a.gguf.part", "@/a.gguf.part: an unfinished download, by its name");
    refuse("@/a.gguf", "@/a.gguf: not there yet, @/a.gguf.part is an unfinished download");
    put_tiny("b.gguf.crdownload");
    refuse("@/b.gguf.crdownload", "@/b.gguf.crdownload: an unfinished download, by its name");
    put_tiny("c.gguf.downloadInProgress");
    refuse("@/c.gguf.downloadInProgress",
           "@/c.gguf.downloadInProgress: an unfinished download, by its name");
    put_tiny("0a1b2c.incomplete");
    refuse("@/0a1b2c.incomplete", "@/0a1b2c.incomplete: an unfinished download, by its name");
    put_tiny("d.gguf");
    put("d.gguf.aria2", "x", 1);
    refuse("@/d.gguf", "@/d.gguf: an unfinished download (@/d.gguf.aria2 is next to it)");
    put("zeros.gguf", "\0\0\0\0\0\0\0\0", 8);
    refuse("@/zeros.gguf",
           "@/zeros.gguf: not a GGUF file (it begins with zeros, as downloads do that "
           "are unfinished)");
}

Test(model_file, a_folder_opens_the_one_model_in_it)
{
    refuse("@", "@: no GGUF file in this folder");
    put("notes.txt", "x", 1);
    put_tiny("later.gguf.part");
    refuse("@", "@: only unfinished downloads in this folder: later.gguf.part");
    put_parts("big", 3);
    assert_first("@", "@/big-00001-of-00003.gguf", 3);
    assert_first("@/", "@/big-00001-of-00003.gguf", 3);
    put_tiny("tiny.gguf");
    refuse("@", "@: 2 models in this folder, name one of them: big-00001-of-00003.gguf (3 parts), "
                "tiny.gguf");
}

Test(model_file, a_folder_without_models_is_searched_below)
{
    char path[512];
    expand(path, sizeof path, "@/UD-IQ1_S");
    cr_assert_eq(mkdir(path, 0700), 0);
    put_parts("UD-IQ1_S/big", 2);
    assert_first("@", "@/UD-IQ1_S/big-00001-of-00002.gguf", 2);
    expand(path, sizeof path, "@/Q4_K_M");
    cr_assert_eq(mkdir(path, 0700), 0);
    put_tiny("Q4_K_M/tiny.gguf");
    refuse("@", "@: 2 models in this folder, name one of them: Q4_K_M/tiny.gguf, "
                "UD-IQ1_S/big-00001-of-00002.gguf (2 parts)");
}

Test(model_file, a_folder_passes_over_projectors_and_adapters)
{
    static const char *const NAMES[GGUF_KIND_COUNT] = {"vision.gguf", "adapter.gguf",
                                                       "importance.gguf", NULL, "mood.gguf"};
    for (enum gguf_kind kind = 0; kind < GGUF_KIND_COUNT; kind++) {
        struct strbuf head = {0};
        if (NAMES[kind] != NULL) {
            gguf_make_kind(&head, kind);
            free(test_file_write_head(folder, NAMES[kind], &head));
            strbuf_clear(&head);
        }
    }
    put("mmproj-F16.gguf", "GGUF", 4);
    put_tiny("tiny.gguf");
    assert_first("@", "@/tiny.gguf", 1);
}

Test(model_file, a_folder_with_many_models_lists_what_fits_a_line)
{
    struct error error = {0};
    struct model_file *file = NULL;
    for (int i = 0; i < 60; i++) {
        char name[64];
        snprintf(name, sizeof name, "a-model-with-a-long-name-%02d.gguf", i);
        put_tiny(name);
    }
    cr_assert_not(model_file_open(folder, &file, &error));
    cr_assert(strstr(error.text, ": 60 models in this folder, name one of them: a-model") != NULL);
    cr_assert_str_eq(error.text + strlen(error.text) - 5, " more", "%s", error.text);
}

Test(model_file, the_hash_is_that_of_the_heads)
{
    put_tiny("tiny.gguf");
    struct model_file *file = open_model("@/tiny.gguf");
    uint64_t hash = model_file_head_hash(file);
    uint64_t head_bytes = file->gguf->extents[0].data_start;
    model_file_close(&file);
    char path[512];
    expand(path, sizeof path, "@/tiny.gguf");
    cr_assert_eq(truncate(path, (off_t)head_bytes + 5000), 0);
    file = open_model("@/tiny.gguf");
    cr_assert_eq(model_file_head_hash(file), hash, "weights do not count");
    model_file_close(&file);
    put_parts("big", 2);
    file = open_model("@/big-00002-of-00002.gguf");
    cr_assert_neq(model_file_head_hash(file), hash);
    model_file_close(&file);
}

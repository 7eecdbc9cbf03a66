/* Tab where a file may be named: the names that begin as what is typed. */
#include "src/planner_commands.h"

#include "model/base/memory.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

/* Which word of a command is a file. */
static size_t first_file_word(const char *command)
{
    static const struct {
        const char *name;
        size_t word;
    } commands[] = {{"open", 1},    {"import", 1}, {"read", 1},       {"compare", 1}, {"write", 1},
                    {"write!", 1},  {"w", 1},      {"write-quit", 1}, {"verify", 1},  {"report", 1},
                    {"report!", 1}, {"export", 2}, {"export!", 2}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        size_t n = strlen(commands[i].name);
        if (strncmp(command, commands[i].name, n) == 0 && command[n] == ' ') {
            return commands[i].word;
        }
    }
    return SIZE_MAX;
}

/* Does the prompt stand at a file's name? A value's command stands in its prefix. */
static bool wants_file(const struct prompt *prompt)
{
    char *before = memory_text_n(prompt->text, prompt_word(prompt));
    char *line = memory_format("%s%s", prompt->kind == PROMPT_VALUE ? prompt->prefix : "", before);
    struct words words;
    bool wants = words_split(&words, line, NULL) && words.n > 0 && words.n >= first_file_word(line);
    words_clear(&words);
    free(line);
    free(before);
    return wants && prompt->kind != PROMPT_FILTER;
}

/* New: what glob takes for "begins with this". */
static char *beginning(const char *text, size_t n)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < n; i++) {
        if (strchr("*?[]\\", text[i]) != NULL) {
            strbuf_add_char(&out, '\\');
        }
        strbuf_add_char(&out, text[i]);
    }
    strbuf_add_char(&out, '*');
    return strbuf_take(&out);
}

/* New: as far as all names agree. */
static char *common_part(const glob_t *found)
{
    size_t n = strlen(found->gl_pathv[0]);
    for (size_t i = 1; i < found->gl_pathc; i++) {
        size_t same = 0;
        while (same < n && found->gl_pathv[i][same] == found->gl_pathv[0][same]) {
            same++;
        }
        n = same;
    }
    return memory_text_n(found->gl_pathv[0], n);
}

void planner_offered_forget(struct planner *planner)
{
    for (size_t i = 0; i < planner->n_offered; i++) {
        free((char *)planner->offered[i].name);
    }
    planner->n_offered = 0;
}

static void offer(struct planner *planner, const glob_t *found)
{
    planner_offered_forget(planner);
    for (size_t i = 0; i < found->gl_pathc && i < OFFERED_MOST && found->gl_pathc > 1; i++) {
        planner->offered[planner->n_offered++] =
            (struct scene_item){memory_text(found->gl_pathv[i]), ""};
    }
}

bool planner_run_complete_file(struct planner *planner, const struct words *words,
                               struct error *error)
{
    struct prompt *prompt = &planner->ui.prompt;
    (void)words;
    (void)error;
    if (!prompt->is_open || !wants_file(prompt)) {
        return true;
    }
    size_t start = prompt_word(prompt);
    char *pattern = beginning(prompt->text + start, prompt->cursor - start);
    glob_t found = {0};
    if (glob(pattern, GLOB_MARK, NULL, &found) == 0 && found.gl_pathc > 0) {
        char *part = common_part(&found);
        prompt_replace_word(prompt, part);
        offer(planner, &found);
        free(part);
    }
    globfree(&found);
    free(pattern);
    return true;
}

#include "tests/support/std_regex.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = OTPLAN_BUILD "/tests/std_regex_check";

void std_regex_needed(void)
{
    if (access(program, X_OK) != 0) {
        cr_skip_test("no C++ compiler was found: std::regex cannot be asked");
    }
}

static void run_with(FILE *input, FILE *output)
{
    fflush(NULL);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        dup2(fileno(input), STDIN_FILENO);
        dup2(fileno(output), STDOUT_FILENO);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "std_regex_check failed");
}

void std_regex_ask(const struct strbuf *questions, struct strbuf *answers)
{
    FILE *input = tmpfile();
    FILE *output = tmpfile();
    char buffer[4096];
    size_t n = 0;
    cr_assert(input != NULL && output != NULL);
    fwrite(strbuf_text(questions), 1, questions->length, input);
    rewind(input);
    run_with(input, output);
    rewind(output);
    while ((n = fread(buffer, 1, sizeof buffer, output)) > 0) {
        strbuf_add_n(answers, buffer, n);
    }
    fclose(input);
    fclose(output);
}

char *std_regex_next(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    cr_assert_not_null(end, "std_regex_check answered too little");
    *end = '\0';
    *at = end + 1;
    return line;
}

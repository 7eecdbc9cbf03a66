#include "model/override/pattern.h"

#include "model/base/memory.h"
#include "model/override/ecmascript.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Compiled to machine code only after this many runs: many patterns see a handful of names. */
enum { RUNS_BEFORE_JIT = 32 };

/* Backtracking steps for one name; tensor names need some hundred. */
#define MATCH_LIMIT "(*LIMIT_MATCH=200000)"

/* What changes while a pattern is used. */
struct engine {
    pcre2_code *code;
    pcre2_code *first; /* NULL: `code` serves every attempt; see ecmascript.h */
    pcre2_match_data *match_data;
    pcre2_match_context *callouts; /* with `first` */
    unsigned runs;
    bool gave_up;
};

struct pattern {
    struct ecmascript program;
    struct engine *engine; /* NULL: plain text, nothing to run */
};

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* 0 goes on, 1 backtracks. */
static int place_callout(pcre2_callout_block *block, void *data)
{
    const struct ecmascript *program = data;
    const struct ecmascript_callout *callout = &program->callouts[block->callout_number - 1];
    size_t begin = block->offset_vector[(size_t)callout->group * 2];
    size_t at = block->current_position;
    if (callout->kind == CALLOUT_BEGIN) {
        return at != begin;
    }
    bool left = at != begin && is_word(block->subject[at - 1]);
    bool right = at < block->subject_length && is_word(block->subject[at]);
    return (left != right) != (callout->kind == CALLOUT_BOUNDARY);
}

static pcre2_code *compile_part(const char *part, uint32_t options, struct error *error)
{
    int code = 0;
    size_t offset = 0;
    char *text = memory_format("%s%s", MATCH_LIMIT, part);
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
    free(text);
    if (compiled == NULL) {
        PCRE2_UCHAR message[256] = "";
        pcre2_get_error_message(code, message, sizeof message);
        error_set(error, ERROR_INPUT, "otplan cannot follow it (%s)", (const char *)message);
    }
    return compiled;
}

static bool compile_first(struct engine *engine, struct ecmascript *program, struct error *error)
{
    engine->first = compile_part(strbuf_text(&program->first), PCRE2_ANCHORED, error);
    engine->callouts = pcre2_match_context_create(NULL);
    if (engine->first != NULL && engine->callouts != NULL) {
        pcre2_set_callout(engine->callouts, place_callout, program);
    }
    return engine->first != NULL && engine->callouts != NULL;
}

static bool compile_engine(struct pattern *pattern, struct error *error)
{
    struct ecmascript *program = &pattern->program;
    struct engine *engine = pattern->engine = memory_new(sizeof *engine);
    engine->code = compile_part(strbuf_text(&program->pcre), 0, error);
    if (engine->code == NULL) {
        return false;
    }
    engine->match_data = pcre2_match_data_create(1, NULL);
    if (engine->match_data == NULL) {
        return error_set(error, ERROR_SYSTEM, "no memory for a pattern");
    }
    bool ok = program->first.length == 0 || compile_first(engine, program, error);
    strbuf_clear(&program->pcre);
    strbuf_clear(&program->first);
    return ok;
}

bool pattern_compile(const char *text, struct pattern **out, struct error *error)
{
    struct pattern *pattern = memory_new(sizeof *pattern);
    *out = NULL;
    if (!ecmascript_translate(text, &pattern->program, error) ||
        (!pattern->program.is_literal && !compile_engine(pattern, error))) {
        pattern_free(&pattern);
        return false;
    }
    *out = pattern;
    return true;
}

void pattern_free(struct pattern **pattern)
{
    struct pattern *old = *pattern;
    *pattern = NULL;
    if (old == NULL) {
        return;
    }
    if (old->engine != NULL) {
        pcre2_code_free(old->engine->code);
        pcre2_code_free(old->engine->first);
        pcre2_match_data_free(old->engine->match_data);
        pcre2_match_context_free(old->engine->callouts);
        free(old->engine);
    }
    ecmascript_clear(&old->program);
    free(old);
}

static bool literal_found(const struct ecmascript *program, const char *subject, size_t length)
{
    const char *text = strbuf_text(&program->required);
    size_t needed = program->required.length;
    if (needed > length) {
        return false;
    }
    if (program->at_begin) {
        return memcmp(subject, text, needed) == 0 && (!program->at_end || needed == length);
    }
    if (program->at_end) {
        return memcmp(subject + length - needed, text, needed) == 0;
    }
    return strstr(subject, text) != NULL;
}

static int run(struct engine *engine, pcre2_code *code, const char *subject, size_t length,
               size_t from)
{
    PCRE2_SPTR text = (PCRE2_SPTR)subject;
    int found = pcre2_match(code, text, length, from, 0, engine->match_data, engine->callouts);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(code, text, length, from, PCRE2_NO_JIT, engine->match_data,
                            engine->callouts);
    }
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
        engine->gave_up = true;
    }
    return found;
}

static void speed_up(struct engine *engine)
{
    if (++engine->runs != RUNS_BEFORE_JIT) {
        return;
    }
    /* Where there is no JIT, or no executable memory, PCRE2 goes on interpreting. */
    pcre2_jit_compile(engine->code, PCRE2_JIT_COMPLETE);
    if (engine->first != NULL) {
        pcre2_jit_compile(engine->first, PCRE2_JIT_COMPLETE);
    }
}

static bool engine_found(struct engine *engine, const char *subject, size_t length)
{
    if (engine->gave_up) {
        return false;
    }
    speed_up(engine);
    if (engine->first == NULL) {
        return run(engine, engine->code, subject, length, 0) >= 0;
    }
    return run(engine, engine->first, subject, length, 0) >= 0 ||
           (length > 0 && !engine->gave_up && run(engine, engine->code, subject, length, 1) >= 0);
}

bool pattern_found(const struct pattern *pattern, const char *subject)
{
    size_t length = strlen(subject);
    if (length > ECMASCRIPT_MAX_SUBJECT) {
        return false;
    }
    if (pattern->engine == NULL) {
        return literal_found(&pattern->program, subject, length);
    }
    return (pattern->program.required.length == 0 ||
            strstr(subject, strbuf_text(&pattern->program.required)) != NULL) &&
           engine_found(pattern->engine, subject, length);
}

bool pattern_gave_up(const struct pattern *pattern)
{
    return pattern->engine != NULL && pattern->engine->gave_up;
}

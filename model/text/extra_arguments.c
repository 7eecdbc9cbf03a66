#include "model/text/extra_arguments.h"

#include "model/base/memory.h"

static void make_own(struct extra_arguments **extra)
{
    struct extra_arguments *shared = *extra;
    if (shared != NULL && shared->references == 1) {
        return;
    }
    struct extra_arguments *own = memory_new(sizeof *own);
    own->references = 1;
    *extra = own;
    if (shared != NULL) {
        extra_arguments_add(extra, (const char *const *)shared->text, shared->n);
        shared->references--;
    }
}

void extra_arguments_add(struct extra_arguments **extra, const char *const *words, size_t n)
{
    make_own(extra);
    struct extra_arguments *own = *extra;
    own->text = memory_resize(own->text, own->n + n, sizeof *own->text);
    for (size_t i = 0; i < n; i++) {
        own->text[own->n++] = memory_text(words[i]);
    }
}

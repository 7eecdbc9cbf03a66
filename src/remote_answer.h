/* One answer, held against what was asked: what of its body is taken, and what follows from it. */
#ifndef OTPLAN_SRC_REMOTE_ANSWER_H
#define OTPLAN_SRC_REMOTE_ANSWER_H

#include "src/remote_reply.h"
#include "src/remote_transfer.h"

struct remote_answer {
    struct remote_reply reply;
    uint64_t first, end; /* the bytes asked for, end excluded; both 0 without a range */
    uint64_t taken;      /* of the body, into the file */
    uint64_t dropped;    /* of the body of an answer that says no */
    bool checked;        /* the header was looked at */
};

enum remote_verdict {
    REMOTE_COMPLETE,
    REMOTE_REDIRECTED,
    REMOTE_AGAIN,    /* worth another try */
    REMOTE_HOPELESS, /* no answer, and another try would end the same: unknown host, bad certificate */
    REMOTE_FAILED, /* file->error says why */
};

/* What to ask for, as libcurl's range; false: no range. Remembers it in `answer`. */
bool remote_answer_range(struct remote_answer *answer, const struct remote_file *file, char *out,
                         size_t size);

/* Takes a piece of the body. False: stop the transfer. */
bool remote_answer_take(struct remote_answer *answer, struct remote_file *file,
                        const uint8_t *bytes, size_t n);

/* When the transfer has ended, with libcurl's result. */
enum remote_verdict remote_answer_judge(struct remote_answer *answer, struct remote_file *file,
                                        int result);

/* Sets the file's error where no further try is made. */
void remote_answer_explain(const struct remote_answer *answer, struct remote_file *file, int result,
                           const char *curl_words, unsigned tries);

#endif

/* Why a llama.cpp does not use the cards: what its programs, its libraries and the machine say, and the cause
 * that explains it with the repair.
 */
#ifndef OTPLAN_SRC_DOCTOR_H
#define OTPLAN_SRC_DOCTOR_H

#include "model/base/strbuf.h"
#include "model/log/log_read.h"
#include "model/plan/device.h"
#include "src/build_library.h"
#include "src/llama_devices.h"

struct doctor_finding {
    const char *code;
    bool trouble;  /* false: worth knowing */
    char *message; /* owned, one line */
    char *repair;  /* owned, one line; "" where there is none */
};

struct doctor_env {     /* a Python environment */
    const char *folder; /* borrowed: as given */
    char *libraries_in; /* owned or NULL: …/llama_cpp/lib; NULL: llama-cpp-python is not in it */
    struct build_library *libraries;
    size_t n_libraries;
};

struct doctor {
    char *program;  /* owned or NULL: llama-server */
    char *version;  /* owned or NULL: "9123 (de3ff815)" */
    char *features; /* owned or NULL: the system_info line */
    char *archs;    /* owned or NULL: "750,860,890" */
    struct llama_devices devices;
    struct log log;   /* all that was printed, as a log */
    bool unmasked;    /* without the visible-device variables it lists devices */
    char *mask;       /* owned or NULL: "CUDA_VISIBLE_DEVICES=" of this environment */
    char *backend;    /* owned or NULL: the backend for devices that the build has */
    struct rig found; /* the machine's cards, hidden ones too */
    struct doctor_env *envs;
    size_t n_envs;
    struct doctor_finding *findings;
    size_t n_findings;
};

/* Asks the program (three short runs, nothing is loaded) and looks beside it. */
void doctor_ask(struct doctor *doctor);
void doctor_open_env(struct doctor *doctor, const char *folder);

/* Adds the findings; `plan_names`: device names that a plan uses, or NULL. */
void doctor_judge(struct doctor *doctor, const char *const *plan_names, size_t n_names);
bool doctor_in_trouble(const struct doctor *doctor);
void doctor_clear(struct doctor *doctor);

/* doctor_judge.c */
void doctor_find(struct doctor *doctor, bool trouble, const char *code, const char *repair,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif

/* The reference models of ../shared, opened as the program opens a model. */
#ifndef OTPLAN_TESTS_ORACLE_H
#define OTPLAN_TESTS_ORACLE_H

#include "model/plan/evaluation.h"
#include "src/model_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool oracle_present(void); /* is ../shared there? Tests skip in words where it is not */

/* Paths of all GGUF files in a folder of ../shared/oracle ("models"), sorted: new, NULL-terminated. */
char **oracle_models(const char *folder);
void oracle_models_free(char ***paths);

struct open_model {
    struct model_file *file;
    struct model *model;
};

/* Fails the test where the file cannot be opened. */
void open_model(const char *path, struct open_model *out);
void close_model(struct open_model *open);

/* CUDA0, CUDA1, ... without kernels, as the oracle's stand-ins are; host with 512 GiB. */
void stand_in_rig(const uint32_t *free_mib, size_t n, struct rig *out);

#endif

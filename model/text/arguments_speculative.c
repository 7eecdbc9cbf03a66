#include "model/text/argument_reading.h"

static void set_speculative_types(struct settings *settings, uint32_t types)
{
    settings->speculative.types = types;
    settings->load_mtp = (types & SPECULATIVE_DRAFT_MTP) != 0;
}

bool read_speculative_type(struct reading *reading, struct error *error)
{
    uint32_t types = 0;
    if (!speculative_types_read(reading->value, &types)) {
        return reading_refuse(
            reading,
            "llama.cpp takes none, draft-simple, draft-eagle3, draft-mtp, draft-dflash, "
            "draft-dspark, ngram-simple, ngram-map-k, ngram-map-k4v, ngram-mod, ngram-cache",
            error);
    }
    set_speculative_types(&reading->plan->settings, types);
    reading_hand_through(reading);
    return true;
}

bool read_speculative_default(struct reading *reading, struct error *error)
{
    (void)error;
    set_speculative_types(&reading->plan->settings, SPECULATIVE_NGRAM_MOD);
    reading_hand_through(reading);
    return true;
}

bool read_draft_length(struct reading *reading, struct error *error)
{
    struct speculative *speculative = &reading->plan->settings.speculative;
    int64_t *const lengths[] = {
        [FLAG_ID_DRAFT_N_MAX] = &speculative->draft_n_max,
        [FLAG_ID_NGRAM_MOD] = &speculative->ngram_mod,
        [FLAG_ID_NGRAM_SIMPLE] = &speculative->ngram_simple,
        [FLAG_ID_NGRAM_MAP_K] = &speculative->ngram_map_k,
        [FLAG_ID_NGRAM_MAP_K4V] = &speculative->ngram_map_k4v,
    };
    bool read = reading_number(reading, INT32_MIN, lengths[reading->flag->id], error);
    reading_hand_through(reading);
    return read;
}

/* The draft twin of a flag, by its first spelling. */
static const char *const twins[][2] = {
    {"-ngld", "-ngl"}, {"-devd", "-dev"},   {"-ctkd", "-ctk"},     {"-ctvd", "-ctv"},
    {"-otd", "-ot"},   {"-cmoed", "-cmoe"}, {"-ncmoed", "-ncmoe"},
};

bool read_draft_twin(struct reading *reading, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        if (flag_find(twins[i][0], NULL) == reading->flag) {
            word_list_add(&reading->facts->draft, twins[i][1]);
        }
    }
    if (reading->value != NULL) {
        word_list_add(&reading->facts->draft, reading->value);
    }
    reading_hand_through(reading);
    return true;
}

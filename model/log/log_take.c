#include "model/log/log_take.h"

#include <string.h>

static struct log_text text_until(struct log_text text, const char *stop)
{
    const char *end = memmem(text.text, text.length, stop, strlen(stop));

    return end ? (struct log_text){text.text, (size_t)(end - text.text)} : text;
}

static struct log_text without_comma(struct log_text text)
{
    if (log_text_ends(text, ","))
        text.length--;
    return text;
}

/* ---- the program and its devices ---- */

/* The more special program wins: ollama and KoboldCpp carry llama.cpp's lines too. */
void take_engine(struct log_reader *reader, const struct log_captures *c, int engine)
{
    (void)c;
    if (engine > (int)reader->log->engine)
        reader->log->engine = (enum log_engine)engine;
}

void take_command(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    if (!reader->log->command)
        log_text_set(&reader->log->command, log_text_trim(c->at[c->n - 1].text));
}

void take_process(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    log_load_at(reader, STAGE_PROCESS);
}

void take_build(struct log_reader *reader, const struct log_captures *c, int what)
{
    take_process(reader, c, what);
    if (!reader->log->build)
        log_text_set(&reader->log->build, log_text_trim(c->at[0].text));
}

void take_verbosity(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    reader->log->verbosity = c->at[0].whole < 100 ? (int)c->at[0].whole : 100;
}

void take_cuda_init(struct log_reader *reader, const struct log_captures *c, int what)
{
    take_process(reader, c, what);
    reader->rocm = log_text_is(c->at[1].text, "ROCm");
}

static struct log_device *device_numbered(struct log_reader *reader, const char *prefix,
                                          uint64_t number)
{
    char name[64];
    struct log_text slice = {name, 0};

    for (; prefix[slice.length]; slice.length++)
        name[slice.length] = prefix[slice.length];
    char digits[24];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n)
        name[slice.length++] = digits[--n];
    return log_load_device(log_load_now(reader), slice);
}

void take_cuda_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_device *device =
        device_numbered(reader, reader->rocm ? "ROCm" : "CUDA", c->at[0].whole);
    struct log_text capability = text_until(c->at[2].text, ", VMM");
    struct log_captures vram;
    uint64_t ignored;

    (void)what;
    log_text_set(&device->description, c->at[1].text);
    log_text_set(&device->capability, text_until(capability, ", VRAM"));
    if (log_scan(reader->line, "VRAM: %u MiB", &vram))
        device->total = log_figure_bytes(&vram.at[0], 20, &ignored);
}

void take_vulkan_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    log_text_set(&device_numbered(reader, "Vulkan", c->at[0].whole)->description,
                 log_text_trim(text_until(c->at[1].text, " (")));
}

/* "| 0| [level_zero:gpu:0]| Intel Arc A770 Graphics| 12.55| 512| 1024| 32| 16225M| 1.6|" */
void take_sycl_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_device *device = device_numbered(reader, "SYCL", c->at[0].whole);
    struct log_captures memory;
    uint64_t ignored;

    (void)what;
    log_text_set(&device->description, log_text_trim(c->at[3].text));
    if (log_scan(reader->line, "%uM|", &memory))
        device->total = log_figure_bytes(&memory.at[0], 20, &ignored);
}

/* A device that a line only mentions. */
void take_named_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_text name = c->at[0].text;
    char text[64];

    (void)what;
    if (!name.length || name.length >= sizeof text)
        return;
    memcpy(text, name.text, name.length);
    text[name.length] = '\0';
    if (!log_buffer_on_host(text))
        log_load_device(log_load_now(reader), name);
}

/* "using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 23684 MiB free" */
void take_used_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_at(reader, STAGE_META);
    struct log_device *device = log_load_device(load, c->at[0].text);
    struct log_captures free_memory;
    uint64_t ignored;

    (void)what;
    device->in_use = true;
    struct log_text description = text_until(text_until(c->at[1].text, " - "), ") (");
    if (log_text_ends(description, ")"))
        description.length--;
    log_text_set(&device->description, description);
    if (log_scan(reader->line, "- %u MiB free", &free_memory))
        device->free = log_figure_bytes(&free_memory.at[0], 20, &ignored);
}

/* "  - CUDA0   : NAME (8000 MiB, 8000 MiB free)", and alone on a line of --list-devices:
 * "  CUDA0: NAME (...)" */
void take_listed_device(struct log_reader *reader, const struct log_captures *c, int alone)
{
    struct log_text name = c->at[0].text, description = log_text_trim(c->at[1].text);
    bool colon = log_text_ends(name, ":");
    uint64_t ignored;

    if (alone && (!colon || name.text != reader->line.text + 2))
        return;
    if (colon)
        name.length--;
    else if (description.length && description.text[0] == ':')
        description =
            log_text_trim((struct log_text){description.text + 1, description.length - 1});
    if (!name.length || log_text_is(name, "CPU") || log_text_is(name, "-"))
        return;
    struct log_device *device = log_load_device(log_load_now(reader), name);
    log_text_set(&device->description, description);
    device->total = log_figure_bytes(&c->at[2], 20, &ignored);
    device->free = log_figure_bytes(&c->at[3], 20, &ignored);
}

/* KoboldCpp: "Handling Override Tensors for backends: CUDA0 CUDA1 CPU" */
void take_backend_names(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_text rest = log_text_trim(c->at[0].text);

    (void)what;
    while (rest.length) {
        struct log_text name = text_until(rest, " ");
        if (!log_text_is(name, "CPU"))
            log_load_device(log_load_now(reader), name);
        rest = log_text_trim((struct log_text){rest.text + name.length, rest.length - name.length});
    }
}

void take_features(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);

    (void)what;
    log_text_set(&load->features, log_text_trim(c->at[0].text));
}

/* ---- the model ---- */

void take_model(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_at(reader, STAGE_META);

    (void)what;
    load->n_tensors = c->at[1].whole;
    log_text_set(&load->model, c->at[2].text);
}

static bool metadata_line(struct log_text function)
{
    return log_text_is(function, "print_info:") || log_text_is(function, "llm_load_print_meta:");
}

void take_arch(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    if (metadata_line(c->at[0].text))
        log_text_set(&log_load_at(reader, STAGE_META)->arch, c->at[1].text);
}

void take_n_layer(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    if (metadata_line(c->at[0].text))
        log_load_at(reader, STAGE_META)->n_layer = c->at[1].whole;
}

void take_no_alloc(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    log_load_at(reader, STAGE_META)->no_alloc = c->at[0].whole == 1;
}

void take_stage(struct log_reader *reader, const struct log_captures *c, int stage)
{
    (void)c;
    log_load_at(reader, (enum log_stage)stage);
}

void take_draft(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    reader->draft_announced = true;
}

void take_offloaded(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_at(reader, STAGE_TENSORS);

    (void)what;
    if (load->has_offloaded && !load->offload_announced)
        load = log_load_begin(reader, true);
    load->stage = STAGE_TENSORS;
    load->has_offloaded = true;
    load->offload_announced = false;
    load->offloaded = c->at[0].whole;
    load->offloadable = c->at[1].whole;
}

/* ollama's scheduler, before its runner starts: "layers.model=33 layers.offload=20" */
void take_ollama_layers(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_at(reader, STAGE_META);

    (void)what;
    load->has_offloaded = true;
    load->offload_announced = true;
    load->offloaded = c->at[1].whole;
    load->offloadable = c->at[0].whole;
}

void take_override(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    log_load_add_override(log_load_at(reader, STAGE_TENSORS), c->at[0].text, c->at[c->n - 1].text);
}

void take_layer(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    log_load_add_layer(log_load_at(reader, STAGE_TENSORS), c->at[0].whole,
                       without_comma(c->at[1].text));
}

/* `otplan calibrate`: results as llama-bench and servers print them, and what becomes of them. The speeds are made
 * from the model itself with known efficiencies, so that these must be found again. */
#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double CARD = 0.6;
static const double HOST = 0.4;

/* A folder with device files: one without efficiencies, one with those to be found. */
struct place {
    char *folder;
    char *variable; /* XDG_CONFIG_HOME=folder */
    char *devices, *truth;
};

static char *device_file(const char *folder, const char *name, const char *card, const char *host)
{
    char *text = memory_format(
        "{\"devices\": [{\"name\": \"CUDA0\", \"description\": \"NVIDIA GeForce RTX 3090\", "
        "\"free_mib\": 24000%s}, {\"name\": \"CUDA1\", \"description\": \"NVIDIA GeForce RTX "
        "3090\", \"free_mib\": 24000%s}], \"host\": {\"free_mib\": 640000, \"bandwidth_gb_s\": "
        "80%s}}",
        card, card, host);
    char *path = test_file_write(folder, name, text, strlen(text));
    free(text);
    return path;
}

static void place_make(struct place *place)
{
    place->folder = test_folder_make();
    place->variable = memory_format("XDG_CONFIG_HOME=%s", place->folder);
    place->devices = device_file(place->folder, "devices.json", "", "");
    place->truth =
        device_file(place->folder, "truth.json", ", \"efficiency\": 0.6", ", \"efficiency\": 0.4");
}

static void place_clear(struct place *place)
{
    free(place->variable);
    free(place->devices);
    free(place->truth);
    test_folder_remove(place->folder);
}

static struct program_result run(const struct place *place, const char *const *arguments)
{
    const char *environment[] = {place->variable, NULL};
    return otplan_run_with(environment, arguments);
}
#define RUN(place, ...) run(place, (const char *const[]){__VA_ARGS__, NULL})

static struct json_object *at(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
    return value;
}

static struct json_object *json_of(struct program_result result)
{
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object, "%s", result.output);
    program_result_clear(&result);
    return object;
}

/* What the model says of the demo with the experts of so many layers on the CPU. */
static double true_speed(const struct place *place, const char *ncmoe, const char *depth)
{
    struct json_object *object =
        json_of(RUN(place, "plan", demo_model(), "--devices", place->truth, "-ngl", "99", "-ncmoe",
                    ncmoe, "--depth", depth, "--json"));
    double speed = json_object_get_double(at(at(object, "throughput"), "tokens_per_second"));
    json_object_put(object);
    return speed;
}

static void expect_found(struct json_object *found, double card, double host)
{
    struct json_object *kinds = at(found, "kinds");
    cr_assert_eq(json_object_array_length(kinds), 2);
    struct json_object *first = json_object_array_get_idx(kinds, 0);
    struct json_object *second = json_object_array_get_idx(kinds, 1);
    cr_expect_str_eq(json_object_get_string(at(first, "kind")), "GeForce RTX 3090, 23 GiB");
    cr_expect_str_eq(json_object_get_string(at(second, "kind")), "CPU");
    cr_expect_float_eq(json_object_get_double(at(first, "efficiency")), card, 0.004);
    cr_expect_float_eq(json_object_get_double(at(second, "efficiency")), host, 0.004);
    json_object_put(found);
}

static char *result_file(const struct place *place, const char *name, const struct strbuf *text)
{
    return test_file_write(place->folder, name, strbuf_text(text), text->length);
}

/* One object as `llama-bench -o json` writes it (b6000 and later), a prompt's run in front. */
static void add_object(struct strbuf *out, const char *ncmoe, int n_gen, int depth, double speed)
{
    strbuf_format(
        out,
        "{\"build_commit\": \"de3ff81\", \"build_number\": 7123, \"cpu_info\": \"AMD EPYC\", "
        "\"gpu_info\": \"NVIDIA GeForce RTX 3090, NVIDIA GeForce RTX 3090\", \"backends\": "
        "\"CUDA\", \"model_filename\": \"/models/kimi-k2.gguf\", \"model_type\": \"deepseek2 671B "
        "Q6_K\", \"model_size\": 1, \"n_batch\": 2048, \"n_ubatch\": 512, \"n_threads\": 32, "
        "\"type_k\": \"f16\", \"type_v\": \"f16\", \"n_gpu_layers\": 99, \"n_cpu_moe\": %s, "
        "\"split_mode\": \"layer\", \"main_gpu\": 0, \"no_kv_offload\": false, \"flash_attn\": 1, "
        "\"devices\": \"auto\", \"tensor_split\": \"0.00\", \"tensor_buft_overrides\": \"none\", "
        "\"use_mmap\": true, \"embeddings\": false, \"no_op_offload\": 0, \"n_prompt\": 0, "
        "\"n_gen\": %d, \"n_depth\": %d, \"test_time\": \"2026-11-21T08:00:00Z\", \"avg_ns\": 1, "
        "\"avg_ts\": %.9f, \"stddev_ts\": 0.1, \"samples_ts\": [1.0, 2.0]}",
        ncmoe, n_gen, depth, speed);
}

Test(calibrate_program, finds_the_efficiencies_again_and_uses_them_from_then_on)
{
    struct place place;
    struct strbuf text = {0};
    place_make(&place);
    strbuf_add(&text, "[\n");
    add_object(&text, "99", 128, 0, true_speed(&place, "99", "64"));
    strbuf_add(&text, ",\n");
    add_object(&text, "55", 128, 4096, true_speed(&place, "55", "4160"));
    strbuf_add(&text, "\n]\n");
    char *bench = result_file(&place, "bench.json", &text);

    expect_found(json_of(RUN(&place, "calibrate", demo_model(), "--devices", place.devices, bench,
                             "--dry-run", "--json")),
                 CARD, HOST);
    struct program_result result = RUN(&place, "devices", "--devices", place.devices);
    cr_expect(strstr(result.output, "calibrated") == NULL, "a dry run keeps nothing");
    program_result_clear(&result);

    result = RUN(&place, "calibrate", demo_model(), "--devices", place.devices, bench);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_expect(strstr(result.output, "60.0%  GeForce RTX 3090"), "%s", result.output);
    cr_expect(strstr(result.output, "40.0%  CPU"), "%s", result.output);
    program_result_clear(&result);
    result = RUN(&place, "devices", "--devices", place.devices);
    cr_expect(strstr(result.output, "936 GB/s (database) x 60% (calibrated)"), "%s", result.output);
    program_result_clear(&result);

    struct json_object *plan =
        json_of(RUN(&place, "plan", demo_model(), "--devices", place.devices, "-ngl", "99",
                    "-ncmoe", "99", "--depth", "64", "--json"));
    struct json_object *throughput = at(plan, "throughput");
    cr_expect_float_eq(json_object_get_double(at(throughput, "tokens_per_second")),
                       true_speed(&place, "99", "64"), 0.02);
    struct json_object *device = json_object_array_get_idx(at(throughput, "per_device"), 0);
    cr_expect_str_eq(json_object_get_string(at(device, "efficiency_source")), "calibrated");
    json_object_put(plan);

    result = RUN(&place, "calibrate", "--reset", "--devices", place.devices);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    result = RUN(&place, "devices", "--devices", place.devices);
    cr_expect(strstr(result.output, "calibrated") == NULL, "%s", result.output);
    program_result_clear(&result);
    free(bench);
    strbuf_clear(&text);
    place_clear(&place);
}

Test(calibrate_program, an_efficiency_of_the_device_file_comes_first)
{
    struct place place;
    struct strbuf text = {0};
    place_make(&place);
    add_object(&text, "99", 128, 0, true_speed(&place, "99", "64"));
    char *bench = result_file(&place, "bench.jsonl", &text);
    char *half = device_file(place.folder, "half.json", ", \"efficiency\": 0.6", "");
    expect_found(
        json_of(RUN(&place, "calibrate", demo_model(), "--devices", half, bench, "--json")), CARD,
        HOST); /* the one unknown that is left */
    struct program_result result = RUN(&place, "devices", "--devices", place.truth);
    cr_expect(strstr(result.output, "calibrated") == NULL, "%s", result.output);
    program_result_clear(&result);
    free(half);
    free(bench);
    strbuf_clear(&text);
    place_clear(&place);
}

Test(calibrate_program, reads_json_lines_csv_and_markdown)
{
    struct place place;
    struct strbuf lines = {0};
    struct strbuf csv = {0};
    struct strbuf table = {0};
    place_make(&place);
    double few = true_speed(&place, "55", "64");
    double all = true_speed(&place, "99", "64");
    add_object(&lines, "99", 128, 0, all);
    strbuf_add(&lines, "\n");
    add_object(&lines, "55", 128, 0, few);
    strbuf_add(&lines, "\n");
    strbuf_format(&csv,
                  "build_commit,build_number,model_filename,model_type,n_gpu_layers,tensor_buft_"
                  "overrides,n_cpu_moe,n_prompt,n_gen,n_depth,avg_ns,avg_ts,stddev_ts\n"
                  "\"de3ff81\",\"7123\",\"kimi.gguf\",\"deepseek2, \"\"671B\"\"\",\"99\",\"none\","
                  "\"99\",\"0\",\"128\",\"0\",\"1\",\"%.9f\",\"0.1\"\n"
                  "\"de3ff81\",\"7123\",\"kimi.gguf\",\"deepseek2\",\"99\",\"blk\\.([0-9]|[1-4][0-"
                  "9]|5[0-4])\\.ffn_(up|down|gate)_exps=CPU\",\"0\",\"0\",\"128\",\"0\",\"1\",\"%."
                  "9f\",\"0.1\"\n",
                  all, few);
    strbuf_format(
        &table,
        "ggml_cuda_init: found 2 CUDA devices:\n"
        "| model                | size    | params   | backend | ngl | ot | test  | t/s |\n"
        "| -------------------- | ------: | -------: | ------- | --: | -- | ----: | --: |\n"
        "| deepseek2 671B Q6_K  | 1.0 GiB | 671.03 B | CUDA    |  99 | exps=CPU | tg128 | "
        "%.9f \xc2\xb1 0.12 |\n"
        "| deepseek2 671B Q6_K  | 1.0 GiB | 671.03 B | CUDA    |  99 | "
        "blk\\.([0-9]|[1-4][0-9]|5[0-4])\\.ffn_(up|down|gate)_exps=CPU | tg128 | %.9f "
        "\xc2\xb1 0.10 |\n\nbuild: de3ff81 (7123)\n",
        all, few);
    const struct strbuf *const texts[] = {&lines, &csv, &table};
    static const char *const names[] = {"b.jsonl", "b.csv", "b.md"};
    for (size_t i = 0; i < 3; i++) {
        char *bench = result_file(&place, names[i], texts[i]);
        expect_found(json_of(RUN(&place, "calibrate", demo_model(), "--devices", place.devices,
                                 bench, "--dry-run", "--json")),
                     CARD, HOST);
        free(bench);
    }
    strbuf_clear(&lines);
    strbuf_clear(&csv);
    strbuf_clear(&table);
    place_clear(&place);
}

Test(calibrate_program, reads_the_eval_times_of_logs_with_the_flags_given)
{
    struct place place;
    struct strbuf first = {0};
    struct strbuf second = {0};
    place_make(&place);
    strbuf_format(
        &first,
        "prompt eval time =    1234.56 ms /  1000 tokens (    1.23 ms per token,   810.01 "
        "tokens per second)\n"
        "       eval time =    5000.00 ms /   200 tokens (   25.00 ms per token,  %.9f "
        "tokens per second)\n      total time =    6234.56 ms /  1200 tokens\n",
        true_speed(&place, "99", "1100"));
    strbuf_format(&second,
                  "llama_print_timings: prompt eval time =  1.0 ms /  64 tokens (    1.23 ms per "
                  "token,   81.01 tokens per second)\n"
                  "llama_print_timings:        eval time =  1.0 ms /  127 runs   (   37.20 ms per "
                  "token, %.9f tokens per second)\n"
                  "llama_print_timings:        eval time =  1.0 ms /  3 runs   (   37.20 ms per "
                  "token, 900.00 tokens per second)\n",
                  true_speed(&place, "99", "127"));
    char *one = result_file(&place, "one.log", &first);
    char *two = result_file(&place, "two.log", &second);
    char *half = device_file(place.folder, "half.json", ", \"efficiency\": 0.6", "");
    expect_found(json_of(RUN(&place, "calibrate", demo_model(), "-ngl", "99", "-ncmoe", "99",
                             "--devices", half, one, two, "--dry-run", "--json")),
                 CARD, HOST);
    free(half);
    free(one);
    free(two);
    strbuf_clear(&first);
    strbuf_clear(&second);
    place_clear(&place);
}

/* A card and how its prompts go: all of the model there, or the experts copied over the link. */
static char *prompt_devices(const struct place *place, const char *name, const char *more)
{
    char *text = memory_format(
        "{\"devices\": [{\"name\": \"CUDA0\", \"total_mib\": 900000, \"free_mib\": 900000, "
        "\"bandwidth_gb_s\": 4000, \"tflops\": 100, \"link_gb_s\": 30%s}], \"host\": "
        "{\"free_mib\": 640000, \"bandwidth_gb_s\": 80}}",
        more);
    char *path = test_file_write(place->folder, name, text, strlen(text));
    free(text);
    return path;
}

static double prompt_speed(const struct place *place, const char *devices, const char *ncmoe,
                           const char *ubatch)
{
    struct json_object *plan =
        json_of(RUN(place, "plan", demo_model(), "--devices", devices, "-ngl", "99", "-ncmoe",
                    ncmoe, "-ub", ubatch, "-b", ubatch, "--json"));
    double speed = json_object_get_double(at(at(plan, "throughput"), "prompt_tokens_per_second"));
    json_object_put(plan);
    return speed;
}

Test(calibrate_program, prompts_give_the_parts_of_the_arithmetic_and_of_the_link)
{
    struct place place;
    struct strbuf text = {0};
    place_make(&place);
    char *devices = prompt_devices(&place, "one.json", "");
    char *truth = prompt_devices(&place, "two.json",
                                 ", \"compute_efficiency\": 0.3, \"link_efficiency\": 0.4");
    double whole = prompt_speed(&place, truth, "0", "512");
    double copied = prompt_speed(&place, truth, "99", "512");
    strbuf_format(&text,
                  "| model | size | params | backend | ngl | n_cpu_moe | test | t/s |\n"
                  "| --- | ---: | ---: | --- | --: | --: | ---: | ---: |\n"
                  "| llama | 1 | 1 | CUDA | 99 | 0 | pp512 | %.9f |\n"
                  "| llama | 1 | 1 | CUDA | 99 | 0 | pp64 | %.9f |\n"
                  "| llama | 1 | 1 | CUDA | 99 | 99 | pp512 | %.9f |\n"
                  "| llama | 1 | 1 | CUDA | 99 | 0 | tg128 | 50.0 |\n",
                  whole, prompt_speed(&place, truth, "0", "64"), copied);
    char *bench = result_file(&place, "bench.md", &text);
    struct json_object *found =
        json_of(RUN(&place, "calibrate", demo_model(), "--devices", devices, bench, "--json"));
    cr_expect_float_eq(json_object_get_double(at(found, "compute_efficiency")), 0.3, 0.003);
    cr_expect_float_eq(json_object_get_double(at(found, "link_efficiency")), 0.4, 0.004);
    struct json_object *first = json_object_array_get_idx(at(found, "results"), 0);
    cr_expect_float_eq(json_object_get_double(at(first, "model_after")), whole, whole * 0.02);
    json_object_put(found);
    cr_expect_float_eq(prompt_speed(&place, devices, "0", "512"), whole, whole * 0.02);
    cr_expect_float_eq(prompt_speed(&place, devices, "99", "512"), copied, copied * 0.02);
    free(bench);
    free(truth);
    free(devices);
    strbuf_clear(&text);
    place_clear(&place);
}

static void expect_refused(struct program_result result, int status, const char *why)
{
    cr_expect_eq(result.status, status, "%s", result.errors);
    cr_expect(strstr(result.errors, why), "%s", result.errors);
    cr_expect_eq(result.output_bytes, 0);
    program_result_clear(&result);
}

Test(calibrate_program, says_in_words_what_cannot_be_used)
{
    struct place place;
    struct strbuf text = {0};
    place_make(&place);
    add_object(&text, "99", 128, 0, 10);
    char *bench = result_file(&place, "bench.json", &text);
    char *empty = test_file_write(place.folder, "empty.log", "nothing here\n", 13);
    char *broken = test_file_write(place.folder, "broken.json", "[{\"avg_ts\": ", 12);
    static const char unknown[] = "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}], "
                                  "\"host\": {\"free_mib\": 640000}}";
    char *devices = test_file_write(place.folder, "unknown.json", unknown, strlen(unknown));
    expect_refused(RUN(&place, "calibrate"), 1, "which result?");
    expect_refused(RUN(&place, "calibrate", bench), 1, "which model?");
    expect_refused(RUN(&place, "calibrate", demo_model(), empty), 2, "tells no speed");
    expect_refused(RUN(&place, "calibrate", demo_model(), broken), 2, "not JSON");
    expect_refused(RUN(&place, "calibrate", demo_model(), "--devices", devices, bench), 2,
                   "bandwidth is not known");
    free(devices);
    free(broken);
    free(empty);
    free(bench);
    strbuf_clear(&text);
    place_clear(&place);
}

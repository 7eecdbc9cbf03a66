/* What people keep -ot lines in, and the arguments that come out of it. */
#include "model/base/strbuf.h"
#include "model/text/import.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct imported imported;

static const char *joined(char *const *words, size_t n)
{
    static struct strbuf all;
    strbuf_reset(&all);
    for (size_t i = 0; i < n; i++) {
        strbuf_format(&all, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return strbuf_text(&all);
}

static bool has_note(const char *words)
{
    for (size_t i = 0; i < imported.n_notes; i++) {
        if (strstr(imported.notes[i].text, words) != NULL) {
            return true;
        }
    }
    return false;
}

/* `note` NULL: there is none. */
static void expect(const char *text, enum import_kind kind, const char *arguments, const char *note)
{
    struct error error = {0};
    cr_assert(import_text(text, strlen(text), NULL, &imported, &error), "%s: %s", text, error.text);
    cr_expect_eq(imported.kind, kind, "%s: read as %s", text, import_kind_name(imported.kind));
    cr_expect_str_eq(joined(imported.arguments, imported.n_arguments), arguments);
    cr_expect(note == NULL ? imported.n_notes == 0 : has_note(note), "%s: %s", text,
              imported.n_notes > 0 ? imported.notes[0].text : "no note");
}

static void done(void)
{
    imported_clear(&imported);
}

Test(import, a_command_line_is_read_as_the_shell_reads_it, .fini = done)
{
    expect(
        "CUDA_VISIBLE_DEVICES=\"0,1\" numactl -N 0 ./build/bin/llama-server -m 'my model.gguf' \\\n"
        "  -ngl 99 -ot \"blk\\.1\\.ffn=CUDA0,exps=CPU\" \\\n  --host 0.0.0.0",
        IMPORT_COMMAND, "-m my model.gguf -ngl 99 -ot blk\\.1\\.ffn=CUDA0,exps=CPU --host 0.0.0.0",
        NULL);
    cr_expect_str_eq(imported.program, "./build/bin/llama-server");
    cr_expect_str_eq(joined(imported.environment, imported.n_environment),
                     "CUDA_VISIBLE_DEVICES=0,1");
}

Test(import, what_the_shell_eats_is_said, .fini = done)
{
    expect("llama-server -ot blk\\.1\\.ffn=CPU", IMPORT_COMMAND, "-ot blk.1.ffn=CPU",
           "the shell eats backslashes");
    done();
    expect("llama-server -ot blk.(1|2).ffn=CPU", IMPORT_COMMAND, "-ot blk.(1|2).ffn=CPU",
           "a shell stops at the parenthesis");
    done();
    expect("llama-server -m x.gguf \\\n# all experts\n-ot exps=CPU", IMPORT_COMMAND, "-m x.gguf",
           "these arguments do not arrive");
    done();
    expect("llama-server -ot \"a=CPU -ngl 9", IMPORT_COMMAND, "-ot a=CPU -ngl 9",
           "a double quote is opened and never closed");
}

Test(import, scripts_with_variables_and_arrays, .fini = done)
{
    expect(
        "#!/bin/bash\nset -e\nMODEL=/m/x.gguf\nARGS=(\n  -ngl 62 # all\n  -ot \"a(1|2)=CUDA0\"\n)\n"
        "cd /opt && exec ./llama-server -m \"$MODEL\" \"${ARGS[@]}\" -c 4096\n",
        IMPORT_COMMAND, "-m $MODEL -ngl 62 -ot a(1|2)=CUDA0 -c 4096",
        "the variable in '$MODEL' is left as it stands");
}

Test(import, a_parameter_file, .fini = done)
{
    expect("# rules\n-ot \"blk\\.1\\.ffn=CUDA0\"\n-ot exps\\.=CPU # rest\n", IMPORT_PARAMETERS,
           "-ot blk\\.1\\.ffn=CUDA0 -ot exps\\.=CPU", NULL);
    done();
    expect("-ot ^blk\\.(2|3)\\.attn$:CUDA1\n-ot ^a$:CPU\n", IMPORT_PARAMETERS,
           "-ot ^blk\\.(2|3)\\.attn$=CUDA1 -ot ^a$=CPU",
           "pattern:DEVICE is read as pattern=DEVICE");
}

Test(import, what_a_file_claims_of_itself_is_said, .fini = done)
{
    expect("# GPU utilization: 99.8% (4 cards)\n-ot a=CPU\n-ot b=CPU\n", IMPORT_PARAMETERS,
           "-ot a=CPU -ot b=CPU", "the file claims 99.8% utilisation");
}

Test(import, a_note_is_given_once, .fini = done)
{
    expect("-ot a:CPU\n-ot b:CPU\n-ot c:CPU\n", IMPORT_PARAMETERS, "-ot a=CPU -ot b=CPU -ot c=CPU",
           "pattern:DEVICE");
    cr_expect_eq(imported.n_notes, 1);
}

Test(import, values_alone, .fini = done)
{
    expect("blk\\.1\\.ffn=CUDA0,exps=CPU", IMPORT_VALUES, "-ot blk\\.1\\.ffn=CUDA0,exps=CPU", NULL);
    done();
    expect("blk\\.1\\.ffn:CUDA0\nexps:CPU\n", IMPORT_VALUES, "-ot blk\\.1\\.ffn=CUDA0 -ot exps=CPU",
           "pattern:DEVICE");
}

Test(import, what_fit_prints, .fini = done)
{
    expect("-c 4096 -ngl 62 -ts 6,56 -ot \"blk\\.5\\.ffn_(gate|down).*=CUDA1,exps=CPU\"\n",
           IMPORT_COMMAND,
           "-c 4096 -ngl 62 -ts 6,56 -ot blk\\.5\\.ffn_(gate|down).*=CUDA1,exps=CPU", NULL);
}

Test(import, an_environment_file, .fini = done)
{
    expect("LLAMA_ARG_N_GPU_LAYERS=62\nLLAMA_ARG_OVERRIDE_TENSOR=a\\.b=CPU\n", IMPORT_ENVIRONMENT,
           "", NULL);
    cr_expect_str_eq(joined(imported.environment, imported.n_environment),
                     "LLAMA_ARG_N_GPU_LAYERS=62 LLAMA_ARG_OVERRIDE_TENSOR=a\\.b=CPU");
}

Test(import, a_models_preset, .fini = done)
{
    const char *preset =
        "version = 1\n[*]\nflash-attn = on\n\n[kimi]\nmodel = /m/k.gguf ; comment\n"
        "ngl = 62\nLLAMA_ARG_CTX_SIZE = 8192\nno-kv-offload = true\n"
        "ot = blk\\.(1|2)\\.ffn=CPU,exps=CPU\nwhat = 1\n[qwen]\nmodel = /m/q.gguf\n";
    struct error error = {0};
    expect(preset, IMPORT_PRESET,
           "-fa on -m /m/k.gguf -ngl 62 -c 8192 -nkvo -ot blk\\.(1|2)\\.ffn=CPU,exps=CPU",
           "the file also has qwen");
    cr_expect(has_note("'what' is no option"));
    done();
    cr_assert(import_text(preset, strlen(preset), "qwen", &imported, NULL));
    cr_expect_str_eq(joined(imported.arguments, imported.n_arguments), "-fa on -m /m/q.gguf");
    done();
    cr_expect(!import_text(preset, strlen(preset), "none", &imported, &error));
    cr_expect_str_eq(error.text, "the preset file has no section [none]");
}

Test(import, llama_swap_entries, .fini = done)
{
    expect("healthCheckTimeout: 90\nmodels:\n  \"kimi\":\n    proxy: http://127.0.0.1:${PORT}\n"
           "    cmd: |\n      # best so far\n      llama-server --port ${PORT}\n"
           "      -m /m/k.gguf -ot \"a(1|2)=CUDA0\" \\\n      -ot exps=CPU\n    ttl: 60\n"
           "  qwen:\n    cmd: llama-server -m /m/q.gguf\n",
           IMPORT_LLAMA_SWAP, "--port ${PORT} -m /m/k.gguf -ot a(1|2)=CUDA0 -ot exps=CPU",
           "read the entry 'kimi'; the file also has qwen");
    cr_expect_str_eq(imported.entry, "kimi");
}

Test(import, ik_llama_cpp, .fini = done)
{
    expect("./llama-server -m x.gguf -mla 3 -fa -fmoe -amb 512 --no-mmap -ot exps=CPU",
           IMPORT_COMMAND, "-m x.gguf -fa on -lm none -ot exps=CPU", "-fa takes a value now");
    cr_expect_eq(imported.dialect, DIALECT_IK);
    cr_expect_str_eq(joined(imported.kept, imported.n_kept), "-mla 3 -fmoe -amb 512");
    cr_expect(has_note("--no-mmap is now -lm none"));
}

Test(import, koboldcpp, .fini = done)
{
    expect(
        "python koboldcpp.py --model x.gguf --gpulayers 99 --contextsize 8192 --tensor_split 3 1 "
        "--quantkv 1 --overridetensors \"exps=CPU\" --usecublas normal 0 --moecpu",
        IMPORT_COMMAND,
        "-m x.gguf -ngl 99 -c 8192 -ts 3,1 -ctk q8_0 -ctv q8_0 -ot exps=CPU -ncmoe 999",
        "--quantkv 1 is -ctk q8_0 -ctv q8_0");
    cr_expect_eq(imported.dialect, DIALECT_KOBOLD);
    cr_expect_str_eq(joined(imported.kept, imported.n_kept), "--usecublas normal 0");
}

Test(import, llama_bench, .fini = done)
{
    expect("llama-bench -m x.gguf -ts 3/1 -ot 'a=CUDA0;exps=CPU'", IMPORT_COMMAND,
           "-m x.gguf -ts 3,1 -ot a=CUDA0,exps=CPU", NULL);
}

Test(import, windows_commands_keep_their_backslashes, .fini = done)
{
    expect(".\\bin\\llama-server.exe -m C:\\m\\x.gguf ^\r\n -ot \"blk\\.1\\.ffn=CPU\"\r\n",
           IMPORT_COMMAND, "-m C:\\m\\x.gguf -ot blk\\.1\\.ffn=CPU", NULL);
}

Test(import, what_has_nothing_in_it_is_refused)
{
    struct error error = {0};
    cr_expect(!import_text("hello\n", 6, NULL, &imported, &error));
    cr_expect_str_eq(error.text, "there is neither a llama.cpp command nor an -ot value in it");
    error = (struct error){0};
    cr_expect(!import_text("{\"a\":1}", 7, NULL, &imported, &error));
    cr_expect(strstr(error.text, "JSON") != NULL);
}

Test(import, the_ancestors_files, .fini = done)
{
    static char text[1 << 16];
    struct error error = {0};
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    FILE *file = fopen(OTPLAN_SHARED "/ot-corpus/files/optimized_tensor_params.txt", "r");
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    cr_assert(import_text(text, size, NULL, &imported, &error), "%s", error.text);
    cr_expect_eq(imported.n_arguments, 50, "25 rules");
    done();
    file = fopen(OTPLAN_SHARED "/ot-corpus/files/tensor_override_params.txt", "r");
    size = fread(text, 1, sizeof text, file);
    fclose(file);
    cr_assert(import_text(text, size, NULL, &imported, &error), "%s", error.text);
    cr_expect_str_eq(imported.arguments[1], "^blk\\.(26|26)\\.attn_output\\.weight$=CUDA1");
}

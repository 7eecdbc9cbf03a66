#include "src/help.h"

/* Lines as they are printed. */
/* clang-format off */
static const char general[] =
    "otplan " OTPLAN_VERSION ": plan where llama.cpp puts every tensor, byte for byte\n"
    "\n"
    "  otplan MODEL.gguf [llama.cpp flags]   plan on screen (needs a terminal)\n"
    "  otplan -- llama-server -m MODEL ...   the same, from the command you run today\n"
    "  otplan demo                           try it without a model or a card\n"
    "  otplan plan MODEL|PLAN [flags]        what goes where, does it fit\n"
    "  otplan export MODEL|PLAN [flags]      the arguments (--format, -o FILE)\n"
    "  otplan overrides MODEL|PLAN [flags]   every -ot rule: what it takes\n"
    "  otplan compare BEFORE AFTER           two plans side by side\n"
    "  otplan verify [PLAN.json] LOG         did llama.cpp do what was planned?\n"
    "  otplan probe MODEL|PLAN [flags]       ask your own llama.cpp for its figures\n"
    "  otplan run MODEL|PLAN; otplan watch   start it as planned; live memory\n"
    "  otplan doctor [--env DIR]             why does llama.cpp not use the cards?\n"
    "  also: report (a picture), tensors, devices, shop (which rig?), calibrate\n"
    "\n"
    "  --devices FILE    plan for the machine in this device file\n"
    "  --rig SPEC        or in words: \"2x RTX 3090 + 128G DDR4-3200x2\"\n"
    "  --auto[=STRATEGY] speed, balance, experts-cpu, aggressive, context[:5%], fit\n"
    "  --target TOOL     llama-server (default), llama-cli, llama-bench, ...\n"
    "  --json            all of it, in bytes       --check   exit 3: it does not fit\n"
    "  --compact  --plan FILE  --ascii  --color=WHEN  --no-mouse  --version\n"
    "llama.cpp's flags mean what they mean there: -c -ngl -ts -sm -mg -dev -ot -cmoe\n"
    "-ncmoe -ctk -ctv -fa -b -ub -np ...   otplan COMMAND -h tells more of a command.\n";

static const char plan[] =
    "otplan plan MODEL|PLAN.json [llama.cpp flags] [options]\n"
    "otplan plan [options] -- llama-server -m MODEL ...\n"
    "\n"
    "Places every tensor as llama.cpp would and prints devices with bars, bytes by\n"
    "component, warnings and what to do about them.\n"
    "\n"
    "  --json            everything, in bytes, on standard output\n"
    "  --check           exit 3 where the plan does not fit\n"
    "  --devices FILE    a device file in place of this machine's devices\n"
    "  --target TOOL     llama-server, llama-cli, llama-bench or llama-fit-params\n"
    "  --import FILE     rules and settings from a script, preset, .kcpps, -ot lines;\n"
    "                    - is stdin\n"
    "  --config FILE     the settings file; --dry-run saves nothing that it asks to\n"
    "  --compact         write the override rules anew, as few as can be\n"
    "  --ascii           bars without block glyphs\n"
    "\n"
    "  otplan plan model.gguf -ngl 99 -cmoe\n"
    "  otplan plan model.gguf -c 65536 -ngl 62 -ts 1,1,1,1 -ot _exps=CPU --check\n";

static const char tensors[] =
    "otplan tensors MODEL [--json]\n"
    "\n"
    "Every tensor: name, type, group, size and shape.\n";

static const char probe[] =
    "otplan probe MODEL|PLAN.json [llama.cpp flags] [--llama-bin DIR] [options]\n"
    "\n"
    "Starts your own llama-server with the plan's arguments, reads the memory table\n"
    "it prints before it loads, and stops it there: nothing is loaded. With --target\n"
    "llama-fit-params or llama-bench it asks llama-fit-params instead.\n"
    "\n"
    "  --llama-bin DIR   where llama.cpp's programs are; else the settings file's\n"
    "                    llama_cpp_path, else PATH\n"
    "  --force           ask again; an answer is kept for the same program, model,\n"
    "                    devices and flags\n"
    "  --json            predicted and answered figures, in bytes\n";

static const char devices[] =
    "otplan devices [--devices FILE] [--llama-bin DIR] [--rpc SERVERS] [--save FILE]\n"
    "\n"
    "The devices of this machine in llama.cpp's order, and how each was found. Where\n"
    "your own llama-server is found, its --list-devices is asked too; what it says\n"
    "wins, and what changed is said.\n"
    "\n"
    "  --llama-bin DIR   where llama.cpp's programs are; else the settings file,\n"
    "                    else PATH\n"
    "  --rpc SERVERS     their devices too, as llama.cpp tells them\n"
    "  --measure         measure the host's memory bandwidth: all processors read, a\n"
    "                    second or two\n"
    "  --json            print a device file: change it and give it to --devices\n"
    "  --save FILE       write it to a file; --force replaces an existing one\n";

static const char export[] =
    "otplan export MODEL|PLAN.json [llama.cpp flags] [--format=FORMAT] [-o FILE]\n"
    "\n"
    "Writes the plan's arguments, after reading them back.\n"
    "\n"
    "  --format args     one line for the shell, without program and model (default)\n"
    "           ot       what follows one -ot\n"
    "           lines    one -ot \"pattern=BUFFER\" a line, under a comment header\n"
    "           script   a shell script that starts llama.cpp\n"
    "           env      LLAMA_ARG_X=value lines  ini        for --models-preset\n"
    "           bench    llama-bench arguments    ik         ik_llama.cpp arguments\n"
    "           kobold   a .kcpps file            llama-swap one models: entry\n"
    "           json     all of it, as otplan plan --json\n"
    "  -o FILE           write to FILE, whole or not at all; --force replaces\n"
    "  --compact         write the rules anew, as few as can be\n"
    "  --check           exit 3 where the plan does not fit\n"
    "  --devices FILE  --target TOOL\n"
    "\n"
    "  otplan export model.gguf -ngl 99 -ncmoe 20 --format=script -o start.sh\n";

static const char overrides[] =
    "otplan overrides MODEL|PLAN.json [llama.cpp flags] [--devices FILE] [--json]\n"
    "\n"
    "Every override rule in llama.cpp's order: what it matches, what earlier rules\n"
    "left for it, and what is wrong with it, with the repair. Rules that llama.cpp\n"
    "refuses are shown too.\n"
    "\n"
    "  otplan overrides model.gguf -ot 'blk\\.[6-10]\\.ffn=CPU,exps=CUDA0'\n";

static const char compare[] =
    "otplan compare [-m MODEL] [llama.cpp flags] BEFORE [AFTER] [options]\n"
    "\n"
    "Two placements side by side: fit, utilisation, what moved, which rules came and\n"
    "went. BEFORE and AFTER are plan documents or models; with one of them, the flags\n"
    "given are the other. Two quantisations of a model: which fits, at what speed,\n"
    "and up to which context.\n"
    "\n"
    "  --devices FILE  --json\n"
    "  --auto            place each as well as it can be, for every context tried\n"
    "\n"
    "  otplan compare model-Q4_K_M.gguf model-Q8_0.gguf --auto -c 32768\n";

static const char report[] =
    "otplan report MODEL|PLAN.json [llama.cpp flags] [--format=FORMAT] [-o FILE]\n"
    "otplan report --compare [flags] BEFORE [AFTER] [--format=FORMAT] [-o FILE]\n"
    "\n"
    "A plan to share, drawn as the planner draws it; or two, as otplan compare takes\n"
    "them.\n"
    "\n"
    "  --format md       tables and the arguments (default)\n"
    "           svg      a picture of the planner's screen, in one file\n"
    "           html     a page with that picture and the figures as text\n"
    "           ansi     the screen with its colours, for a terminal;\n"
    "                    --color=never without\n"
    "  -o FILE           write to FILE, whole or not at all; its ending tells the\n"
    "                    format where none is given; --force replaces\n"
    "  --compare         two plans: the table of otplan compare, then both screens\n"
    "  --ascii           without block glyphs\n"
    "\n"
    "  otplan report model.gguf -ngl 99 -ncmoe 20 -o plan.svg\n";

static const char verify[] =
    "otplan verify [PLAN.json] LOG [--json]\n"
    "otplan verify MODEL [llama.cpp flags] LOG [--devices FILE] [--json]\n"
    "\n"
    "Reads a load log of llama.cpp, ik_llama.cpp, llama-cpp-python, KoboldCpp or\n"
    "ollama (- for standard input) and says line by line what was planned and what\n"
    "was done: as-planned, differs, cpu-fallback, failed or inconclusive; without a\n"
    "plan, what happened. Exit 3 for failed, cpu-fallback and differs. llama.cpp\n"
    "tells enough with -lv 4, all of it with -lv 5.\n"
    "\n"
    "  llama-server ... -lv 4 2> load.log; otplan verify plan.json load.log\n";

static const char doctor[] =
    "otplan doctor [PLAN.json] [--llama-bin DIR] [--env DIR ...] [--json]\n"
    "\n"
    "Asks your own llama.cpp (--version, --list-devices, its system_info line;\n"
    "nothing is loaded) and says why it would not use the cards: a build without a\n"
    "GPU backend, a missing driver, no permission, kernels for other compute\n"
    "capabilities, CUDA_VISIBLE_DEVICES, a plan's device that is not there; and what\n"
    "a config.ini of llama.cpp changes in every run. With the repair. Exit 3 for\n"
    "trouble.\n"
    "\n"
    "  --llama-bin DIR   where llama.cpp's programs are; else the settings file,\n"
    "                    else PATH\n"
    "  --env DIR         look into a Python environment's llama-cpp-python; may\n"
    "                    repeat: the one to use is named\n";

static const char run[] =
    "otplan run MODEL|PLAN.json [llama.cpp flags] [--llama-bin DIR] [-- MORE]\n"
    "\n"
    "Starts llama-server (or the --target) with the plan's arguments and environment,\n"
    "passes its output and signals on, keeps the log under $XDG_STATE_HOME/otplan,\n"
    "and ends with the verdict of otplan verify. Words behind -- go to llama.cpp as\n"
    "they are.\n"
    "\n"
    "  otplan run plan.json -- --port 8081\n";

static const char watch[] =
    "otplan watch [PLAN.json|MODEL] [llama.cpp flags] [options]\n"
    "otplan watch --compare BEFORE AFTER [--json]\n"
    "\n"
    "Memory of every device as the driver tells it, beside the planned: the server's\n"
    "own apart from other programs', peaks kept, an alert when little is left or the\n"
    "plan needs more than there is, and then the command of a plan for the memory\n"
    "there is now. Live on a terminal, else a table each interval.\n"
    "\n"
    "  --interval SECONDS  between samples, from 0.05; default 1\n"
    "  --pid PID           the server; else the one otplan run started, else known\n"
    "                      by its name\n"
    "  --threshold MIB     alert when less is free; default 512\n"
    "  --record FILE       keep every sample, one JSON object a line; --force\n"
    "                      replaces a file\n"
    "  --once              one sample; with --check exit 3 where there is an alert\n"
    "  --json              samples as JSON lines\n"
    "  --compare A B       two recordings side by side\n";

static const char calibrate[] =
    "otplan calibrate [MODEL|PLAN.json] [llama.cpp flags] RESULT... [--dry-run]\n"
    "otplan calibrate --reset\n"
    "\n"
    "Finds which part of their bandwidth these devices reach, from speeds that were\n"
    "measured: what llama-bench printed (-o json, jsonl, csv or md; it says what it\n"
    "ran with), or a server's log with \"eval time\" lines (give the plan or the flags\n"
    "it ran with). Kept for these cards and used for every plan with them, unless\n"
    "the device file sets an efficiency.\n"
    "\n"
    "Several results with another -ngl or -ncmoe tell cards and CPU apart. Give all\n"
    "at once: they replace what was kept.\n"
    "\n"
    "  --dry-run         show what would be found, keep nothing\n"
    "  --reset           forget what was kept for these devices\n"
    "  --json  --devices FILE  --rig SPEC  --depth N\n"
    "\n"
    "  llama-bench -m model.gguf -ngl 99 -ncmoe 0,20,40 -o json > bench.json\n"
    "  otplan calibrate model.gguf bench.json\n";

static const char shop[] =
    "otplan shop MODEL [llama.cpp flags] [--rig SPEC ...] [--rigs FILE] [--json]\n"
    "\n"
    "What would it run on? For each rig: whether the model fits (whole on the cards,\n"
    "with the CPU, or not), the largest context that fits as well, the speed of\n"
    "decoding and of prompts, and what the limit is. otplan places it on each; fits\n"
    "and speeds are for 8192 tokens. With -c N all of it is for N tokens.\n"
    "\n"
    "  --rig SPEC        a machine in words, as elsewhere; may repeat\n"
    "  --rigs FILE       a list of them, one a line; else a bundled list\n"
    "  --depth N         tokens already in the cache, for the speeds\n"
    "\n"
    "  otplan shop model.gguf -ctk q8_0 -ctv q8_0\n"
    "  otplan shop model.gguf --rig \"2x RTX 3090 + 96G DDR5-6000x2\"\n";

static const char demo[] =
    "otplan demo [llama.cpp flags]\n"
    "\n"
    "The planner on the bundled sample: a model of 262 GiB on four cards of 32 GB,\n"
    "all experts on CPU.\n";

/* clang-format on */

const char *help_text(enum command command)
{
    static const char *const texts[COMMAND_COUNT] = {
        [COMMAND_PLANNER] = general, [COMMAND_PLAN] = plan,           [COMMAND_TENSORS] = tensors,
        [COMMAND_DEVICES] = devices, [COMMAND_OVERRIDES] = overrides, [COMMAND_EXPORT] = export,
        [COMMAND_COMPARE] = compare, [COMMAND_VERIFY] = verify,       [COMMAND_DEMO] = demo,
        [COMMAND_PROBE] = probe,     [COMMAND_DOCTOR] = doctor,       [COMMAND_RUN] = run,
        [COMMAND_WATCH] = watch,     [COMMAND_CALIBRATE] = calibrate, [COMMAND_SHOP] = shop,
        [COMMAND_REPORT] = report,
    };
    return texts[command];
}

/* The same two rules in everything people copy them from. */
#include "model/base/strbuf.h"
#include "model/text/import.h"

#include <criterion/criterion.h>
#include <string.h>

struct paste {
    const char *name, *text, *values;
};

static const struct paste pastes[] = {
    {"a prompt", "$ llama-server -m x.gguf -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a user's prompt, and > on the lines behind",
     "me@box:~/x$ llama-server -m x.gguf \\\n"
     ">   -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\\n"
     ">   -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"root's prompt",
     "root@box:/# ./llama-server -m x.gguf -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a commented command, or a prompt",
     "# ./llama-server -m x.gguf -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"PowerShell with its prompts",
     "PS C:\\llama> .\\llama-server.exe -m C:\\m\\x.gguf `\n"
     ">>   -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' `\n"
     ">>   -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"PowerShell",
     ".\\llama-server.exe -m \"C:\\m\\x.gguf\" `\n"
     "  -ngl 99 `\n"
     "  -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" `\n"
     "  -ot \"exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"cmd.exe",
     "C:\\llama>llama-server.exe -m C:\\m\\x.gguf ^\n"
     " -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" ^\n"
     " -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a batch file with flags in a variable",
     "@echo off\r\n"
     "set MODEL=C:\\m\\x.gguf\r\n"
     "set OT=-ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\r\n"
     "llama-server.exe -m %MODEL% %OT%\r\n"
     "pause",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a batch file with a value in a variable",
     "@echo off\r\n"
     "set \"OT=blk\\.(1|2)\\.ffn_.*_exps=CUDA0\"\r\n"
     "llama-server.exe -m x.gguf -ot \"%OT%\" -ot exps=CPU\r\n"
     "pause",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a PowerShell variable",
     "$ot = \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\"\n"
     "& \"C:\\l\\llama-server.exe\" -m x.gguf -ot $ot -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a PowerShell array",
     "$args = @(\n"
     " \"-m\", \"x.gguf\",\n"
     " \"-ot\", \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\",\n"
     " \"-ot\", \"exps=CPU\"\n"
     ")\n"
     "& .\\llama-server.exe @args",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"Markdown",
     "Use this:\n"
     "\n"
     "```bash\n"
     "llama-server -m x.gguf \\\n"
     "  -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\\n"
     "  -ot exps=CPU\n"
     "```\n"
     "That's all -ot foo=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a word processor's quotes and dashes",
     "llama-server –m x.gguf —override-tensor “blk\\.(1|2)\\.ffn_.*_exps=CUDA0” -ot ‘exps=CPU’",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"HTML entities",
     "llama-server -m x -ot &quot;blk\\.(1|2)\\.ffn_.*_exps=CUDA0&quot; -ot &#39;exps=CPU&#39;",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"HTML tags",
     "<pre><code>llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot "
     "exps=CPU</code></pre>",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a JSON array",
     "[\"llama-server\", \"-m\", \"x.gguf\", \"-ot\", \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\", "
     "\"-ot\", \"exps=CPU\"]",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a JSON object",
     "{\"command\":\"llama-server\",\"args\":[\"-m\",\"x\",\"-ot\",\"blk\\\\.(1|2)\\\\.ffn_.*_exps="
     "CUDA0\",\"--override-tensor\",\"exps=CPU\"]}",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a Python list",
     "subprocess.Popen([\n"
     "  \"./llama-server\",\n"
     "  \"-m\", model_path,\n"
     "  \"-ngl\", str(99),\n"
     "  \"-ot\", r\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\",  # gpu\n"
     "  \"-ot\", \"exps=CPU\",\n"
     "])",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"Python lists put together",
     "cmd = [\"llama-server\", \"-m\", path]\n"
     "cmd += [\"-ot\", \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\"]\n"
     "cmd.extend([\"-ot\", \"exps=CPU\"])\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: a folded text",
     "services:\n"
     "  llama:\n"
     "    image: ghcr.io/ggml-org/llama.cpp:server-cuda\n"
     "    command: >\n"
     "      -m /models/x.gguf\n"
     "      -ngl 99\n"
     "      -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\"\n"
     "      -ot exps=CPU\n"
     "    ports:\n"
     "      - \"8080:8080\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: a list",
     "services:\n"
     "  llama:\n"
     "    image: ghcr.io/ggml-org/llama.cpp:server-cuda\n"
     "    ports:\n"
     "      - \"8080:8080\"\n"
     "    command:\n"
     "      - -m\n"
     "      - /models/x.gguf\n"
     "      - \"-ot\"\n"
     "      - \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\"\n"
     "      - --override-tensor\n"
     "      - exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: a list in brackets",
     "services:\n"
     "  llama:\n"
     "    command: [\"-m\", \"/models/x.gguf\", \"-ot\", \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\", "
     "\"-ot\", \"exps=CPU\"]\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: bare words in brackets",
     "services:\n"
     "  llama:\n"
     "    command: [-m, /models/x.gguf, -ot, 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0', -ot, exps=CPU]\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: the environment as a list",
     "services:\n"
     "  llama:\n"
     "    image: x\n"
     "    environment:\n"
     "      - LLAMA_ARG_MODEL=/m/x.gguf\n"
     "      - LLAMA_ARG_OVERRIDE_TENSOR=blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"compose: the environment as a map",
     "services:\n"
     "  llama:\n"
     "    image: x\n"
     "    environment:\n"
     "      LLAMA_ARG_MODEL: /m/x.gguf\n"
     "      LLAMA_ARG_OVERRIDE_TENSOR: \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0,exps=CPU\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"compose: flags in a variable",
     "services:\n"
     "  llama:\n"
     "    environment:\n"
     "      EXTRA_ARGS: \"-ngl 99 -ot blk.(1|2).ffn_.*_exps=CUDA0 -ot exps=CPU\"\n",
     "blk.(1|2).ffn_.*_exps=CUDA0 exps=CPU"},
    {"compose: flags in a variable of a list",
     "services:\n"
     "  llama:\n"
     "    environment:\n"
     "      - EXTRA_ARGS=-ngl 99 -ot blk\\.(1|2)\\.ffn_.*_exps=CUDA0 -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"an environment file with flags in a variable",
     "MODEL=x.gguf\n"
     "EXTRA_ARGS=\"-ngl 99 -ot blk\\.(1|2)\\.ffn_.*_exps=CUDA0 -ot exps=CPU\"\n"
     "PORT=8080\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"docker run",
     "docker run --gpus all -v /m:/models -e LLAMA_ARG_CTX_SIZE=4096 -p 8080:8080 "
     "ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/x.gguf -ot "
     "\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"docker run -e",
     "docker run --gpus all -e "
     "LLAMA_ARG_OVERRIDE_TENSOR=\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\" "
     "ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/x.gguf",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a Dockerfile",
     "FROM ghcr.io/ggml-org/llama.cpp:server\n"
     "ENV LLAMA_ARG_CTX_SIZE=4096\n"
     "CMD [\"-m\", \"/m/x.gguf\", \"-ot\", \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\", \"-ot\", "
     "\"exps=CPU\"]\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a Dockerfile's ENV",
     "FROM x\n"
     "ENV LLAMA_ARG_OVERRIDE_TENSOR=\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a systemd unit",
     "[Unit]\n"
     "Description=x\n"
     "[Service]\n"
     "Environment=\"CUDA_VISIBLE_DEVICES=0,1\"\n"
     "ExecStart=/usr/bin/llama-server -m /m/x.gguf \\\n"
     "  -ot \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\" \\\n"
     "  -ot exps=CPU\n"
     "Restart=always\n"
     "[Install]\n"
     "WantedBy=x\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a systemd unit, unquoted",
     "[Service]\n"
     "ExecStart=/usr/bin/llama-server -m /m/x.gguf -ot blk\\.(1|2)\\.ffn_.*_exps=CUDA0 -ot "
     "exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a systemd unit's environment",
     "[Service]\n"
     "Environment=\"LLAMA_ARG_OVERRIDE_TENSOR=blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\"\n"
     "ExecStart=/usr/bin/llama-server -m /m/x.gguf\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a podman quadlet",
     "[Container]\n"
     "Image=ghcr.io/ggml-org/llama.cpp:server\n"
     "Exec=-m /m/x.gguf -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"llama-swap macros",
     "macros:\n"
     "  \"base\": llama-server --port ${PORT} -ngl 99\n"
     "  \"ot\": -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "models:\n"
     "  \"k\":\n"
     "    cmd: |\n"
     "      ${base} -m /m/x.gguf\n"
     "      ${ot}\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a pod",
     "containers:\n"
     "- name: llama\n"
     "  image: x\n"
     "  command: [\"/app/llama-server\"]\n"
     "  args:\n"
     "  - \"-m\"\n"
     "  - \"/m/x.gguf\"\n"
     "  - \"-ot\"\n"
     "  - 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0'\n"
     "  - \"-ot\"\n"
     "  - \"exps=CPU\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"flags in a shell variable",
     "#!/bin/bash\n"
     "OT='-ot blk\\.(1|2)\\.ffn_.*_exps=CUDA0 -ot exps=CPU'\n"
     "./llama-server -m $MODEL $OT\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a value in a shell variable",
     "OT=\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\"\n"
     "./llama-server -m $MODEL -ot \"$OT\" -ot \"exps=CPU\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"an array that grows",
     "ARGS=(-m x)\n"
     "ARGS+=(-ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0')\n"
     "ARGS+=(-ot exps=CPU)\n"
     "exec ./llama-server \"${ARGS[@]}\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"export",
     "export LLAMA_ARG_OVERRIDE_TENSOR='blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU'\n"
     "./llama-server -m x.gguf\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"PowerShell's environment",
     "$env:LLAMA_ARG_OVERRIDE_TENSOR = \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\"\n"
     ".\\llama-server.exe -m x.gguf\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"set",
     "set LLAMA_ARG_OVERRIDE_TENSOR=blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\n"
     "llama-server.exe -m x.gguf\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"--flag=value",
     "llama-server --override-tensor=\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" "
     "--override-tensor=exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a sentence with back quotes",
     "I use `-ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU` and it works.",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a sentence", "Just add -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\", -ot \"exps=CPU\", and go.",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a quoted message",
     "> llama-server -m x \\\n"
     "> -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\\n"
     "> -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"lines whose ends were lost",
     "llama-server \\ -m x.gguf \\ -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\ -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"carriage returns",
     "llama-server -m x \\\r\n"
     " -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\\r\n"
     " -ot exps=CPU\r\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"llama-swap, in quotes",
     "models:\n"
     "  k:\n"
     "    cmd: 'llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU'\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"items of a YAML list alone",
     "- \"-ot\"\n"
     "- \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\"\n"
     "- \"-ot\"\n"
     "- exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a preset",
     "[x]\n"
     "model = /m/x\n"
     "override-tensor = blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a preset without a section",
     "override-tensor = blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\n"
     "n-gpu-layers = 99\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a preset in one line",
     "[preset.ini] n-gpu-layers = 99 / override-tensor = blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a TOML list",
     "args = [\n"
     "  \"-m\", \"x\",\n"
     "  \"-ot\", 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0',\n"
     "  \"-ot\", \"exps=CPU\",\n"
     "]\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a command in a text of Python",
     "cmd = f\"llama-server -m {m} -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' -ot exps=CPU\"\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"os.system",
     "os.system(\"llama-server -m x -ot \\\"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\\\" -ot "
     "exps=CPU\")\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a settings form", "extra-flags: \"override-tensor=exps=CPU\"", "exps=CPU"},
    {"NixOS",
     "services.llama-cpp.extraFlags = [ \"-ngl\" \"99\" \"-ot\" "
     "\"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\" \"-ot\" \"exps=CPU\" ];",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"tmux",
     "tmux new -d -s llama \"llama-server -m x -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' -ot "
     "exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"bash -c", "bash -c \"llama-server -m x -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' -ot exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"ssh", "ssh host 'llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU' ",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"the history", "  501  llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a pipe",
     "time CUDA_VISIBLE_DEVICES=0 taskset -c 0-15 ./build/bin/llama-cli -m x -ot "
     "\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU 2>&1 | tee log",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"two commands, the second with rules",
     "Before:\n"
     "```\n"
     "llama-server -m x -ngl 99\n"
     "```\n"
     "After:\n"
     "```\n"
     "llama-server -m x -ngl 99 -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "```\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a comment in back quotes",
     "llama-server \\\n"
     " -m x \\\n"
     " -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" `# gpu` \\\n"
     " -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a settings line", "llama_args: -ngl 99 -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"llama-bench", "llama-bench -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0;exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a Markdown table",
     "| config | t/s |\n"
     "|---|---|\n"
     "| `-ot \"blk\\.(1\\|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU` | 12 |\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"PowerShell without .exe",
     ".\\llama-server -m x.gguf -ot blk\\.(1|2)\\.ffn_.*_exps=CUDA0 -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"Start-Process",
     "Start-Process llama-server.exe -ArgumentList \"-m x -ot 'blk\\.(1|2)\\.ffn_.*_exps=CUDA0' "
     "-ot exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a word processor's dashes",
     "llama-server \xe2"
     "\x80"
     "\x94"
     "model x.gguf \xe2"
     "\x80"
     "\x94"
     "ot \xe2"
     "\x80"
     "\x9c"
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0\xe2"
     "\x80"
     "\x9d"
     " \xe2"
     "\x80"
     "\x93"
     "override-tensor exps=CPU \xe2"
     "\x80"
     "\x94"
     "no-mmap",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"KoboldCpp",
     "koboldcpp.exe --model x --gpulayers 99 --overridetensors "
     "\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\"",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"Go",
     "exec.Command(\"llama-server\", \"-m\", model, \"-ot\", `blk\\.(1|2)\\.ffn_.*_exps=CUDA0`, "
     "\"-ot\", \"exps=CPU\")",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"Rust",
     "Command::new(\"llama-server\").args([\"-m\", \"x\", \"-ot\", "
     "r\"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\", \"-ot\", \"exps=CPU\"])",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"arguments appended one by one",
     "args.append(\"-ot\")\n"
     "args.append(\"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0\")\n"
     "args += [\"-ot\", \"exps=CPU\"]\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"YAML with an anchor",
     "x-cmd: &c >-\n"
     "  -m /x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "services:\n"
     "  a:\n"
     "    command: *c\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a Makefile",
     "run:\n"
     "\t./llama-server -m x.gguf -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"nohup",
     "nohup ./llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU > log 2>&1 "
     "&\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a shell function",
     "start() {\n"
     "  ./llama-server -m \"$1\" -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "}\n"
     "start x.gguf\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a condition",
     "if [ -f x ]; then ./llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU; "
     "fi",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a here document",
     "cat > run.sh <<EOF\n"
     "./llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "EOF\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a preset with defaults",
     "[*]\n"
     "ngl = 99\n"
     "[a]\n"
     "model = x\n"
     "override-tensor = blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a llamafile", "./x.llamafile -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a keyword argument",
     "llm = Server(model=\"x\", override_tensor=\"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0,exps=CPU\")",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a JSON setting",
     "{\"model\": \"x\", \"override_tensor\": \"blk\\\\.(1|2)\\\\.ffn_.*_exps=CUDA0,exps=CPU\"}",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0,exps=CPU"},
    {"a YAML setting",
     "model: x\n"
     "override_tensor: \"exps=CPU\"\n",
     "exps=CPU"},
    {"a numbered list",
     "1. llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a list with bullets",
     "* -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\"\n"
     "* -ot exps=CPU\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"a question round a command",
     "My command:\n"
     "llama-server -m x \\\n"
     " -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" \\\n"
     " -ot exps=CPU\n"
     "It doesn't work, any idea?\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
    {"apostrophes round a command",
     "It doesn't work for me:\n"
     "llama-server -m x -ot \"blk\\.(1|2)\\.ffn_.*_exps=CUDA0\" -ot exps=CPU\n"
     "That's all\n",
     "blk\\.(1|2)\\.ffn_.*_exps=CUDA0 exps=CPU"},
};

static void add_values(const struct imported *imported, struct strbuf *out)
{
    static const char variable[] = "LLAMA_ARG_OVERRIDE_TENSOR=";
    for (size_t i = 0; i < imported->n_environment; i++) {
        if (strncmp(imported->environment[i], variable, strlen(variable)) == 0) {
            strbuf_add(out, imported->environment[i] + strlen(variable));
        }
    }
    for (size_t i = 0; i + 1 < imported->n_arguments; i++) {
        const char *word = imported->arguments[i];
        if (strcmp(word, "-ot") == 0 || strcmp(word, "--override-tensor") == 0) {
            strbuf_format(out, "%s%s", out->length > 0 ? " " : "", imported->arguments[++i]);
        }
    }
}

Test(import_pastes, give_the_same_rules)
{
    for (size_t i = 0; i < sizeof pastes / sizeof pastes[0]; i++) {
        struct imported imported = {0};
        struct error error = {0};
        struct strbuf values = {0};
        const struct paste *paste = &pastes[i];
        cr_expect(import_text(paste->text, strlen(paste->text), NULL, &imported, &error), "%s: %s",
                  paste->name, error.text);
        add_values(&imported, &values);
        cr_expect_str_eq(strbuf_text(&values), paste->values, "%s", paste->name);
        imported_clear(&imported);
        strbuf_clear(&values);
    }
}

static bool has_note(const struct imported *imported, const char *words)
{
    for (size_t i = 0; i < imported->n_notes; i++) {
        if (strstr(imported->notes[i].text, words) != NULL) {
            return true;
        }
    }
    return false;
}

Test(import_pastes, what_was_read_otherwise_than_a_shell_would_is_said)
{
    static const struct {
        const char *text, *note;
    } notes[] = {
        {"llama-server -ot \xe2\x80\x9c"
         "exps=CPU\xe2\x80\x9d",
         "typographic quotes"},
        {"llama-server ---override-tensor exps=CPU", "is read as --override-tensor"},
        {"# llama-server -ot exps=CPU", "read as if they were not"},
        {"EXTRA_ARGS=-ot exps=CPU", "flags in the variable"},
    };
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        struct imported imported = {0};
        cr_assert(import_text(notes[i].text, strlen(notes[i].text), NULL, &imported, NULL));
        cr_expect(has_note(&imported, notes[i].note), "%s", notes[i].text);
        imported_clear(&imported);
    }
}

#compdef otplan
_arguments -s \
    '1: :_alternative "commands:command:(plan tensors devices overrides export compare report verify probe doctor run watch calibrate shop demo)" "files:model:_files"' \
    '--devices[describe the devices]:device file:_files' \
    '*--rig[a machine in words]:machine' \
    '--rigs[a list of machines]:file:_files' \
    '--auto=-[let otplan place]::strategy:(speed balance experts-cpu aggressive context fit)' \
    '--import[take the placement from a file]:file:_files' \
    '--depth[tokens already in the cache]:tokens' \
    '--commands[run commands from a file]:file:_files' \
    '--llama-bin[where llama.cpp is]:folder:_directories' \
    '*--env[look into a Python environment]:folder:_directories' \
    '--config[settings file]:file:_files' \
    '--dry-run[save no files]' \
    '--reset[forget what calibrate found]' \
    '--plan[open a plan document]:plan:_files' \
    '--target[program the plan is for]:program:(llama-server llama-cli llama-bench llama-fit-params)' \
    '--json[machine-readable output]' \
    '--format[export format]:format:(args ot lines script env ini json bench ik kobold llama-swap md svg html ansi)' \
    '(-o --output)'{-o,--output}'[write to a file]:file:_files' \
    '--force[overwrite]' \
    '--save[write a device file]:file:_files' \
    '--measure[measure memory bandwidth]' \
    '--interval[between samples]:seconds' \
    '--threshold[alert when less is free]:MiB' \
    '--pid[the server]:process' \
    '--record[keep every sample]:file:_files' \
    '--once[one sample]' \
    '--compare[two recordings or plans side by side]' \
    '--compact[write the rules anew]' \
    '--check[exit 3 where the plan does not fit]' \
    '--ascii[no block characters]' \
    '--color[colours]:when:(auto always never)' \
    '--help[help]' \
    '--version[version]' \
    '--no-mouse[leave the mouse to the terminal]' \
    '-m[model]:model:_files -g "*.gguf"' \
    '-c[context size]:tokens' \
    '-ngl[layers on devices]:layers' \
    '-ts[split over devices]:proportions' \
    '*-ot[override: PATTERN=BUFFER]:override' \
    '-cmoe[all experts on the CPU]' \
    '-ncmoe[experts of the first N layers on the CPU]:layers' \
    '-ctk[K cache type]:type:(f32 f16 bf16 q8_0 q4_0 q4_1 iq4_nl q5_0 q5_1)' \
    '-ctv[V cache type]:type:(f32 f16 bf16 q8_0 q4_0 q4_1 iq4_nl q5_0 q5_1)' \
    '*:file:_files'

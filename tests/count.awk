# Reads the output of `ctest --verbose` and prints three numbers: passed, failed, skipped. A Criterion
# program counts as its tests, any other entry as one. What failed, with its output, and what was skipped,
# with its reason, go to the file named by `report`.

function entry_of(line) {
    match(line, /#[0-9]+/)
    return substr(line, RSTART + 1, RLENGTH - 1) + 0
}

function number_after(line, label) {
    return match(line, label ": [0-9]+") ? substr(line, RSTART + length(label) + 2, RLENGTH - length(label) - 2) + 0 : 0
}

/^[0-9]+: / {
    entry = $1 + 0
    text = $0
    sub(/^[0-9]+: /, "", text)
    # Of a leak the first stack says enough.
    if (text ~ /^Indirect leak/)
        dropping[entry] = 1
    if (!dropping[entry])
        output[entry] = output[entry] "    " text "\n"
    if (text == "")
        dropping[entry] = 0
    if (text ~ /^\[SKIP\]/) {
        skips[entry]++
        print "skipped: " substr(text, 8) > report
    }
    if (text ~ /^skipped: /)
        reason[entry] = text
    if (text ~ /^\[====\] Synthesis: Tested: /) {
        criterion[entry] = 1
        passes[entry] = number_after(text, "Passing")
        fails[entry] = number_after(text, "Failing") + number_after(text, "Crashing")
    }
}

/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    entry = entry_of($0)
    good = $0 ~ / Passed +[0-9.]+ sec/
    omitted = $0 ~ /\*\*\*Skipped/
    passed += passes[entry]
    failed += fails[entry]
    skipped += skips[entry]
    if (omitted) {
        skipped++
        print (reason[entry] != "" ? reason[entry] : "skipped: " $4) > report
    } else if (good && !criterion[entry]) {
        passed++
    } else if (!good) {
        # A leak, a crash before the summary or a time limit fails the program and none of its tests.
        if (!fails[entry])
            failed++
        print "failed: " $0 "\n" output[entry] > report
    }
}

END { print passed + 0, failed + 0, skipped + 0 }

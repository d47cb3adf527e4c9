#!/bin/sh
# Runs every fuzz target for SECONDS seconds; ends with 1 and names the input if one crashes.
#
# usage: run.sh SECONDS [TARGET...]
#
# Needs a C++ compiler and the stable toolchain. The host is named as target so that build scripts
# and procedural macros are not instrumented. New inputs go to target/corpus/TARGET, crashes to
# target/crashes/TARGET; run one again with target/HOST/release/TARGET FILE.
set -eu

seconds=${1:?usage: run.sh SECONDS [TARGET...]}
case $seconds in *[!0-9]* | 0) echo "run.sh: SECONDS is a whole number above 0" >&2; exit 2 ;; esac
shift
[ $# -gt 0 ] || set -- nifti gzip dicom dicom_tree

cd "$(dirname "$0")"
host=$(rustc -vV | sed -n 's/^host: //p')
target_folder=${CARGO_TARGET_DIR:-target}
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="--cfg fuzzing $coverage -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks" \
    cargo build --release --locked --target "$host" --target-dir "$target_folder"

fuzz() {
    target=$1
    corpus=$target_folder/corpus/$target
    crashes=$target_folder/crashes/$target
    mkdir -p "$corpus" "$crashes"
    log=$crashes/log
    # An input of 64 KiB takes milliseconds; one that takes 10 s is a defect too. Single large
    # allocations are stopped by the allocator in src/lib.rs.
    if "$target_folder/$host/release/$target" "$corpus" "seeds/$target" \
        -max_total_time="$seconds" -max_len=65536 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$crashes/" >"$log" 2>&1
    then
        echo "== $target, $seconds s"
        grep -E '^(Done|stat::|#[0-9]+.DONE)' "$log"
    else
        tail -n 40 "$log"
        input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        echo "$target: crashed on ${input:-an input that was not kept, see $log}" >&2
        return 1
    fi
}

# Two at a time, each on a processor of its own.
failed=""
while [ $# -gt 0 ]; do
    fuzz "$1" &
    first=$!
    if [ $# -gt 1 ]; then
        fuzz "$2" || failed="$failed $2"
    fi
    wait "$first" || failed="$failed $1"
    shift
    [ $# -eq 0 ] || shift
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi

#!/bin/sh
# Runs every target for the minutes named, one after the other; goes on after a finding and says at the end which had one.
set -u
cd "$(dirname "$0")"
seconds=$((${1:-1} * 60))
found=
export RUSTC_BOOTSTRAP=1
cargo fuzz build -s none || exit 1
for target in $(cargo fuzz list); do
    mkdir -p "corpus/$target"
    cargo fuzz run -s none "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 || found="$found $target"
done
[ -z "$found" ] || { echo "findings:$found" >&2; exit 1; }

# What the benchmarks share: sourced at their beginning, in the project's root.
# PROFILE=dev builds in less time, for what is counted and not timed.
profile=${PROFILE:-release}
built=${CARGO_TARGET_DIR:-target}/$(echo "$profile" | sed 's/^dev$/debug/')
cargo build --quiet --profile "$profile" --locked --bin sipctl
sipctl=$built/sipctl
runs=${RUNS:-7}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SIPCTL_STATE=$work/state SIPCTL_CONFIG=/dev/null
export SIPCTL_STATE SIPCTL_CONFIG
# measure PROGRAM ARGS: prints `CPU-ms wall-ms peak-KiB`.
cc -O2 -o "$work/measure" tests/bench/measure.c

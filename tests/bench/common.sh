# What the benchmarks share: sourced at their beginning, in the project's root.
# PROFILE=dev builds in less time, for what is counted and not timed.
profile=${PROFILE:-release}
built=${CARGO_TARGET_DIR:-target}/$(echo "$profile" | sed 's/^dev$/debug/')
cargo build --quiet --profile "$profile" --locked --bin sipctl
sipctl=$built/sipctl
runs=${RUNS:-7}
work=$(mktemp -d)
started=
# A shell that is killed runs no trap of EXIT.
trap 'exit 1' HUP INT TERM
trap '[ -z "$started" ] || kill $started 2> /dev/null; wait; rm -rf "$work"' EXIT
SIPCTL_STATE=$work/state SIPCTL_CONFIG=/dev/null
export SIPCTL_STATE SIPCTL_CONFIG
# measure PROGRAM ARGS: prints `CPU-ms wall-ms peak-KiB`.
cc -O2 -o "$work/measure" tests/bench/measure.c

lab=${XDG_CACHE_HOME:-$HOME/.cache}/sipctl-lab/asterisk-22

# engine: as root starts an Asterisk of the lab in folders of its own below /tmp, which it sees at the same
# path; its configuration is in $etc.
engine() {
    etc=$work/etc
    mkdir -p "$etc" "$work/run" "$work/log" "$work/spool/tmp" "$work/lib"
    for file in tests/lab/base/*; do sed "s/@PORT@/$((20000 + $$ % 10000))/" "$file" > "$etc/${file##*/}"; done
    cat > "$etc/asterisk.conf" << END
[directories]
astetcdir => $etc
astvarlibdir => $work/lib
astdbdir => $work/lib
astkeydir => $work/lib
astdatadir => /usr/share/asterisk
astspooldir => $work/spool
astrundir => $work/run
astlogdir => $work/log
END
    SIPCTL_LAB_ROOT=$lab tests/lab/asterisk -f -C "$etc/asterisk.conf" > "$work/said" 2>&1 &
    started="$started $!"
    until console 'core waitfullybooted' && grep -q 'fully booted' "$work/answer"; do sleep 0.1; done
}

# console COMMAND: what the engine says of it, in $work/answer.
console() { SIPCTL_LAB_ROOT=$lab tests/lab/asterisk -C "$etc/asterisk.conf" -rx "$1" > "$work/answer" 2>&1; }

# What the scripts of this project share: a tool that is there, or how to get it.

# need PROGRAM PACKAGE: the program is on PATH, else its package is installed.
need() {
    command -v "$1" >/dev/null 2>&1 || install_package "$2"
}

# need_file FILE PACKAGE
need_file() {
    [ -e "$1" ] || install_package "$2"
}

install_package() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: $1; as root: apt-get install $1" >&2
        exit 1
    fi
    # A new machine has no list of packages yet.
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1" >/dev/null 2>&1 ||
        { apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1" >/dev/null; }
}

cargo_is_new() {
    version=$(cargo --version 2>/dev/null | cut -d' ' -f2)
    minor=$(echo "${version:-0.0}" | cut -d. -f2)
    [ "${minor:-0}" -ge 89 ]
}

# find_cargo: a cargo of at least 1.89 with clippy and rustfmt on PATH; rustup from apt where the
# suite has it.
find_cargo() {
    [ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"
    export PATH
    if ! cargo_is_new; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -q >/dev/null
            need_file /etc/ssl/certs/ca-certificates.crt ca-certificates
            if apt-get install -q -y --no-install-recommends rustup >/dev/null 2>&1; then
                rustup toolchain install stable --profile minimal --component clippy --component rustfmt
                rustup default stable
            fi
        fi
    fi
    if ! cargo_is_new; then
        echo "missing: Rust 1.89 or newer; this Debian has no rustup package: install Rust by rustup, see https://rustup.rs" >&2
        exit 1
    fi
}

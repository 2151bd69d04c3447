# Sourced by build.sh: what a verb needs from the machine, installed by apt when root, else named in one line.

apt_updated=

is_root() { [ "$(id -u)" = 0 ]; }

has_apt() { command -v apt-get >/dev/null 2>&1; }

# The one line a person types to get an apt package.
apt_line() {
    if is_root; then printf 'apt-get install -y %s' "$1"; else printf 'sudo apt-get install -y %s' "$1"; fi
}

library_path() {
    local found
    found=$( (ldconfig -p 2>/dev/null || true) | awk -v name="$1" '$1 == name { print $NF; exit }')
    [ -n "$found" ] && printf '%s' "$found"
}

# True when a binary is on PATH or a shared library (a name with .so in it) is known to the loader.
is_present() {
    case $1 in
        *.so*) library_path "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

apt_install() {
    [ -n "$apt_updated" ] || { apt-get update -qq >&2 || true; apt_updated=yes; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >&2 </dev/null
}

# ensure NAME PACKAGE: NAME is there afterwards, or the result is 1 and what to type has been said.
ensure() {
    local name=$1 package=$2
    ! is_present "$name" || return 0
    if is_root && has_apt; then
        note "$name is missing: installing $package ..."
        if apt_install "$package" && is_present "$name"; then return 0; fi
        note "$name could not be installed by apt."
    fi
    note "$name is missing. To get it: $(apt_line "$package")"
    return 1
}

# ensure_all NAME:PACKAGE...: as ensure, with one call of apt, or one line to type, for all that are missing.
ensure_all() {
    local packages
    packages=$(missing_packages "$@")
    [ -n "$packages" ] || return 0
    if is_root && has_apt; then
        note "Installing $packages ..."
        # Each package is a word.
        # shellcheck disable=SC2086
        if apt_install $packages && [ -z "$(missing_packages "$@")" ]; then return 0; fi
        note "Not all of $packages could be installed by apt."
    fi
    note "Missing: $packages. To get them: $(apt_line "$packages")"
    return 1
}

# A program that tests start servers of. The service that comes with its package is not wanted: no test uses it, and its port may be another's.
ensure_redis() {
    ! is_present redis-server || return 0
    ! is_present valkey-server || return 0
    ensure redis-server redis-server || return 1
    stop_service redis-server
}

# Now, and at the next boot.
stop_service() {
    if [ -d /run/systemd/system ]; then
        systemctl disable --now "$1" >&2 || note "The service $1 could not be stopped."
    elif command -v service >/dev/null 2>&1 && service "$1" status >/dev/null 2>&1; then
        service "$1" stop >&2 || note "The service $1 could not be stopped."
    fi
}

# The packages of those NAME:PACKAGE pairs whose name is not there, each once, on one line.
missing_packages() {
    local pair
    for pair in "$@"; do
        is_present "${pair%%:*}" || printf '%s\n' "${pair#*:}"
    done | sort -u | paste -sd ' ' -
}

sdk_line='curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0'

# The version that global.json resolves to; nothing when there is no SDK that satisfies it.
sdk_version() { dotnet --version 2>/dev/null || true; }

require_sdk() {
    [ -z "$(sdk_version)" ] || return 0
    if is_root && has_apt; then
        note "The .NET 10 SDK is missing: asking apt ..."
        apt_install dotnet-sdk-10.0 || true
        [ -z "$(sdk_version)" ] || return 0
    fi
    die "the .NET 10 SDK is missing. To get it: $sdk_line"
}

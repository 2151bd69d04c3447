# Sourced by build.sh: a fingerprint of the sources, so that a build with nothing to do costs nothing.

hash_of() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# Every file that is tracked or could be, NUL-separated; without git, everything outside the output folders.
source_files() {
    { [ -e .git ] && git ls-files -z --cached --others --exclude-standard 2>/dev/null; } ||
        find . \( -name bin -o -name obj -o -name artifacts -o -name .git \) -prune -o -type f -print0
}

fingerprint() {
    {
        printf '%s\n' "$config" "${CI:-}" "$(sdk_version)"
        cat "$dependency_set_file" 2>/dev/null
        feed_content
        source_files | sort -z | xargs -0 cksum 2>/dev/null || true # a file deleted but still tracked is a change like any other
    } | hash_of
}

stamp_name() { printf '%s' "$1" | tr '/' '-'; }

stamp_file() { printf '%s/stamps/%s' "$artifacts" "$(stamp_name "$1")"; }

# Nothing changed since the last good build of this target, and its output is still there.
is_built() {
    local stamp
    stamp=$(stamp_file "$1")
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && has_output "$1"
}

has_output() {
    case $1 in
        *.sln) local project; for project in $(test_projects); do [ -f "$(test_binary "$project")" ] || return 1; done ;;
        *) [ -f "$(output_of "$1")" ] ;;
    esac
}

# What a project builds, named after the project unless it says otherwise.
output_of() {
    local name
    name=$(sed -n 's:.*<AssemblyName>\(.*\)</AssemblyName>.*:\1:p' "$1")
    printf '%s/bin/%s/%s/%s.dll' "$(dirname "$1")" "$config" "$framework" "${name:-$(basename "$1" .csproj)}"
}

mark_built() {
    mkdir -p "$artifacts/stamps"
    fingerprint >"$(stamp_file "$1")"
}

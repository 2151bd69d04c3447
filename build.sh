#!/usr/bin/env bash
# Builds, tests, measures, packs and shows DashStream.Providers. Run it without a verb for help.
set -euo pipefail

caller_dir=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en
# Debian keeps ldconfig out of an ordinary user's PATH; dotnet-install.sh puts the SDK where PATH does not look.
export PATH="$PATH:/usr/sbin:/sbin:${DOTNET_ROOT:-$HOME/.dotnet}"

solution=DashStream.Providers.sln
config=Release
framework=net10.0
artifacts=$root/artifacts

source eng/requirements.sh
source eng/dependency-set.sh
source eng/stamp.sh
source eng/librdkafka.sh
source eng/test.sh
source eng/doctor.sh

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

help() {
    cat <<'TEXT'
usage: ./build.sh VERB

  demo [RUNS.json]   record a small agent run (or recorded runs) into SQLite, read it back by a group, print its timeline
  test [--deep]      build and run every test; ends with "N passed, N failed, N skipped". --deep runs the long ones too
  bench [ARGS]       run the measurements: list | run [FILTER] [--rounds N] [--quick] [--long] [--out FILE]; results in artifacts/bench
  dashstream ARGS    run the command-line tool of src/Cli
  pack               make the NuGet packages in artifacts/packages
  doctor             say what this machine has and lacks, and how to get it

The .NET 10 SDK is enough for demo. What test needs beyond it is installed by apt when run as root, else named.
TEXT
}

main() {
    local verb=${1:-help}
    [ $# -eq 0 ] || shift
    case $verb in
        demo) demo "$@" ;;
        test) run_tests "$@" ;;
        bench) bench "$@" ;;
        dashstream) dashstream "$@" ;;
        pack) pack "$@" ;;
        doctor) doctor "$@" ;;
        help | -h | --help) help ;;
        *) help >&2; die "unknown verb '$verb'" ;;
    esac
}

# A quiet build of one project or solution, skipped when no source changed since the last one that succeeded.
build() {
    local target=$1 log
    log=$artifacts/logs/$(stamp_name "$target").log
    mkdir -p "$artifacts/logs"
    ! is_built "$target" || return 0
    note "Building $target ..."
    if ! dotnet build "$target" -c "$config" -nologo -v q >"$log" 2>&1; then
        cat "$log" >&2
        note "build.sh: building $target failed; the lines above are also in ${log#"$root"/}"
        return 1
    fi
    grep -i 'warning [A-Z]' "$log" >&2 || true
    mark_built "$target"
}

# Runs what a console project has built, in the folder the caller stands in, so that relative paths mean what they say there.
run_built() {
    local program
    program=$root/$(output_of "$1")
    shift
    (cd "$caller_dir" && exec dotnet "$program" "$@")
}

demo() {
    local project=samples/AgentDemo/AgentDemo.csproj
    require_sdk
    choose_dependency_set
    # Only this one needs a Kafka client.
    case " $* " in
        *' kafka:'*)
            project=samples/AgentDemo.Kafka/AgentDemo.Kafka.csproj
            provide_librdkafka
            ;;
    esac
    build "$project"
    run_built "$project" "$@"
}

bench() {
    local project=bench/DashStream.Bench.csproj
    [ -f "$project" ] || die "$project is not there"
    require_sdk
    choose_dependency_set
    provide_librdkafka
    use_neighbouring_kafka
    build "$project"
    run_built "$project" "$@"
}

dashstream() {
    local project=src/Cli/DashStream.Cli.csproj
    require_sdk
    choose_dependency_set
    provide_librdkafka
    build "$project"
    run_built "$project" "$@"
}

pack() {
    require_sdk
    choose_dependency_set
    provide_librdkafka
    rm -rf "$artifacts/packages"
    dotnet pack "$solution" -c "$config" -nologo -v q -o "$artifacts/packages"
    ls -1 "$artifacts/packages"
}

main "$@"

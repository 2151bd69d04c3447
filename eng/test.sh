# Sourced by build.sh: runs every test project and adds up what the runner reported.

# A test project is one that references the test adapter, wherever it lives.
test_projects() {
    grep -l --include='*.csproj' --exclude-dir={bin,obj,artifacts,.git} -r 'Include="MSTest.TestAdapter"' . | sed 's:^\./::' | sort
}

test_binary() { printf '%s/bin/%s/%s/%s.dll' "$(dirname "$1")" "$config" "$framework" "$(basename "$1" .csproj)"; }

run_tests() {
    read_test_options "$@"
    trap print_sums EXIT
    require_sdk
    choose_dependency_set
    provide_librdkafka
    # A library that stays missing has been named; the tests that need it say so themselves.
    ensure libzstd.so.1 libzstd1 || true
    ensure liblz4.so.1 liblz4-1 || true
    use_neighbouring_kafka
    [ -z "${KAFKA_HOME:-}${DASHSTREAM_KAFKA:-}" ] || ensure kcat kcat || true
    [ -n "${DASHSTREAM_REDIS:-}" ] || ensure_redis || true
    build "$solution"
    run_projects
}

passed=0 failed=0 skipped=0

# The last line, however the run ends: a build machine reads it.
print_sums() { say "$passed passed, $failed failed, $skipped skipped"; }

read_test_options() {
    local option
    for option in "$@"; do
        case $option in
            --deep) export DASHSTREAM_DEEP=1 ;;
            *) die "test takes --deep and nothing else, not '$option'" ;;
        esac
    done
}

use_neighbouring_kafka() {
    [ -z "${KAFKA_HOME:-}" ] && [ -d ../shared/kafka ] || return 0
    KAFKA_HOME=$(cd ../shared/kafka && pwd)
    export KAFKA_HOME
}

run_projects() {
    local project crashed=0 results=$artifacts/test
    rm -rf "$results"
    mkdir -p "$results"
    export DASHSTREAM_REPORT_DIR=${DASHSTREAM_REPORT_DIR:-$results}
    for project in $(test_projects); do
        run_project "$project" "$results" || crashed=$((crashed + 1))
    done
    report "$results" "$crashed"
}

# Fails only when the run itself went wrong: failed tests are counted from the results file.
run_project() {
    local project=$1 results=$2 name old code=0
    name=$(basename "$project" .csproj)
    say "== $name"
    cores "$project" | while read -r old; do rm -f "$old"; done
    # The system's own dump: a fault on a native thread that blocks signals, as librdkafka's do, gets past .NET, its dumps and the system's log.
    (
        ulimit -c unlimited 2>/dev/null || true
        exec dotnet test "$(test_binary "$project")" --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
            --logger 'console;verbosity=minimal' --blame-hang-timeout 15m --blame-hang-dump-type none </dev/null 2>&1
    ) | grep --line-buffered -vE "$runner_noise" || code=$?
    keep_cores "$project" "$results/$name"
    [ "$code" = 0 ] || ended_with_failed_tests "$results/$name.trx" || {
        note "$name did not finish its run (exit code $code)."
        return 1
    }
}

# The system's dumps of processes that died of a signal, beside the tests that started them.
cores() { find "$(dirname "$(test_binary "$1")")" -maxdepth 1 -type f \( -name core -o -name 'core.[0-9]*' \); }

# keep_cores PROJECT TARGET
keep_cores() {
    local core file
    while read -r core; do
        file=$2.$(basename "$core")
        mv "$core" "$file"
        note "A process of these tests died of a signal: gdb \"\$(command -v dotnet)\" ${file#"$root"/} -ex 'thread apply all bt'"
    done < <(cores "$1")
}

# As against a run that crashed, hung or found no test: its results file lacks what did not get to run.
ended_with_failed_tests() { grep -qs '<UnitTestResult .* outcome="Failed"' "$1" && ! grep -q 'run was aborted' "$1"; }

# The skipped are listed below with their reasons; the rest says nothing about the tests.
runner_noise="^  Skipped |^VSTest version|^Starting test execution|^A total of|^Data collector 'Blame' message: All tests|^Results File:|^$"

# A run that crashed counts as one failure beside what its results file holds. Fails when a test did, and when none passed.
report() {
    local results=$1 crashed=$2
    find "$results" -name '*.trx' -exec awk -v sums="$results/sums" -f eng/test-report.awk {} +
    [ ! -f "$results/sums" ] || read -r passed failed skipped <"$results/sums"
    failed=$((failed + crashed))
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

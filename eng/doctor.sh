# Sourced by build.sh: says what this machine has and, for what it lacks, the one line to type. Installs nothing.

kafka_line='curl -fsSL https://archive.apache.org/dist/kafka/4.1.0/kafka_2.13-4.1.0.tgz | tar xz -C ~ && export KAFKA_HOME=~/kafka_2.13-4.1.0'

doctor() {
    use_neighbouring_kafka
    finding 'SDK' "$(sdk_version)" "$sdk_line" 'everything'
    finding 'DependencySet' "$(dependency_set_finding)" './build.sh test   # says what the package registry answered' 'restoring packages'
    finding 'SQLite' "$(sqlite_finding)" 'dotnet restore' 'the Sqlite provider; comes as a NuGet package'
    finding 'libzstd.so.1' "$(library_path libzstd.so.1)" "$(apt_line libzstd1)" 'compression'
    finding 'liblz4.so.1' "$(library_path liblz4.so.1)" "$(apt_line liblz4-1)" 'LZ4 compression, off by default'
    finding 'redis-server' "$(redis_finding)" "$(apt_line redis-server)" 'tests of the Redis provider'
    finding 'librdkafka' "$(librdkafka_finding)" "$(librdkafka_line)" 'the Kafka provider'
    finding 'java' "$(java_finding)" "$(apt_line openjdk-17-jre-headless)" 'a Kafka broker for tests; 17 or newer'
    finding 'kcat' "$(command -v kcat)" "$(apt_line kcat)" 'tests of the Kafka provider with other clients'
    finding 'KAFKA_HOME' "$(kafka_finding)" "$kafka_line" 'tests of the Kafka provider'
}

# finding NAME WHAT-WAS-FOUND HOW-TO-GET-IT WHAT-FOR
finding() {
    if [ -n "$2" ]; then
        printf '%-14s found    %s\n' "$1" "$2"
    else
        printf '%-14s missing  (for %s) %s\n' "$1" "$4" "$3"
    fi
}

dependency_set_finding() {
    [ -n "$(sdk_version)" ] || return 0
    (choose_dependency_set 2>/dev/null) || return 0
    known_dependency_set
}

sqlite_finding() {
    local folder=${NUGET_PACKAGES:-$HOME/.nuget/packages}/sqlitepclraw.lib.e_sqlite3
    [ ! -d "$folder" ] || printf 'NuGet package sqlitepclraw.lib.e_sqlite3 %s' "$(ls "$folder" | tr '\n' ' ')"
}

librdkafka_finding() {
    local version
    for version in "$librdkafka_version" "$librdkafka_packed"; do
        if [ -d "$(nuget_package "$version")" ] || [ -f "$(feed_package "$version")" ]; then
            printf 'NuGet package librdkafka.redist %s' "$version"
            return
        fi
    done
}

# What stands in the way of building it, if the registry turns out to lack it.
librdkafka_line() {
    local packages
    # Each name is a word.
    # shellcheck disable=SC2086
    packages=$(missing_packages $librdkafka_needs)
    if [ -n "$packages" ] && ! is_root; then
        printf '%s && ./build.sh test' "$(apt_line "$packages")"
    else
        printf './build.sh test   # takes it from the package registry, or builds it once'
    fi
}

# The Java that Kafka's scripts take, when it is new enough for them.
java_finding() {
    local java=java major
    [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
    major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || true
    [ "${major:-0}" -lt 17 ] || printf '%s (%s)' "$major" "$(command -v "$java")"
}

redis_finding() {
    local program
    program=$(command -v redis-server || command -v valkey-server) || return 0
    printf '%s (%s)' "$("$program" --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p')" "$program"
}

kafka_finding() {
    [ ! -x "${KAFKA_HOME:-}/bin/kafka-server-start.sh" ] || printf '%s' "$KAFKA_HOME"
}

# Sourced by build.sh: says what this machine has and, for what it lacks, the one line to type. Installs nothing.

kafka_line='curl -fsSL https://archive.apache.org/dist/kafka/4.1.0/kafka_2.13-4.1.0.tgz | tar xz -C ~ && export KAFKA_HOME=~/kafka_2.13-4.1.0'

doctor() {
    use_neighbouring_kafka
    finding 'SDK' "$(sdk_version)" "$sdk_line" 'everything'
    finding 'DependencySet' "$(dependency_set_finding)" './build.sh test   # says what the package registry answered' 'restoring packages'
    finding 'SQLite' "$(sqlite_finding)" 'dotnet restore' 'the Sqlite provider; comes as a NuGet package'
    finding 'libzstd.so.1' "$(library_path libzstd.so.1)" "$(apt_line libzstd1)" 'compression'
    finding 'liblz4.so.1' "$(library_path liblz4.so.1)" "$(apt_line liblz4-1)" 'LZ4 compression, off by default'
    finding 'redis-server' "$(command -v redis-server)" "$(apt_line redis-server)" 'tests of the Redis provider'
    finding 'java' "$(command -v java)" "$(apt_line openjdk-17-jre-headless)" 'a Kafka broker for tests'
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

kafka_finding() {
    [ ! -x "${KAFKA_HOME:-}/bin/kafka-server-start.sh" ] || printf '%s' "$KAFKA_HOME"
}

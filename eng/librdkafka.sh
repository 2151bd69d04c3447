# Sourced by build.sh: the native half of Confluent.Kafka. Where the package registry lacks librdkafka.redist, librdkafka is built
# once from source and packed into artifacts/feed, a package source that Directory.Build.props adds when it is there.

librdkafka_version=2.15.1
# Four parts: satisfies what Confluent.Kafka asks for, and is never chosen where 2.15.1 itself can be had.
librdkafka_packed=$librdkafka_version.1
# Without the library, so that everything but Kafka still restores, builds and runs.
librdkafka_empty=$librdkafka_version.2
# An npm package that carries the whole source of that version of librdkafka.
librdkafka_source=@confluentinc/kafka-javascript@1.10.1
librdkafka_source_sha256=ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66
librdkafka_needs='npm:npm gcc:build-essential g++:build-essential make:build-essential pkg-config:pkg-config python3:python3
    libssl.so:libssl-dev libsasl2.so:libsasl2-dev libcurl.so:libcurl4-openssl-dev libzstd.so:libzstd-dev libz.so:zlib1g-dev'

feed=$artifacts/feed
librdkafka_work=$artifacts/librdkafka

# What the solution references can be restored afterwards; asks nothing of a machine whose registry holds the real package.
provide_librdkafka() {
    grep -q 'Include="Confluent.Kafka"' Directory.Packages.props || return 0
    ! has_librdkafka || return 0
    if reuse_librdkafka || build_librdkafka; then
        forget_empty_librdkafka
    else
        note "Going on without librdkafka: the tests of the Kafka provider will be skipped."
        pack_librdkafka "$librdkafka_empty" ''
    fi
}

has_librdkafka() {
    [ -d "$(nuget_package "$librdkafka_version")" ] || [ -f "$(feed_package "$librdkafka_packed")" ] || librdkafka_restores
}

feed_package() { printf '%s/librdkafka.redist.%s.nupkg' "$feed" "$1"; }

nuget_package() { printf '%s/librdkafka.redist/%s' "${NUGET_PACKAGES:-$HOME/.nuget/packages}" "$1"; }

# Leaves the package in NuGet's own folder when the registry holds it, so this is asked once.
librdkafka_restores() {
    local folder=$probe_dir/librdkafka
    mkdir -p "$folder"
    cat >"$folder/Probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="librdkafka.redist" Version="[$librdkafka_version]" />
  </ItemGroup>
</Project>
XML
    ! restore_probe "$folder/Probe.csproj" "$folder/obj/" "$folder/restore.log" || return 0
    die_when_registry_is_silent "$folder/restore.log"
    return 1
}

# Built earlier for another clone on this machine.
reuse_librdkafka() {
    local package
    package=$(nuget_package "$librdkafka_packed")/librdkafka.redist.$librdkafka_packed.nupkg
    [ -f "$package" ] && ! ldd "$(dirname "$package")/runtimes"/*/native/librdkafka.so 2>/dev/null | grep -q 'not found' || return 1
    mkdir -p "$feed"
    cp "$package" "$feed/"
}

build_librdkafka() {
    local log=$artifacts/logs/librdkafka.log
    [ "$(uname -s)" = Linux ] || { note "The package registry lacks librdkafka.redist, and it can be built on Linux only."; return 1; }
    # Each name is a word.
    # shellcheck disable=SC2086
    ensure_all $librdkafka_needs || return 1
    note "The package registry lacks librdkafka.redist: building librdkafka $librdkafka_version (once, one to three minutes) ..."
    mkdir -p "$artifacts/logs"
    rm -rf "$librdkafka_work"
    if fetch_librdkafka >"$log" 2>&1 && compile_librdkafka >>"$log" 2>&1; then
        pack_librdkafka "$librdkafka_packed" "$librdkafka_work/librdkafka.so" && rm -rf "$librdkafka_work"
    else
        tail -n 15 "$log" >&2
        note "Building librdkafka failed; all of it is in ${log#"$root"/}"
        return 1
    fi
}

fetch_librdkafka() {
    local archive
    mkdir -p "$librdkafka_work"
    archive=$librdkafka_work/$(cd "$librdkafka_work" && npm pack --silent "$librdkafka_source") || return 1
    [ "$(hash_of <"$archive")" = "$librdkafka_source_sha256" ] || { note "$librdkafka_source is not the file it was."; return 1; }
    tar xzf "$archive" -C "$librdkafka_work" --strip-components=2 package/deps/librdkafka
}

# The C library alone, without symbols.
compile_librdkafka() {
    (
        cd "$librdkafka_work/librdkafka" &&
            ./configure --disable-debug-symbols --enable-sasl --enable-ssl --enable-curl --enable-zstd --enable-zlib --disable-lz4-ext &&
            make -j"$(nproc)" -C src librdkafka.so.1 &&
            strip --strip-unneeded -o ../librdkafka.so src/librdkafka.so.1
    )
}

# pack_librdkafka VERSION LIBRARY
pack_librdkafka() {
    local log=$artifacts/logs/librdkafka-pack.log
    mkdir -p "$feed" "$artifacts/logs"
    dotnet pack eng/librdkafka/librdkafka.redist.csproj -c Release -nologo -v q -o "$feed" -p:Version="$1" -p:NativeLibrary="$2" \
        -p:Licences="$librdkafka_work/librdkafka/LICENSES.txt" -p:BaseIntermediateOutputPath="$artifacts/librdkafka-obj/" >"$log" 2>&1 ||
        { cat "$log" >&2; return 1; }
}

# A restore that chose the empty package would go on choosing it.
forget_empty_librdkafka() { rm -rf "$(feed_package "$librdkafka_empty")" "$(nuget_package "$librdkafka_empty")"; }

# Part of the build's fingerprint.
feed_content() { ls -1 "$feed" 2>/dev/null || true; }

# Sourced by build.sh: finds out which versions this machine's package registry can restore (see Directory.Packages.props)
# and leaves the answer in eng/DependencySet.props, where Directory.Build.props picks it up.

dependency_set_file=eng/DependencySet.props
probe_dir=$artifacts/probe

packages_hash() { hash_of <Directory.Packages.props; }

known_dependency_set() {
    grep -qs "Directory.Packages.props $(packages_hash) " "$dependency_set_file" || return 1
    sed -n 's:.*<DependencySet>\(.*\)</DependencySet>.*:\1:p' "$dependency_set_file"
}

# Asks the registry once for each edit of Directory.Packages.props. The full set is tried first; partial is taken only when
# the registry answered that something of the full set is not there and everything of the partial set is.
choose_dependency_set() {
    local set
    ! known_dependency_set >/dev/null || return 0
    note "Finding out which package versions the registry holds ..."
    for set in full partial; do
        if probe "$set"; then
            write_dependency_set "$set"
            note "DependencySet: $set"
            return 0
        fi
        die_when_registry_is_silent "$probe_dir/$set.log"
    done
    cat "$probe_dir"/{full,partial}.log >&2
    die "the package registry answers, but restores neither the full nor the partial set of Directory.Packages.props; the lines above name what it lacks."
}

# Restores a throw-away project that references what tells the sets apart: each PackageVersion marked with OnlyIn.
probe() {
    local set=$1
    mkdir -p "$probe_dir"
    write_probe "$set" >"$probe_dir/Probe.csproj"
    restore_probe "$probe_dir/Probe.csproj" "$probe_dir/$set/" "$probe_dir/$set.log" -p:DependencySet="$set"
}

# restore_probe PROJECT OBJ-FOLDER LOG [OPTION]...
restore_probe() {
    local project=$1 folder=$2 log=$3
    shift 3
    # One try each: an absent package is an answer, and a registry that is down should say so at once.
    NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT=1 dotnet restore "$project" -nologo -v q -p:BaseIntermediateOutputPath="$folder" "$@" >"$log" 2>&1
}

die_when_registry_is_silent() {
    grep -qE 'NU1301|NU1302|NU1303' "$1" || return 0
    cat "$1" >&2
    die "the package registry did not answer, so nothing can be restored. Check the network and 'dotnet nuget list source', then run this again."
}

write_probe() {
    local references
    references=$(sed -n 's:.*Include="\([^"]*\)".* OnlyIn="'"$1"'".*:    <PackageReference Include="\1" />:p' Directory.Packages.props)
    [ -n "$references" ] || die "Directory.Packages.props marks no package OnlyIn=\"$1\"."
    printf '<Project Sdk="Microsoft.NET.Sdk">\n  <ItemGroup>\n%s\n  </ItemGroup>\n</Project>\n' "$references"
}

write_dependency_set() {
    cat >"$dependency_set_file" <<XML
<Project>
  <!-- Found by build.sh for Directory.Packages.props $(packages_hash) ; delete this file to ask the registry again. -->
  <PropertyGroup>
    <DependencySet>$1</DependencySet>
  </PropertyGroup>
</Project>
XML
}

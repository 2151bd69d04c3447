#!/usr/bin/env bash
# Prints the C# source files of more than 300 lines, longest first. A guide, not a gate: it never fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

limit=300
find src tests samples bench -name '*.cs' -not -path '*/bin/*' -not -path '*/obj/*' -exec wc -l {} + 2>/dev/null |
    awk -v limit="$limit" '$2 != "total" && $1 > limit { print $1, $2 }' | sort -rn || true

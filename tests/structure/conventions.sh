#!/usr/bin/env bash
# How a header begins: its own path and one sentence, the licence, at most 12 lines on the idea, #pragma once; and that
# whatever it declares stands in the TENON_ABI inline namespace. Long files are only remarked upon.
#   conventions.sh INCLUDE_DIR
set -u
cd "$1" || exit 1
count=0 failed=0
problem() { printf '%s: %s\n' "$file" "$1"; failed=1; }
while IFS= read -r file; do
  count=$((count + 1))
  mapfile -t line <"$file"
  [[ ${line[0]-} =~ ^//\ "$file":\ .+[.!?]$ ]] || problem "line 1 is not '// $file: <one sentence>.' but '${line[0]-}'"
  [ "${line[1]-}" = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" ] || problem "line 2 is not the SPDX line"
  at=2
  while [[ ${line[at]-} == //* ]]; do at=$((at + 1)); done
  [ $((at - 2)) -le 12 ] || problem "$((at - 2)) comment lines before #pragma once; at most 12"
  [ "${line[at]-}" = "#pragma once" ] || problem "line $((at + 1)) is not #pragma once"
  # Without comments, string literals and preprocessor lines (continued ones too) nothing is left of a pure umbrella.
  code=$(sed -e ':join' -e '/\\$/{N;s/\\\n/ /;b join' -e '}' "$file" |
    sed -e 's|//.*||' -e '/^[[:space:]]*#/d' -e '/^[[:space:]]*$/d')
  [ -z "$code" ] || grep -q 'inline namespace TENON_ABI {' <<<"$code" ||
    problem "declares something outside 'inline namespace TENON_ABI {'"
  [ ${#line[@]} -le 400 ] || printf 'note: %s has %d lines; aim below 400\n' "$file" ${#line[@]}
done < <(find tenon -name '*.hpp' | sort)
[ $count -gt 0 ] || { echo "no headers in $1/tenon"; exit 1; }
[ $failed -eq 0 ] && echo "$count headers keep to the conventions"
exit $failed

#!/usr/bin/env bash
# Checks one file that must not compile, and its corrected twin (the same file with TENON_TWIN defined), which must.
#   check.sh FILE COMPILER [FLAGS...]
# The file says what is expected in comment lines of its own:
#   // expect: REGEX       (extended; at least one, each must match within the first lines of the compiler's output)
#   // first_lines: 10     (how many lines those are; 10 if not given)
#   // max_lines: 40       (the whole output stays under this; 40 if not given)
#   // nvcc: yes           (also checked with nvcc, where REGEX may match anywhere and length is not limited)
set -u
file=$1 compiler=$2
shift 2
flags=(-std=c++20 -Wall -Wextra "$@")

setting() { sed -n "s|^// $1: *||p" "$file" | sed 's/[[:space:]]*$//'; }
first_lines=$(setting first_lines)
first_lines=${first_lines:-10}
max_lines=$(setting max_lines)
max_lines=${max_lines:-40}
mapfile -t expected < <(setting expect)
problems=()

case $(basename "$compiler") in
  nvcc*)
    compile=("$compiler" -std=c++20 -x cu -c -o /dev/null "$@")
    first_lines=1000000 max_lines=1000000
    ;;
  *) compile=("$compiler" "${flags[@]}" -fdiagnostics-color=never -fsyntax-only) ;;
esac

[ ${#expected[@]} -gt 0 ] || problems+=("the file has no '// expect: REGEX' line")
grep -q TENON_TWIN "$file" || problems+=("the file has no twin (#ifdef TENON_TWIN)")

output=$("${compile[@]}" "$file" 2>&1)
status=$?
lines=$(printf '%s\n' "$output" | wc -l)
if [ $status -eq 0 ]; then
  problems+=("it compiles, and must not")
else
  for regex in "${expected[@]}"; do
    printf '%s\n' "$output" | head -n "$first_lines" | grep -qE -e "$regex" ||
      problems+=("'$regex' is not in the first $first_lines lines of the error")
  done
  [ "$lines" -lt "$max_lines" ] || problems+=("the error has $lines lines; it must have fewer than $max_lines")
fi

twin_output=$("${compile[@]}" -DTENON_TWIN "$file" 2>&1) || problems+=("the corrected twin does not compile")

if [ ${#problems[@]} -eq 0 ]; then
  echo "as expected: an error of $lines lines, and the twin compiles"
  exit 0
fi
printf 'FAILED %s\n' "$file"
printf '  %s\n' "${problems[@]}"
printf 'with: %s\n' "${compile[*]}"
printf -- '--- the error (%s lines):\n%s\n' "$lines" "$(printf '%s\n' "$output" | head -60)"
[ -z "$twin_output" ] || printf -- '--- the twin:\n%s\n' "$(printf '%s\n' "$twin_output" | head -60)"
exit 1

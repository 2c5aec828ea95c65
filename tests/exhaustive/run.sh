#!/usr/bin/env bash
# Every float through every function of one float: 10 to 30 seconds each on one core, half an hour for all.
#   tests/exhaustive/run.sh                            for this machine's instruction set
#   tests/exhaustive/run.sh --flags "-march=x86-64"    for another one, which this machine must have; references stay
#   tests/exhaustive/run.sh [...] NAME...              some functions
# CXX is the compiler, g++ if it is not set. The status is that of the program (floats.cpp): 0 if all claims hold.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
flags="-march=native"
[ "${1-}" = --flags ] && flags=$2 && shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for unit in functions exacts floats; do
  own="-march=native"
  [ $unit = functions ] && own=$flags
  # shellcheck disable=SC2086
  "${CXX:-g++}" -std=c++20 -O2 -DNDEBUG $own -I "$root/include" -I "$root/tests" -c "$root/tests/exhaustive/$unit.cpp" \
    -o "$work/$unit.o" || exit 2
done
"${CXX:-g++}" "$work"/*.o -o "$work/floats" || exit 2
"$work/floats" "$@"

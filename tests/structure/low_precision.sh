#!/usr/bin/env bash
# Products of narrow numbers on targets other than the one that the tests are compiled for: without VNNI, and with
# AVX-512 BF16 but without AMX. What this processor cannot run is compiled only.
#   low_precision.sh INCLUDE_DIR COMPILER TESTS_DIR DOCTEST_INCLUDE_DIR
set -u
include=$1 compiler=$2 tests=$3 doctest=$4
[ "$(uname -m)" = x86_64 ] || { echo "SKIPPED: names targets of x86-64 only"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=gnu++20 -O1 -DNDEBUG -w -I"$tests" -I"$include")
[ "$doctest" = /usr/include ] || flags+=(-isystem "$doctest")
"$compiler" "${flags[@]}" -O0 -c "$tests/support/main.cpp" -o "$work/main.o" || exit 1
"$compiler" "${flags[@]}" -c "$tests/support/allocations.cpp" -o "$work/allocations.o" || exit 1
ran=0 failed=0
# A target's options, and the processor's features that it takes.
while IFS=: read -r options features; do
  # shellcheck disable=SC2086
  "$compiler" "${flags[@]}" $options "$tests/unit/exec/low_precision.cpp" "$work/main.o" "$work/allocations.o" \
    -o "$work/test" || exit 1
  missing=''
  for feature in $features; do
    grep -qw "$feature" /proc/cpuinfo || missing="$missing $feature"
  done
  if [ -n "$missing" ]; then
    echo "$options: compiled; not run without$missing"
  else
    echo "$options:"
    "$work/test" || failed=1
    ran=$((ran + 1))
  fi
done <<'TARGETS'
-march=x86-64-v3:avx2 fma f16c
-march=x86-64-v4 -mavx512vnni -mavx512bf16:avx512f avx512bw avx512dq avx512vl avx512_vnni avx512_bf16
TARGETS
[ $failed -eq 0 ] && [ $ran -eq 0 ] && { echo "SKIPPED: nothing could be run"; exit 77; }
exit $failed

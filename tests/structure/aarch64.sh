#!/usr/bin/env bash
# The SIMD layer and the engine on 64-bit ARM (NEON): unit tests of them, cross-compiled, pass under emulation.
#   aarch64.sh INCLUDE_DIR TESTS_DIR DOCTEST_INCLUDE_DIR
set -u
include=$1 tests=$2 doctest=$3
compiler=$(type -P aarch64-linux-gnu-g++ || type -P aarch64-linux-gnu-g++-12) ||
  { echo "SKIPPED: no compiler for 64-bit ARM (Debian: g++-aarch64-linux-gnu)"; exit 77; }
emulator=$(type -P qemu-aarch64 || type -P qemu-aarch64-static) ||
  { echo "SKIPPED: no emulator of 64-bit ARM (Debian: qemu-user)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/neon.cpp" <<'CPP'
#include <doctest/doctest.h>
#include <tenon/simd/pack.hpp>
TEST_CASE("packs are NEON's registers") {
  CHECK(TENON_ISA == 128);
  CHECK(tenon::simd::native_lanes<float> == 4);
}
CPP
sources=("$work/neon.cpp" "$tests"/support/*.cpp "$tests"/unit/simd/*.cpp "$tests"/unit/math/{exponential,exp_normal}.cpp
  "$tests"/unit/exec/{contract,small_products}.cpp)
objects=()
for source in "${sources[@]}"; do
  object=$work/${#objects[@]}.o
  level=-O1
  [[ $source == */math/* ]] && level=-O0  # sweeps take fewer numbers where nothing is optimised
  # The host's own headers come last: doctest may lie among them.
  "$compiler" -std=c++20 $level -DNDEBUG -Wall -Wextra -Wno-unused-value -I"$include" -I"$tests" -idirafter "$doctest" \
    -DTENON_SOURCE_DIR="\"$tests/..\"" -c "$source" -o "$object" || { echo "FAILED: $source"; exit 1; }
  objects+=("$object")
done
"$compiler" -static "${objects[@]}" -o "$work/test" || exit 1
"$emulator" "$work/test"

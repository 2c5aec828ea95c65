#!/usr/bin/env bash
# Unit tests for an instruction set that the others are not compiled for (theirs is the machine's own): packs and their
# tails, all elementary functions against their claims, and a little of everything that is built on them.
#   instruction_set.sh NAME INCLUDE_DIR COMPILER TESTS_DIR DOCTEST_INCLUDE_DIR
# NAME is avx2 (multiply-add, no tables), sse2 (plain x86-64: neither) or generic (the compiler's vectors of 16 bytes and
# nothing else: what processors get that the library does not know).
set -u
name=$1 include=$2 compiler=$3 tests=$4 doctest=$5
case $name in
  avx2) options=(-march=haswell) isa=256 features="avx2 fma f16c bmi2 movbe" ;;
  sse2) options=(-march=x86-64) isa=128 features="" ;;
  # The host's own code runs, but the library is not told what it may use.
  generic) options=(-U__SSE2__ -U__ARM_NEON) isa=0 features="" ;;
  *) echo "no such instruction set: $name"; exit 1 ;;
esac
[ "$name" = generic ] || [ "$(uname -m)" = x86_64 ] || { echo "SKIPPED $name: x86-64 only, and this is $(uname -m)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/isa.cpp" <<CPP
#include <doctest/doctest.h>
#include <tenon/math/hardware.hpp>
TEST_CASE("this is $name") {
  CHECK(TENON_ISA == $isa);
#if defined(__x86_64__)
  CHECK(tenon::math::kernel::has_fma == (TENON_ISA >= 256));
#endif
  CHECK(!tenon::math::kernel::has_lookup);
}
CPP
sources=("$work/isa.cpp" "$tests"/support/*.cpp "$tests"/unit/{simd,math}/*.cpp "$tests"/catalogue/pointwise*.cpp)
# Above packs and functions the compilers meet the same code: one of them is enough for it.
"$compiler" --version | grep -q clang ||
  sources+=("$tests"/catalogue/reduction{,_0}.cpp "$tests"/unit/exec/{strided_rows,contract}.cpp "$tests"/unit/ad/tensors.cpp)
flags=(-std=gnu++20 -O1 -DNDEBUG -w "${options[@]}" -I"$tests" -I"$include" -DTENON_SOURCE_DIR="\"$tests/..\""
  -DTENON_TEST_SAMPLES=32768)
"$compiler" --version | grep -q clang || flags+=(-Wno-psabi)
[ "$doctest" = /usr/include ] || flags+=(-isystem "$doctest")
objects=()
for source in "${sources[@]}"; do
  object=$work/${#objects[@]}.o
  "$compiler" "${flags[@]}" -c "$source" -o "$object" || { echo "FAILED: $source"; exit 1; }
  objects+=("$object")
done
"$compiler" "${options[@]}" "${objects[@]}" -pthread -o "$work/test" || exit 1
missing=""
for feature in $features; do grep -qw "$feature" /proc/cpuinfo || missing="$missing $feature"; done
[ -z "$missing" ] || { echo "SKIPPED $name: compiled, not run, for this processor lacks$missing"; exit 77; }
"$work/test"

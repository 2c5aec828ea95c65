#!/usr/bin/env bash
# The loops of the matrix product's register tiles keep everything in registers: for each full tile of float, double and
# groups of narrow numbers, and for a lower one, the loop over the sum holds one multiply-add for each accumulator, none
# of which loads, and touches the stack with no vector register. Nor do the kernels of few columns and of vectors, whose
# sums are added up by shuffles afterwards, and tiles of joined rows; beside two packs of columns four steps of those
# are one turn of the loop. Tiles that a program finishes in registers are tiles like others.
#   kernel_spills.sh INCLUDE_DIR COMPILER
set -u
include=$1 compiler=$2
[ "$(uname -m)" = x86_64 ] || { echo "SKIPPED: knows the assembly of x86-64 only"; exit 77; }
type -P objdump >/dev/null || { echo "SKIPPED: objdump (binutils) is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/tiles.cpp" <<'CPP'
#include <tenon/exec/cpu/finishing_tile.hpp>
#include <tenon/exec/cpu/matrix_vector.hpp>
#include <tenon/exec/cpu/micro_kernel.hpp>
#include <tenon/exec/cpu/narrow_product.hpp>
using namespace tenon;
#define TILE_OF(NAME, T, ...)                                                                                      \
  template void exec::detail::NAME<T, __VA_ARGS__>(index_t, const exec::word_t<T>*, index_t, index_t,              \
                                                   const exec::word_t<T>*, index_t, exec::sum_t<T>*, index_t, bool, \
                                                   index_t);
#define TILE(NAME, T) TILE_OF(NAME, T, exec::full_rows<T>, exec::tile_packs<T>)
#define FEW(T, PACKS)                                                                                          \
  template void exec::detail::narrow_packs<T, PACKS>(index_t, index_t, index_t, const T*, index_t, const T*,   \
                                                     index_t, index_t, T*, index_t, bool, T*, index_t);
#define VECTOR(T) template void exec::matrix_by_vector<T>(index_t, index_t, const T*, index_t, const T*, T*, bool);
#define JOINED(T)                                                                                                   \
  template void exec::joined_tile<T, true>(index_t, const T*, index_t, const T*, index_t, T*, index_t, bool, index_t);
#define FINISHING(T)                                                                                             \
  using Biased##T = Program<Load<T, false>, Load<T, false>, Call<op::Add, T, false, 2, 1>, Load<T, true>,      \
                            Call<op::Multiply, T, false, 2, 1>>;                                                \
  template void exec::detail::finishing_tile<Biased##T, 0, T, T>(index_t, const void*, index_t, index_t,       \
                                                                 const void*, index_t, const exec::TileEnd&);
FINISHING(float)
FINISHING(double)
FEW(float, 1)
FEW(float, 2)
FEW(double, 1)
#if TENON_ISA == 512
FEW(float, 4)
FEW(double, 2)
#endif
VECTOR(float)
VECTOR(double)
JOINED(float)
TILE(tile, float)
TILE(packed_tile, float)
TILE(tile, double)
TILE(packed_tile, double)
TILE(packed_tile, exec::Int16Pair)
#if TENON_ISA == 512
TILE_OF(tile, float, 12, 2)
TILE_OF(tile, float, 2, 4)
template void exec::widened_tile<float, exec::widened_rows>(index_t, const float*, index_t, const float*, index_t,
                                                            float*, index_t, bool);
#endif
#if TENON_DOT >= 1
TILE(packed_tile, exec::Int8Quad)
#endif
#if TENON_DOT == 2
TILE(packed_tile, exec::Bfloat16Pair)
#endif
CPP
failed=0 seen=0
for target in "x86-64-v4:24:13:8" "x86-64-v4 -mavx512vnni -mavx512bf16:24:15:8" "x86-64-v3:12:9:6"; do
  IFS=: read -r arch accumulators tiles kernels <<<"$target"
  # shellcheck disable=SC2086
  "$compiler" -std=c++20 -O2 -DNDEBUG -march=$arch -I"$include" -c "$work/tiles.cpp" -o "$work/tiles.o" || exit 1
  objdump -d -C --no-show-raw-insn "$work/tiles.o" >"$work/tiles.s"
  # Of each function: the shortest loop with all its multiply-adds, from where the jump back goes to the jump.
  awk -v multiply_add="vfn?madd|vpdp|vdpbf16|vpmadd" -v want="$accumulators" -v tiles="$tiles" -v arch="$arch" '
    function number(hex,   i, n) {
      n = 0
      for (i = 1; i <= length(hex); ++i) n = 16 * n + index("0123456789abcdef", substr(hex, i, 1)) - 1
      return n
    }
    function check(   i, from, to, target, start, sums, spills, again, stack, expected) {
      if (name !~ /tile</ || name ~ /joined/) return
      expected = name ~ /, 2, 4>/ ? 8 : name ~ /widened/ ? 72 : want
      stack = "\\(%rsp"
      for (i = 1; i <= n; ++i) if (text[i] ~ /^mov +%rsp,%rbp/) stack = "\\(%r[sb]p"  # else a pointer like others
      start = 0
      for (to = 1; to <= n; ++to) {
        if (text[to] !~ /^j/ || split(text[to], word, /[ \t]+/) < 2 || number(word[2]) >= address[to]) continue
        for (from = to; from > 1 && address[from] > number(word[2]); --from) sums += text[from] ~ multiply_add
        sums += text[from] ~ multiply_add
        if (sums >= expected && (!start || to - from < i - start)) { start = from; i = to }
        sums = 0
      }
      for (target = start; start && target <= i; ++target) {
        if (text[target] ~ multiply_add) ++sums
        if (text[target] ~ multiply_add && text[target] ~ /\(%/ && text[target] !~ /1to/) ++again
        if (text[target] ~ /%[xyz]mm/ && text[target] ~ stack) { ++spills; print "  " text[target] }
      }
      printf "%s %s: %d multiply-adds in the loop, %d touch the stack\n", arch, name, sums, spills
      if (!start || sums % expected || spills) bad = 1  # some compilers take two steps at once
      if (again) { print "  " again " load what is in a register"; bad = 1 }
      ++checked
    }
    /^[0-9a-f]+ <.*>:$/ { check(); name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/\(.*/, "", name); n = 0; next }
    /^ +[0-9a-f]+:/ { ++n; at = $1; sub(/:/, "", at); address[n] = number(at); text[n] = $0; sub(/^ +[0-9a-f]+:[ \t]*/, "", text[n]) }
    END { check(); if (checked != tiles) { print "expected " tiles " tiles, found " checked + 0; bad = 1 } exit bad + 0 }
  ' "$work/tiles.s" || failed=1
  # Masks of the last steps may be on the stack; all sums, written and read once, would be sixteen.
  awk -v arch="$arch" -v kernels="$kernels" '
    function check() {
      if (name !~ /narrow_packs<|matrix_by_vector<|joined_tile</) return
      if (framed) touches += by_frame  # else a pointer like others
      printf "%s %s: %d touch the stack\n", arch, name, touches
      if (touches > 12) bad = 1
      ++checked
    }
    /^[0-9a-f]+ <.*>:$/ { check(); name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/\(.*/, "", name); touches = by_frame = framed = 0; next }
    /[ \t]mov +%rsp,%rbp/ { framed = 1 }
    /%[xyz]mm/ && /\(%rsp/ { ++touches }
    /%[xyz]mm/ && /\(%rbp/ { ++by_frame }
    END { check(); if (checked != kernels) { print "expected " kernels " kernels, found " checked + 0; bad = 1 } exit bad + 0 }
  ' "$work/tiles.s" || failed=1
  seen=$((seen + 1))
done
[ $failed -eq 0 ] && echo "$seen instruction sets: nothing is spilled in the loops of the tiles"
exit $failed

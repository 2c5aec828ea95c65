#!/usr/bin/env bash
# What folds columns is most of a reduction's code; units that only reduce every axis have none of it.
#   whole_reductions.sh INCLUDE_DIR COMPILER
set -u
include=$1 compiler=$2
type -P nm >/dev/null || { echo "SKIPPED: nm (binutils) is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/whole.cpp" <<'CPP'
#include <tenon/tenon.hpp>
using namespace tenon;
using Matrix = Tensor<float, dyn, dyn>;
float total(const Tensor<float, dyn>& x) { return sum(x); }
float average(const Matrix& x, const Matrix& y) { return mean(x * y); }
float largest(const Matrix& x) { return max(x); }
double spread(const Tensor<double, dyn, dyn, dyn>& x) { return var(x); }
#ifdef COLUMNS
void columns(Tensor<float, dyn>& y, const Matrix& x) { y = sum<0>(x); }
#endif
CPP
# counts NAME FLAGS...: how many functions of columns the unit has
counts() {
  local name=$1
  shift
  "$compiler" -std=c++20 -O2 "$@" -I "$include" -c "$work/whole.cpp" -o "$work/$name.o" || return 1
  nm -C "$work/$name.o" | grep -cE ' [tTwW] .*(FoldColumns<.*>::columns|Folds<.*>::finish)'
  return 0
}
with=$(counts with -DCOLUMNS) && without=$(counts without) || exit 1
[ "$with" -gt 0 ] || { echo "FAILED: a sum down columns has no function of columns by the names this test knows"; exit 1; }
[ "$without" -eq 0 ] || { echo "FAILED: $without functions of columns in a unit without such reductions"; exit 1; }
echo "no function of columns without columns; $with for one sum with them"

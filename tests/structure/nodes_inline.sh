#!/usr/bin/env bash
# Nodes are copied, moved and destroyed inline: a compiler writes a node whose address is taken to memory, number by
# number, before the statement computes anything. So units of statements have no such function of a node.
#   nodes_inline.sh INCLUDE_DIR COMPILER
set -u
include=$1 compiler=$2
type -P nm >/dev/null || { echo "SKIPPED: nm (binutils) is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/statements.cpp" <<'CPP'
#include <tenon/tenon.hpp>
using namespace tenon;
using Vector = Tensor<float, dyn>;
using Matrix = Tensor<float, dyn, dyn>;
void chain(Vector& y, const Vector& a, const Vector& b, const Vector& c) { y = tanh(a * b + c) * exp(-a * a); }
void few(Vector& y, const Vector& a) { y = a / sqrt(sum(a * a)); }
void layer(Matrix& y, const Matrix& w, const Matrix& x, const Vector& b) { y = relu(matmul(x, w) + b); }
void columns(Vector& y, const Matrix& a) { y = sum<0>(a * 2.0f) + 1.0f; }
CPP
"$compiler" -std=c++20 -O2 -I "$include" -c "$work/statements.cpp" -o "$work/statements.o" || exit 1
nm -C "$work/statements.o" >"$work/symbols"
grep -q 'T chain(' "$work/symbols" || { echo "FAILED: the unit has no statements"; exit 1; }
# Name::Name( and Name::~Name( of templates: the last argument list ends before the two colons.
found=$(sed -nE 's/^[0-9a-f]* +[A-Za-z] (tenon::.*)$/\1/p' "$work/symbols" |
  grep -E '>::~?(Map|Cut|Contract|Reduce|NodeOperand|NodeOperandList|ValueCache)\(')
if [ -n "$found" ]; then
  echo "FAILED: not inlined (TENON_INLINE):"
  printf '%s\n' "$found" | cut -c1-200
  exit 1
fi
echo "no function copies, moves or destroys a node"

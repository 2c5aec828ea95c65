#!/usr/bin/env bash
# The matrix product's kernels are compiled once for each type and epilogue, however a product is spelled: a unit of many
# spellings has the kernels of a unit with the plainest of each, and no other. Spelled differently are the function
# (matmul, einsum, indices, a layer), the layout of the operands (turned, views, batches), the target (assigned, without
# an alias, turned, returned), the extents (at run time, static), and the order of the sum and of what is added to it or
# multiplied with it.
# What is another program has kernels of its own: max(x, 0) beside relu(x), a number that is added beside a vector. And
# small products of static extents, which are straight lines in place, have no kernel at all.
#   micro_kernels.sh INCLUDE_DIR COMPILER
set -u
include=$1 compiler=$2
type -P nm >/dev/null || { echo "SKIPPED: nm (binutils) is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/products.cpp" <<'CPP'
#include <tenon/nn/linear.hpp>
#include <tenon/tenon.hpp>
using namespace tenon;
namespace {
template <class T>
using Matrix = Tensor<T, dyn, dyn>;
template <class T>
using Vector = Tensor<T, dyn>;
template <class T>
using In = TensorView<const T, dyn, 64>;
}  // namespace
#define OPERANDS(T) const Matrix<T>&a, const Matrix<T>&b
#define PLAIN(T) \
  void plain(Matrix<T>& y, OPERANDS(T)) { y = matmul(a, b); }
#define BIASED(T) \
  void biased(Matrix<T>& y, OPERANDS(T), const Vector<T>& v) { y = relu(matmul(a, b) + v); }
#define SCALED(T) \
  void scaled(Matrix<T>& y, OPERANDS(T), const Matrix<T>& r) { y = r + matmul(a, b) * r; }
#define PLAIN_SPELLINGS(T)                                                                        \
  void s1(Matrix<T>& y, OPERANDS(T)) { noalias(y) = matmul(a, b); }                               \
  void s2(Matrix<T>& y, OPERANDS(T)) { y = einsum<"ij,jk->ik">(a, b); }                           \
  void s3(Matrix<T>& y, OPERANDS(T)) { y = einsum<"pq,rq->rp">(a, b); }                           \
  void s4(Matrix<T>& y, OPERANDS(T)) { y = matmul(transpose(a), b); }                             \
  void s5(Matrix<T>& y, OPERANDS(T)) { y = matmul(a, transpose(b)); }                             \
  void s6(Matrix<T>& y, OPERANDS(T)) { y = matmul(transpose(a), transpose(b)); }                  \
  void s7(Matrix<T>& y, OPERANDS(T)) { y = transpose(matmul(a, b)); }                             \
  void s8(Matrix<T>& y, OPERANDS(T)) {                                                            \
    Index<'i'> i;                                                                                 \
    Index<'j'> j;                                                                                 \
    Index<'k'> k;                                                                                 \
    y(i, k) = a(i, j) * b(j, k);                                                                  \
  }                                                                                               \
  void s9(TensorView<T, dyn, 64> y, TensorView<const T, dyn, dyn> a, In<T> b) { y = matmul(a, b); } \
  void s10(Tensor<T, 300, 400>& y, const Tensor<T, 300, 500>& a, const Tensor<T, 500, 400>& b) { y = matmul(a, b); } \
  void s11(Tensor<T, 301, 402>& y, const Tensor<T, 301, 503>& a, const Tensor<T, 503, 402>& b) { y = matmul(a, b); } \
  Matrix<T> s12(OPERANDS(T)) { return evaluate(matmul(a, b)); }                                   \
  using Stack##T = Tensor<T, dyn, dyn, dyn>;                                                      \
  void s13(Stack##T& y, const Stack##T& a, const Stack##T& b) { y = einsum<"bij,bjk->bik">(a, b); }
#define BIASED_SPELLINGS(T)                                                                                 \
  void b1(Matrix<T>& y, OPERANDS(T), const Vector<T>& v) { y = relu(v + matmul(a, b)); }                    \
  void b2(Matrix<T>& y, OPERANDS(T), const Vector<T>& v) { noalias(y) = relu(matmul(a, transpose(b)) + v); } \
  void b3(Matrix<T>& y, OPERANDS(T), const Vector<T>& v) { y = relu(v + einsum<"ij,jk->ik">(a, b)); }       \
  void b4(Matrix<T>& y, OPERANDS(T), const Vector<T>& v) {                                                  \
    auto h = matmul(a, b);                                                                                  \
    auto sum = v + std::move(h);                                                                            \
    y = relu(std::move(sum));                                                                               \
  }                                                                                                         \
  void b5(Matrix<T>& y, const nn::Linear<300, 400, T>& layer, const Matrix<T>& x) { y = relu(layer(x)); }   \
  void b6(Tensor<T, 300, 400>& y, const Tensor<T, 300, 500>& a, const Tensor<T, 500, 400>& b,               \
          const Tensor<T, 400>& v) {                                                                        \
    y = relu(v + matmul(a, b));                                                                             \
  }                                                                                                         \
  void b7(Matrix<T>& y, OPERANDS(T), const Matrix<T>& r) { y = relu(r + matmul(a, b)); }                    \
  void b8(TensorView<T, dyn, 64> y, TensorView<const T, dyn, dyn> a, In<T> b, TensorView<const T, 64> v) {  \
    y = relu(v + matmul(a, b));                                                                             \
  }
PLAIN(float)
BIASED(float)
SCALED(float)
BIASED(double)
#ifdef SPELLINGS
PLAIN_SPELLINGS(float)
BIASED_SPELLINGS(float)
void d1(Matrix<double>& y, OPERANDS(double), const Vector<double>& v) { y = relu(v + matmul(a, b)); }
void r1(Matrix<float>& y, OPERANDS(float), const Matrix<float>& r) { y = r + r * matmul(a, b); }
#endif
CPP
# The kernels of one unit: tiles of every kind, and the rows of epilogues (a row of one load is a copy).
kernels() {  # kernels NAME FLAG...
  local name=$1
  shift
  "$compiler" -std=c++20 -O1 -DNDEBUG -I "$include" "$@" -c "$work/products.cpp" -o "$work/$name.o" || exit 1
  nm -C "$work/$name.o" | sed -nE 's/^[0-9a-f]* +[A-Za-z] //; s/ \[clone .*//; s/tenon::v0_[a-z0-9_]*:://g
    /exec::.*\b([a-z]*_tile|tile|rows?_of_packs)</p' | grep -vE 'Program<Load<[a-z]+, false, false> >' | sort -u >"$work/$name"
}
count() { grep -cE -- "$1" "$work/$2"; }
failed=0
kernels plain
kernels spelled -DSPELLINGS
# Full tiles that finish: those of a program each.
for epilogue in float.*op::Relu double.*op::Relu float.*op::Multiply; do
  of_plain=$(count "finishing_tile<.*$epilogue" plain) of_spelled=$(count "finishing_tile<.*$epilogue" spelled)
  echo "finishing tiles of $epilogue: $of_plain in a plain unit, $of_spelled in one of many spellings"
  [ "$of_plain" = 1 ] || { echo "FAILED: one was expected"; failed=1; }
done
echo "tiles of float: $(count '\btile<float' plain)"
[ "$(count '\btile<float' plain)" -gt 2 ] || { echo "FAILED: no tile is called so"; failed=1; }
if ! diff "$work/plain" "$work/spelled" >"$work/diff"; then
  echo "FAILED: spellings have kernels of their own (>):"
  cut -c1-400 "$work/diff"
  failed=1
fi
[ $failed -eq 0 ] && echo "one kernel for each type, tile and epilogue"
exit $failed

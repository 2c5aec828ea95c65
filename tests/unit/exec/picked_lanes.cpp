// Views of few numbers of static extents, loaded into registers at once: against loops over elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include "exact.hpp"
#include "support/guarded.hpp"

using namespace tenon;

using test::exact;
using test::filled;
using test::wrong;

namespace {

// Views of one register or several, among operands and as targets: dense, turned, parts of larger matrices that end, or
// begin, where memory does, every second row and column, backwards.
template <class T, index_t M, index_t N>
void check_views() {
  CAPTURE(M);
  CAPTURE(N);
  test::Guarded of_big, of_tall;
  constexpr index_t size = 2 * (M + 1) * 2 * (N + 1);
  const auto a = filled<T, 1, M, N>(), b = filled<T, 2, M, N>();
  const auto t = filled<T, 3, N, M>();
  Tensor<T, M, N> y;
  for (const bool at_end : {true, false}) {
    T* const p = at_end ? of_big.last<T>(size) : of_big.first<T>();
    T* const q = at_end ? of_tall.last<T>(size) : of_tall.first<T>();
    const auto fill = [&] {
      for (index_t i = 0; i < size; ++i) p[i] = exact<T>(i, 4), q[i] = exact<T>(i, 5);
    };
    fill();
    const TensorView<T, 2 * (M + 1), 2 * (N + 1)> big(p, 2 * (M + 1), 2 * (N + 1));
    const TensorView<T, 2 * (N + 1), 2 * (M + 1)> tall(q, 2 * (N + 1), 2 * (M + 1));
    const index_t i0 = at_end ? M + 2 : 0, j0 = at_end ? N + 2 : 0;  // of parts
    const auto check = [&](const auto& f) {
      CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(f(i, j)); }) == 0);
    };
    // Strides that are known when it runs alone, in types of static extents.
    const TensorView<T, M, N> block = slice(big, range<M + 2, 2 * M + 2>(), range<N + 2, 2 * N + 2>());
    const TensorView<T, M, N> first = slice(big, range<0, M>(), range<0, N>());
    const auto turned_block = transpose(slice(tall, range<N + 2, 2 * N + 2>(), range<M + 2, 2 * M + 2>()));
    const auto turned_first = transpose(slice(tall, range<0, N>(), range<0, M>()));
    TensorView<T, M, N> view = at_end ? block : first;
    TensorView<T, M, N> turned = at_end ? turned_block : turned_first;
    y = a + view;
    check([&](index_t i, index_t j) { return a(i, j) + big(i + i0, j + j0); });
    y = a - turned;
    check([&](index_t i, index_t j) { return a(i, j) - tall(j + j0, i + i0); });
    y = view * turned + view;
    check([&](index_t i, index_t j) { return big(i + i0, j + j0) * tall(j + j0, i + i0) + big(i + i0, j + j0); });
    const TensorView<const T, M, N> whole_turned = transpose(TensorView<const T, N, M>(t.data(), N, M));
    y = whole_turned - a;
    check([&](index_t i, index_t j) { return t(j, i) - a(i, j); });
    view = a + b;
    CHECK(wrong(big, [&](index_t i, index_t j) {
            const bool inside = i >= i0 && i < i0 + M && j >= j0 && j < j0 + N;
            return inside ? static_cast<T>(a(i - i0, j - j0) + b(i - i0, j - j0)) : exact<T>(i * 2 * (N + 1) + j, 4);
          }) == 0);
    fill();
    turned = a - b;
    CHECK(wrong(tall, [&](index_t j, index_t i) {
            const bool inside = i >= i0 && i < i0 + M && j >= j0 && j < j0 + N;
            return inside ? static_cast<T>(a(i - i0, j - j0) - b(i - i0, j - j0)) : exact<T>(j * 2 * (M + 1) + i, 5);
          }) == 0);
    fill();
    // All is read before anything is written.
    view = view + turned;
    CHECK(wrong(view, [&](index_t i, index_t j) {
            return static_cast<T>(exact<T>((i + i0) * 2 * (N + 1) + j + j0, 4) + tall(j + j0, i + i0));
          }) == 0);
    fill();
    const TensorView<T, M, N> spread = slice(big, range<1, 2 * M + 1, 2>(), range<0, 2 * N, 2>());
    y = a - spread;
    check([&](index_t i, index_t j) { return a(i, j) - big(1 + 2 * i, 2 * j); });
    y = flip<0>(view) + flip<1>(turned);
    check([&](index_t i, index_t j) { return big(M - 1 - i + i0, j + j0) + tall(N - 1 - j + j0, i + i0); });
    view = flip<0>(flip<1>(view)) - a;
    CHECK(wrong(view, [&](index_t i, index_t j) {
            return static_cast<T>(exact<T>((M - 1 - i + i0) * 2 * (N + 1) + N - 1 - j + j0, 4) - a(i, j));
          }) == 0);
  }
}

}  // namespace

TEST_CASE("views of several registers") {
  check_views<float, 3, 3>();
  check_views<float, 4, 4>();
  check_views<float, 3, 4>();
  check_views<float, 4, 3>();
  check_views<float, 6, 2>();
  check_views<float, 8, 8>();
  check_views<float, 4, 16>();
  check_views<double, 4, 4>();
  check_views<double, 6, 2>();
  check_views<double, 2, 5>();
  check_views<short, 8, 8>();
}

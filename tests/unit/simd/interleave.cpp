// Vectors in memory taken apart into packs of components, and put together.
#include <tenon/simd/interleave.hpp>

#include <doctest/doctest.h>

using namespace tenon;

namespace {

template <class V, int N, int... J>
int wrong(simd::detail::Ints<J...>) {
  constexpr int W = simd::lanes<V>;
  V memory[N], part[N];
  for (int i = 0; i < N * W; ++i) memory[i / W][i % W] = static_cast<simd::lane_t<V>>(i + 1);
  ((part[J] = simd::component<J>(memory)), ...);
  int bad = 0;
  for (int i = 0; i < W; ++i)
    for (int c = 0; c < N; ++c) bad += part[c][i] != static_cast<simd::lane_t<V>>(i * N + c + 1);
  const V again[] = {simd::interleaved<J>(part)...};
  for (int i = 0; i < N * W; ++i) bad += again[i / W][i % W] != static_cast<simd::lane_t<V>>(i + 1);
  return bad;
}
template <class V>
void check() {
  CHECK(wrong<V, 2>(simd::detail::Count<2>{}) == 0);
  CHECK(wrong<V, 3>(simd::detail::Count<3>{}) == 0);
  CHECK(wrong<V, 4>(simd::detail::Count<4>{}) == 0);
  CHECK(wrong<V, 5>(simd::detail::Count<5>{}) == 0);
}

}  // namespace

TEST_CASE("components of vectors") {
  check<simd::pack<double, 2>>();
  check<simd::pack<float, 4>>();
  check<simd::pack<int, 8>>();
  check<simd::native<float>>();
  check<simd::native<double>>();
  check<simd::pack<signed char, 32>>();
}

// Packs: their traits, selection, conversion and reductions, for scalars and packs of several widths.
#include <doctest/doctest.h>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/pack.hpp>

using namespace tenon;
using simd::pack;

namespace {

struct Indexable {
  float operator[](int) const { return 0; }
  Indexable operator-() const { return *this; }
};
struct Incomplete;
enum class Enumeration { none };

static_assert(simd::is_pack<pack<float, 4>> && simd::is_pack<pack<signed char, 16>> && simd::is_pack<pack<double, 1>>);
static_assert(!simd::is_pack<float> && !simd::is_pack<float*> && !simd::is_pack<float[4]> && !simd::is_pack<void> &&
              !simd::is_pack<int(int)> && !simd::is_pack<Indexable> && !simd::is_pack<Incomplete> &&
              !simd::is_pack<Enumeration> && !simd::is_pack<decltype(nullptr)>);
static_assert(simd::lanes<pack<short, 8>> == 8 && simd::lanes<double> == 1);
static_assert(__is_same(simd::lane_t<pack<double, 2>>, double) && __is_same(simd::lane_t<int>, int));
static_assert(__is_same(simd::rebind_t<pack<float, 8>, double>, pack<double, 8>) &&
              __is_same(simd::rebind_t<float, int>, int));
static_assert(__is_same(simd::mask_t<float>, bool) && sizeof(simd::mask_t<pack<double, 4>>) == 32);
static_assert(simd::native_lanes<float> * 4 == simd::native_bytes &&
              simd::native_lanes<double> * 8 == simd::native_bytes);
static_assert(sizeof(simd::int_of<8>) == 8 && sizeof(simd::int_of<1>) == 1);

// Scalars are constant.
static_assert(simd::select(true, 1, 2) == 1 && simd::convert<int>(2.5) == 2 && simd::bitcast<int>(1.0f) == 0x3f800000 &&
              simd::broadcast<double>(3) == 3 && simd::reduce_add(2.0) == 2 && simd::iota<int>() == 0 &&
              simd::any(true));

template <class T, int W>
int wrong_of_width() {
  using V = pack<T, W>;
  const V ramp = simd::iota<V>(), five = simd::broadcast<V>(T(5));
  T sum = 0, product = 1;
  int wrong = 0;
  for (int i = 0; i < W; ++i) {
    wrong += ramp[i] != T(i);
    wrong += five[i] != T(5);
    wrong += simd::select(ramp < five, ramp, five)[i] != (i < 5 ? T(i) : T(5));
    wrong += simd::convert<double>(ramp)[i] != i;
    sum = T(sum + T(i));
    product = T(product * T(i % 3 + 1));
  }
  V mixed = ramp, small = ramp;
  for (int i = 0; i < W; ++i) {
    mixed[i] = T((i * 5 + 3) % W);
    small[i] = T(i % 3 + 1);
  }
  wrong += simd::reduce_add(ramp) != sum;
  wrong += simd::reduce_mul(small) != product;
  wrong += simd::reduce_min(mixed) != T(0);
  wrong += simd::reduce_max(mixed) != T(W - 1);
  wrong += simd::any(ramp < V{}) || !simd::any(ramp == V{}) || !simd::all(ramp >= V{});
  wrong += simd::all(ramp == V{}) != (W == 1);
  return wrong;
}

}  // namespace

TEST_CASE("packs of every width") {
  CHECK(wrong_of_width<float, 1>() == 0);
  CHECK(wrong_of_width<float, 4>() == 0);
  CHECK(wrong_of_width<float, 16>() == 0);
  CHECK(wrong_of_width<float, 64>() == 0);
  CHECK(wrong_of_width<double, 2>() == 0);
  CHECK(wrong_of_width<double, 8>() == 0);
  CHECK(wrong_of_width<double, 32>() == 0);
  CHECK(wrong_of_width<int, 8>() == 0);
  CHECK(wrong_of_width<long, 8>() == 0);
  CHECK(wrong_of_width<signed char, 32>() == 0);
  CHECK(wrong_of_width<unsigned char, 64>() == 0);
  CHECK(wrong_of_width<short, 16>() == 0);
}

template <class S, class U, int W>
int wrong_conversions() {
  pack<S, W> v{};
  for (int i = 0; i < W; ++i) v[i] = static_cast<S>((static_cast<S>(-1) < S(0) ? i - W / 2 : i) * 3);
  const pack<U, W> u = simd::convert<U>(v);
  int wrong = 0;
  for (int i = 0; i < W; ++i) wrong += u[i] != static_cast<U>(S{v[i]});
  return wrong;
}
template <class S, int W>
int wrong_conversions_from() {
  return wrong_conversions<S, signed char, W>() + wrong_conversions<S, short, W>() + wrong_conversions<S, int, W>() +
         wrong_conversions<S, long, W>() + wrong_conversions<S, unsigned, W>() + wrong_conversions<S, float, W>() +
         wrong_conversions<S, double, W>();
}
TEST_CASE("conversions between all lane types are static_cast") {
  CHECK(wrong_conversions_from<signed char, 16>() == 0);
  CHECK(wrong_conversions_from<unsigned char, 16>() == 0);
  CHECK(wrong_conversions_from<short, 8>() == 0);
  CHECK(wrong_conversions_from<unsigned short, 8>() == 0);
  CHECK(wrong_conversions_from<int, 8>() == 0);
  CHECK(wrong_conversions_from<long, 8>() == 0);
  CHECK((wrong_conversions<float, signed char, 16>() == 0));
  CHECK((wrong_conversions<float, long, 16>() == 0));
  CHECK((wrong_conversions<float, double, 16>() == 0));
  CHECK((wrong_conversions<double, signed char, 8>() == 0));
  CHECK((wrong_conversions<double, short, 8>() == 0));
  CHECK((wrong_conversions<double, int, 8>() == 0));
  CHECK((wrong_conversions<double, float, 8>() == 0));
}

TEST_CASE("reductions keep their order: halves, then quarters") {
  const pack<float, 4> v = {1e8f, 1, -1e8f, 1};
  CHECK(simd::reduce_add(v) == 2);  // (1e8 - 1e8) + (1 + 1)
  const pack<float, 8> w = {1e8f, 1, 1, 1, 1, 1, -1e8f, 1};
  CHECK(simd::reduce_add(w) == ((1e8f + 1) + (1 - 1e8f)) + (2 + 2));
}

TEST_CASE("minimum and maximum of lanes are NaN if a lane is") {
  for (int at = 0; at < 8; ++at) {
    pack<float, 8> v = simd::iota<pack<float, 8>>();
    v[at] = __builtin_nanf("");
    CHECK(simd::reduce_min(v) != simd::reduce_min(v));
    CHECK(simd::reduce_max(v) != simd::reduce_max(v));
  }
}

TEST_CASE_TEMPLATE("equal lanes as bits", T, float, double, int, long long, short) {
  using V = simd::native<T>;
  for (int l = 0; l < simd::lanes<V>; ++l) {
    V a = simd::iota<V>(), b = simd::broadcast<V>(static_cast<T>(-1));
    CHECK(simd::equal_lanes(a, b) == 0);
    b[l] = a[l];
    CHECK(simd::equal_lanes(a, b) == 1ull << l);
  }
  CHECK(simd::equal_lanes(T(2), T(2)) == 1);
}
TEST_CASE("broadcast keeps the sign of zero") {
  const auto v = simd::broadcast<pack<double, 4>>(-0.0);
  CHECK(__builtin_signbit(v[3]));
}

TEST_CASE("a mask serves lanes of another width") {
  const pack<float, 8> x = simd::iota<pack<float, 8>>();
  const pack<double, 8> y =
      simd::select(x < 3.0f, simd::broadcast<pack<double, 8>>(1), simd::broadcast<pack<double, 8>>(2));
  const pack<signed char, 8> z =
      simd::select(x < 3.0f, simd::broadcast<pack<signed char, 8>>(1), simd::broadcast<pack<signed char, 8>>(2));
  for (int i = 0; i < 8; ++i) {
    CHECK(y[i] == (i < 3 ? 1 : 2));
    CHECK(z[i] == (i < 3 ? 1 : 2));
  }
}

TEST_CASE("halves and concatenation") {
  const auto v = simd::iota<pack<int, 8>>();
  CHECK(simd::low_half(v)[3] == 3);
  CHECK(simd::high_half(v)[0] == 4);
  const auto w = simd::concat(simd::high_half(v), simd::low_half(v));
  CHECK((w[0] == 4 && w[4] == 0));
}

TEST_CASE("masks and bools") {
  bool in[16], out[17];
  for (int i = 0; i < 16; ++i) in[i] = i % 3 == 0;
  const auto doubles = simd::load_mask<pack<double, 16>>(in);
  const auto chars = simd::load_mask<pack<signed char, 16>>(in);
  const auto ints = simd::bool_to_mask<4>(simd::load<pack<signed char, 16>>(reinterpret_cast<const signed char*>(in)));
  for (int i = 0; i < 16; ++i) {
    CHECK(doubles[i] == -in[i]);
    CHECK(chars[i] == -in[i]);
    CHECK(ints[i] == -in[i]);
  }
  for (bool& b : out) b = true;
  simd::store_mask(out, doubles);
  for (int i = 0; i < 16; ++i) CHECK(out[i] == in[i]);
  CHECK(out[16]);
  for (int n = 0; n <= 16; ++n) {
    for (bool& b : out) b = true;
    const auto some = simd::load_mask_partial<pack<float, 16>>(in, n);
    simd::store_mask_partial(out, some, n);
    const auto first = simd::first_lanes<pack<float, 16>>(n);
    int wrong = 0;
    for (int i = 0; i < 16; ++i) {
      wrong += out[i] != (i < n ? in[i] : true);
      wrong += some[i] != (i < n ? -in[i] : 0);
      wrong += first[i] != (i < n ? -1 : 0);
    }
    CHECK(wrong == 0);
  }
  CHECK(simd::to_mask<float>(true));
  CHECK(simd::first_lanes<float>(1));
  CHECK(!simd::first_lanes<double>(0));
}

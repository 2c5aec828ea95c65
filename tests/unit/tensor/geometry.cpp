// Vectors, small matrices, transforms and quaternions against hand values and identities.
#include <cmath>

#include <doctest/doctest.h>
#include <tenon/tensor/allclose.hpp>
#include <tenon/tensor/quaternion.hpp>
#include <tenon/tensor/random.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {
using Vec = Tensor<double, 3>;
using Mat = Tensor<double, 4, 4>;

template <index_t N>
Tensor<double, N, N> product(const Tensor<double, N, N>& a, const Tensor<double, N, N>& b) {
  return from_function<double, N, N>([&](index_t i, index_t j) {
    double s = 0;
    for (int k = 0; k < N; ++k) s += a(i, k) * b(k, j);
    return s;
  });
}
template <class A, class B>
bool near(const A& a, const B& b) {
  return allclose(a, b, 1e-12, 1e-12);
}
constexpr double pi = 3.14159265358979323846;
}  // namespace

TEST_CASE("cross") {
  static_assert(cross(Tensor<int, 3>{1, 2, 3}, Tensor<int, 3>{4, 5, 6})(1) == 6);
  CHECK(holds(cross(Vec{1, 2, 3}, Vec{4, 5, 6}), {-3, 6, -3}));
  CHECK(holds(cross(Vec{1, 0, 0} * 2, Vec{0, 1, 0}), {0, 0, 2}));
  Tensor<double, dyn, 3> a{{1, 2, 3}, {0, 1, 0}};
  CHECK(holds(cross(a, Vec{4, 5, 6}), {-3, 6, -3, 6, 0, -4}));
  CHECK(holds(cross(Tensor<double, dyn, 3>(a), a * 1), {0, 0, 0, 0, 0, 0}));
  Tensor<double, dyn, dyn> wrong(2, 4);
  CHECK_THROWS_WITH_AS((void)cross(wrong, a), "tenon: cross: the last axis has not extent 3: [2, 4]", shape_error);
}

TEST_CASE("normalize") {
  CHECK(near(normalize(Vec{3, 0, 4}), Vec{0.6, 0, 0.8}));
  CHECK(holds(normalize(Vec{0, 0, 0}), {0, 0, 0}));
  Tensor<double, 2, 2> m{{3, 4}, {0, 2}};
  CHECK(near(normalize(m), Tensor<double, 2, 2>{{0.6, 0.8}, {0, 1}}));
  CHECK(near(normalize<0>(m * 2), Tensor<double, 2, 2>{{1, 4 / 4.47213595499958}, {0, 2 / 4.47213595499958}}));
}

TEST_CASE("determinant and inverse") {
  static_assert(determinant(Tensor<double, 2, 2>{{1, 2}, {3, 4}}) == -2);
  static_assert(determinant(Tensor<int, 3, 3>{{2, 0, 1}, {1, 3, 0}, {0, 1, 4}}) == 25);
  static_assert(determinant(Tensor<int, 4, 4>{{1, 0, 2, 0}, {0, 3, 0, 1}, {4, 0, 1, 0}, {0, 2, 0, 5}}) == -91);
  static_assert(inverse(Tensor<double, 2, 2>{{2, 0}, {0, 4}})(1, 1) == 0.25);
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    const auto a = normal<double, 2, 2>(rng);
    const auto b = normal<double, 3, 3>(rng);
    const auto c = normal<double, 4, 4>(rng);
    CHECK(allclose(product<2>(a, inverse(a)), eye<double, 2>(), 1e-9, 1e-9));
    CHECK(allclose(product<3>(b, inverse(b)), eye<double, 3>(), 1e-9, 1e-9));
    CHECK(allclose(product<4>(c, inverse(c)), eye<double, 4>(), 1e-9, 1e-9));
    // Of floats a register may hold the whole matrix.
    Tensor<float, 4, 4> d;
    Tensor<double, 4, 4> wide;
    for (int i = 0; i < 16; ++i) {
      d.data()[i] = static_cast<float>(c.data()[i]);
      wide.data()[i] = static_cast<double>(d.data()[i]);
    }
    const Tensor<double, 4, 4> right = inverse(wide);
    const Tensor<float, 4, 4> aside = inverse(d);
    d = inverse(d);
    const double size = max(abs(right));
    double worst = 0;
    for (int i = 0; i < 16; ++i)
      worst = std::fmax(worst, std::fabs(static_cast<double>(d.data()[i]) - right.data()[i]));
    CHECK(worst < 2e-6 * size * (1 + size));
    CHECK(all(d == aside));
    CHECK(determinant(product<4>(c, c)) == doctest::Approx(determinant(c) * determinant(c)));
  }
  CHECK(inverse(Tensor<float, 2, 2>{{1, 1}, {1, 1}})(0, 0) == limits<float>::infinity());
}

TEST_CASE("transforms") {
  const Vec p{1, 2, 3};
  CHECK(holds(transform_point(translation(10.0, 20.0, 30.0), p), {11, 22, 33}));
  CHECK(holds(transform_direction(translation(10.0, 20.0, 30.0), p), {1, 2, 3}));
  CHECK(holds(transform_point(scaling(2.0, 3.0, 4.0), p), {2, 6, 12}));
  CHECK(near(transform_point(rotation(pi / 2, Vec{0, 0, 5}), p), Vec{-2, 1, 3}));
  CHECK(near(transform_point(rotation(pi / 2, Vec{1, 0, 0}), p), Vec{1, -3, 2}));
  CHECK(near(transform_point(rotation(2 * pi / 3, Vec{1, 1, 1}), p), Vec{3, 1, 2}));
  CHECK(near(rotation(pi / 2), Tensor<double, 3, 3>{{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}));
  CHECK(holds(translation(1.0f, 2.0f), {1, 0, 1, 0, 1, 2, 0, 0, 1}));
  CHECK(holds(scaling(2.0f, 3.0f), {2, 0, 0, 0, 3, 0, 0, 0, 1}));
  static_assert(translation(1.0f, 2.0f, 3.0f)(1, 3) == 2);
  // The camera at z = 5 looks at the origin: what is there is 5 in front of it.
  const Mat view = look_at(Vec{0, 0, 5}, Vec{0, 0, 0}, Vec{0, 1, 0});
  CHECK(near(transform_point(view, Vec{0, 0, 0}), Vec{0, 0, -5}));
  CHECK(near(transform_point(view, Vec{1, 2, 5}), Vec{1, 2, 0}));
  const Mat side = look_at(Vec{5, 0, 0}, Vec{0, 0, 0}, Vec{0, 1, 0});
  CHECK(near(transform_point(side, Vec{0, 0, -1}), Vec{1, 0, -5}));
  // The corners of the near and far planes are the corners of clip space.
  const Mat lens = perspective(pi / 2, 2.0, 1.0, 10.0);
  CHECK(near(transform_point(lens, Vec{2, 1, -1}), Vec{1, 1, -1}));
  CHECK(near(transform_point(lens, Vec{-20, -10, -10}), Vec{-1, -1, 1}));
  const Mat box = ortho(-2.0, 4.0, -1.0, 3.0, 1.0, 11.0);
  CHECK(near(transform_point(box, Vec{-2, -1, -1}), Vec{-1, -1, -1}));
  CHECK(near(transform_point(box, Vec{4, 3, -11}), Vec{1, 1, 1}));
}

TEST_CASE("quaternions") {
  const Vec p{1, 2, 3};
  const auto a = quaternion(0.7, Vec{1, 2, -1}), b = quaternion(-1.9, Vec{0, 3, 1});
  CHECK(near(rotate(a, p), transform_point(rotation(0.7, Vec{1, 2, -1}), p)));
  CHECK(near(rotate(quaternion_multiply(a, b), p), rotate(a, rotate(b, p))));
  CHECK(near(rotate(quaternion_conjugate(a), rotate(a, p)), p));
  const auto m = quaternion_to_matrix(a);
  for (int i = 0; i < 3; ++i) {
    double s = 0;
    for (int k = 0; k < 3; ++k) s += m(i, k) * p(k);
    CHECK(s == doctest::Approx(rotate(a, p)(i)));
  }
  CHECK(near(quaternion_from_matrix(m), a));
  // Each branch of the conversion: half turns have no real part.
  for (const Vec& axis : {Vec{1, 0, 0}, Vec{0, 1, 0}, Vec{0, 0, 1}, Vec{1, 2, 3}, Vec{3, 1, 2}, Vec{2, 3, 1}})
    for (double angle : {3.1, 0.1, 2.0}) {
      const auto q = quaternion(angle, axis);
      CHECK(near(quaternion_from_matrix(quaternion_to_matrix(q)), q));
    }
  static_assert(quaternion_multiply(Tensor<int, 4>{0, 1, 0, 0}, Tensor<int, 4>{0, 0, 1, 0})(3) == 1);
}

TEST_CASE("slerp") {
  const Vec axis{1, 2, 2};
  const auto a = quaternion(0.2, axis), b = quaternion(1.4, axis);
  CHECK(near(slerp(a, b, 0.0), a));
  CHECK(near(slerp(a, b, 1.0), b));
  CHECK(near(slerp(a, b, 0.25), quaternion(0.5, axis)));
  CHECK(near(slerp(a, Tensor<double, 4>(-b), 0.25), quaternion(0.5, axis)));
  const auto c = quaternion(0.2001, axis);
  CHECK(allclose(slerp(a, c, 0.5), quaternion(0.20005, axis), 1e-9, 1e-9));
}

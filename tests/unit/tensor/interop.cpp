// Other memory as tensors without a copy; the allocator hook.
#include <array>
#include <vector>

#include <doctest/doctest.h>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/interop.hpp>
#if __has_include(<Eigen/Core>)
#include <Eigen/Core>
#define HAS_EIGEN 1
#elif __has_include(<eigen3/Eigen/Core>)
#include <eigen3/Eigen/Core>
#define HAS_EIGEN 1
#endif

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("column-major memory") {
  double p[] = {1, 2, 3, 4, 5, 6};
  auto a = column_major(p, 2, 3);
  CHECK(holds(a, {1, 3, 5, 2, 4, 6}));
  a(0, 2) = 50;
  CHECK(p[4] == 50);
  auto s = column_major<3, 2>(p);
  static_assert(__is_same(decltype(s)::extents_type, Extents<3, 2>));
  CHECK(s(2, 1) == 6);
  const double* q = p;
  static_assert(decltype(column_major(q, 6))::is_const);
  CHECK(column_major(q, 1, 2, 3)(0, 1, 2) == 6);
}

TEST_CASE("containers") {
  std::vector<float> v{1, 2, 3, 4, 5, 6};
  auto a = as_view(v);
  a *= 2;
  CHECK(v[5] == 12);
  auto m = as_view(v, 2, 3);
  row(m, 0) = 0;
  CHECK(v[2] == 0);
  CHECK(v[3] == 8);
  const std::array<int, 3> c{7, 8, 9};
  static_assert(decltype(as_view(c))::is_const);
  CHECK(holds(as_view(c) + 1, {8, 9, 10}));
  CHECK_THROWS_WITH_AS((void)as_view(v, 2, 2), "tenon: as_view: the container has another size: [6] and [2, 2]",
                       shape_error);
}

TEST_CASE("copy_to") {
  float out[4] = {};
  Tensor<float, 2, 2> a{{1, 2}, {3, 4}};
  copy_to(transpose(a) * 2, out);
  CHECK(out[1] == 6);
  double wide[4] = {};
  copy_to(a, wide);
  CHECK(wide[3] == 4);
}

#if HAS_EIGEN
TEST_CASE("Eigen matrices, arrays, maps and vectors") {
  Eigen::MatrixXd m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  auto v = as_view(m);
  CHECK(holds(v, {1, 2, 3, 4, 5, 6}));
  v = v * 10;
  CHECK(m(1, 0) == 40);
  const Eigen::Matrix<float, 2, 2, Eigen::RowMajor> r = (Eigen::Matrix<float, 2, 2>() << 1, 2, 3, 4).finished();
  static_assert(__is_same(decltype(as_view(r)), TensorView<const float, 2, 2>));
  CHECK(holds(as_view(r), {1, 2, 3, 4}));
  Eigen::Vector3f x(1, 2, 3);
  static_assert(__is_same(decltype(as_view(x)), TensorView<float, 3>));
  CHECK(holds(as_view(x) + 1, {2, 3, 4}));
  Eigen::RowVectorXd y = Eigen::RowVectorXd::Constant(4, 2.5);
  CHECK(holds(as_view(y), {2.5, 2.5, 2.5, 2.5}));
  double p[24];
  for (int i = 0; i < 24; ++i) p[i] = i;
  Eigen::Map<Eigen::MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> strided(
      p, 2, 3, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(8, 2));
  CHECK(holds(as_view(strided), {0, 8, 16, 2, 10, 18}));
  Eigen::ArrayXXi array = Eigen::ArrayXXi::Constant(2, 2, 7);
  CHECK(holds(as_view(array), {7, 7, 7, 7}));
  // And the other way round.
  Tensor<double, 2, 3> t{{1, 2, 3}, {4, 5, 6}};
  const Eigen::Map<Eigen::Matrix<double, 2, 3, Eigen::RowMajor>> back(t.data());
  CHECK(back.sum() == 21);
}
#endif

namespace {
struct Counted {
  int allocations = 0;
  size_t live = 0;
};
void* allocate(size_t bytes, void* user) {
  auto* c = static_cast<Counted*>(user);
  ++c->allocations;
  c->live += bytes;
  return ::operator new(bytes, std::align_val_t(alignment));
}
void deallocate(void* p, size_t bytes, void* user) {
  static_cast<Counted*>(user)->live -= bytes;
  ::operator delete(p, std::align_val_t(alignment));
}
void* refuse(size_t, void*) { return nullptr; }
}  // namespace

TEST_CASE("the allocator hook") {
  static Counted counted;
  trim_pool();
  const Allocator before = detail::current_allocator;
  set_allocator({allocate, deallocate, &counted});
  {
    Tensor<float, dyn> a(1000);
    CHECK(counted.allocations == 1);
    CHECK(counted.live >= 4000);
    CHECK(reinterpret_cast<size_t>(a.data()) % alignment == 0);
    a = a * 2 + 1;
    CHECK(counted.allocations == 1);
    Tensor<float, dyn> b = a;
    CHECK(counted.allocations == 2);
    set_allocator(before);  // what was given goes back to whom it came from
    Tensor<float, dyn> c(123456);
    CHECK(counted.allocations == 2);
  }
  trim_pool();
  CHECK(counted.live == 0);
  set_allocator({refuse, deallocate, &counted});
  CHECK_THROWS_AS((void)zeros<float>(1000), value_error);
  set_allocator(before);
  CHECK(zeros<float>(1000).size() == 1000);
}

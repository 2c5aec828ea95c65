// Executors: adjoints of large pointwise statements, the same bits for any number of threads, and the right ones.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "support/jobs.hpp"

using namespace tenon;
using test::Jobs;

namespace {

using Vector = Tensor<double, dyn>;
using Matrix = Tensor<double, dyn, dyn>;

template <class X>
X filled(X x, int seed) {
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<typename X::value_type>(std::sin(static_cast<double>(i % 1009 + seed)));
  return x;
}
template <class X>
bool same_bits(const X& a, const X& b) {
  return a.dims() == b.dims() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(typename X::value_type)) == 0;
}
template <class X>
bool near(const X& a, const X& b) {
  if (!(a.dims() == b.dims())) return false;
  double largest = 1;
  for (index_t i = 0; i < b.size(); ++i) largest = std::fmax(largest, std::fabs(b.data()[i]));
  for (index_t i = 0; i < a.size(); ++i)
    if (!(std::fabs(a.data()[i] - b.data()[i]) <= 1e-12 * largest)) return false;
  return true;
}

// The gradient, which has the same bits on any number of threads. `shared`: whether the way back is shared out, too.
template <class F, class X>
X settled(const F& f, const X& x, bool shared) {
  const auto pulled = [&](Jobs* jobs) {
    Tape tape;
    const auto v = tape.variable(x);
    const auto loss = f(v);
    const int before = jobs ? jobs->runs : 0;
    auto [g] = tape.gradient(loss, v);
    if (jobs && jobs->count > 1) CHECK((jobs->runs - before > 1) == shared);
    return X(g);
  };
  const X want = pulled(nullptr);
  for (const int threads : {1, 2, 3, 8}) {
    CAPTURE(threads);
    Jobs jobs{threads};
    const Parallel scope(jobs);
    CHECK(same_bits(pulled(&jobs), want));
  }
  return want;
}
// The sum's own adjoint is one run of the executor.
template <class Y>
auto loss_of(const Y& y) {
  return evaluate(sum(y));
}

struct Shape {
  index_t n, m;
};
constexpr Shape shapes[] = {{700, 301}, {3, 100000}, {100000, 3}, {1, 200001}, {200001, 1}, {100, 3}};
bool is_large(const Shape& s) { return s.n * s.m >= 65536; }

}  // namespace

TEST_CASE("elements of their own") {
  for (const Shape& s : shapes) {
    CAPTURE(s.n);
    const Matrix x = filled(Matrix(s.n, s.m), 1), y = filled(Matrix(s.n, s.m), 2);
    const Matrix g = settled([&](const auto& v) { return loss_of(v * v * y); }, x, is_large(s));
    CHECK(near(g, Matrix(2 * x * y)));
    const auto half_of = [&](const auto& v) { return slice(v, range(0, s.n), range(0, (s.m + 1) / 2)); };
    const Matrix h = settled([&](const auto& v) { return loss_of(v * v * 3 + v * y); }, x, is_large(s));
    CHECK(near(h, Matrix(6 * x + y)));
    const Matrix k =
        settled([&](const auto& v) { return loss_of(half_of(v) * half_of(y)); }, x, s.n * ((s.m + 1) / 2) >= 65536);
    Matrix want(s.n, s.m);
    want = 0;
    slice(want, range(0, s.n), range(0, (s.m + 1) / 2)) = half_of(y);
    CHECK(near(k, want));
  }
}

TEST_CASE("recording runs in parts, too") {
  const Matrix x = filled(Matrix(700, 301), 1);
  const Matrix want = exp(x) * 2 - x;
  Jobs jobs{3};
  const Parallel scope(jobs);
  Tape tape;
  const auto v = tape.variable(x);
  const auto y = evaluate(exp(v) * 2 - v);
  CHECK(jobs.runs == 1);
  CHECK(jobs.tasks > 1);
  CHECK(std::memcmp(y.data(), want.data(), sizeof(double) * 700 * 301) == 0);
}

TEST_CASE("rows, columns and numbers that are broadcast") {
  for (const Shape& s : shapes) {
    CAPTURE(s.n);
    CAPTURE(s.m);
    const Matrix x = filled(Matrix(s.n, s.m), 1), column = filled(Matrix(s.n, 1), 2);
    const Vector row = filled(Vector(s.m), 3);
    const auto all = [&](const auto& a, const auto& r, const auto& c, const auto& t) {
      return loss_of(a * r * c * t * a);
    };
    const Matrix of_x = settled([&](const auto& v) { return all(v, row, column, 1.5); }, x, is_large(s));
    CHECK(near(of_x, Matrix(3.0 * x * row * column)));
    const Matrix of_column = settled([&](const auto& v) { return all(x, row, v, 1.5); }, column, is_large(s));
    CHECK(near(of_column, Matrix(1.5 * reshape(sum<1>(x * x * row), s.n, 1))));
    const Vector of_row = settled([&](const auto& v) { return all(x, v, column, 1.5); }, row, is_large(s));
    CHECK(near(of_row, Vector(1.5 * sum<0>(x * x * column))));
    const Tensor<double> number(1.5);
    const Tensor<double> of_number =
        settled([&](const auto& v) { return all(x, row, column, v); }, number, is_large(s));
    CHECK(near(of_number, Tensor<double>(sum(x * x * row * column))));
  }
}

TEST_CASE("several at once, of one tensor, in places that overlap") {
  const Vector v = filled(Vector(600), 1);
  const Vector g = settled([&](const auto& a) { return loss_of(reshape(a, 600, 1) * reshape(a, 1, 600)); }, v, true);
  CHECK(near(g, Vector(v * 0 + 2 * evaluate(sum(v))())));
  const Vector w = filled(Vector(200000), 1);
  const auto shifted = [&](const auto& a) {
    return loss_of(slice(a, range(1, 200000)) * slice(a, range(0, 199999)) * slice(a, range(0, 199999)));
  };
  const Vector h = settled(shifted, w, false);
  CHECK(std::fabs(h(1000) - (w(999) * w(999) + 2 * w(1000) * w(1001))) < 1e-12);
  // Neighbouring windows add to the same elements.
  const Vector long_one = filled(Vector(50003), 1);
  const Vector u =
      settled([&](const auto& a) { return loss_of(windows<0, 4>(a) * windows<0, 4>(long_one)); }, long_one, false);
  CHECK(std::fabs(u(1000) - 4 * long_one(1000)) < 1e-12);
  const Matrix square = filled(Matrix(300, 300), 1), other = filled(Matrix(300, 300), 2);
  const Matrix t = settled([&](const auto& a) { return loss_of(transpose(a) * other); }, square, true);
  CHECK(near(t, Matrix(transpose(other))));
  const Matrix both = settled([&](const auto& a) { return loss_of(transpose(a) * a); }, square, false);
  CHECK(near(both, Matrix(2 * transpose(square))));
}

TEST_CASE("numbers of other kinds") {
  const auto f = filled(Tensor<float, dyn, dyn>(700, 301), 1);
  const auto row = filled(Tensor<float, dyn>(301), 2);
  settled([&](const auto& v) { return loss_of(tanh(v) * row); }, f, true);
  settled([&](const auto& v) { return loss_of(tanh(f) * v); }, row, true);
  const auto h = filled(Tensor<double, dyn, dyn, dyn>(40, 50, 60), 1);
  const auto middle = filled(Matrix(50, 1), 2);
  settled([&](const auto& v) { return loss_of(h * v * h); }, middle, true);
  // Duals: derivatives of gradients.
  const Matrix x = filled(Matrix(500, 200), 1);
  const Vector r = filled(Vector(200), 2);
  const auto along = [&](Jobs* jobs) {
    const auto go = [&] { return hvp([&](const auto& v) { return evaluate(sum(x * v * v * v)); }, r, r); };
    if (!jobs) return Vector(go());
    const Parallel scope(*jobs);
    return Vector(go());
  };
  const Vector want = along(nullptr);
  CHECK(near(want, Vector(6 * r * r * sum<0>(x))));
  for (const int threads : {1, 2, 3, 8}) {
    Jobs jobs{threads};
    CHECK(same_bits(along(&jobs), want));
  }
}

TEST_CASE("sums of parts are better than one after the other") {
  // Numbers of one sign: the error of a running sum of floats grows with their number, the fewer lanes the more.
  Tensor<float, dyn> x(3000000);
  x = 0.1f;
  const Tensor<float> one(1.0f);
  const auto g = settled([&](const auto& v) { return loss_of(x * v); }, one, true);
  CHECK(std::fabs(g() / 3e5 - 1) < 5e-4);
}

TEST_CASE("products with a pointwise consumer") {
  const auto check = [](const auto& consumer) {
    for (const auto& [m, n] : {Shape{700, 301}, Shape{2000, 130}, Shape{40, 9000}}) {
      const Matrix x = filled(Matrix(m, 30), 1), w = filled(Matrix(30, n), 2);
      const Vector b = filled(Vector(n), 3);
      const auto gradients = [&] {
        Tape tape;
        const auto xv = tape.variable(x);
        const auto wv = tape.variable(w);
        const auto bv = tape.variable(b);
        const auto y = evaluate(consumer(matmul(xv, wv), bv));
        return tape.gradient(evaluate(sum(y * y))(), xv, wv, bv);
      };
      const auto [gx, gw, gb] = gradients();
      for (const int threads : {1, 2, 3, 8}) {
        CAPTURE(threads);
        Jobs jobs{threads};
        const Parallel scope(jobs);
        const auto [ax, aw, ab] = gradients();
        if (threads > 1) CHECK(jobs.runs > 3);
        CHECK(same_bits(ax, gx));
        CHECK(same_bits(aw, gw));
        CHECK(same_bits(ab, gb));
      }
      const Matrix z = matmul(x, w);
      Tape tape;
      const auto zv = tape.variable(z);
      const auto y = evaluate(consumer(zv, b));
      const auto [gz] = tape.gradient(evaluate(sum(y * y))(), zv);
      CHECK(near(gb, Vector(sum<0>(gz))));
      CHECK(near(gx, Matrix(matmul(gz, transpose(w)))));
      CHECK(near(gw, Matrix(matmul(transpose(x), gz))));
    }
  };
  check([](auto&& z, const auto& b) { return relu(static_cast<decltype(z)>(z) + b); });
  check([](auto&& z, const auto& b) { return tanh(static_cast<decltype(z)>(z) + b); });
}

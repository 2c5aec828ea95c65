// Losses against their formulas in double, their gradients against differences, their errors.
#include <doctest/doctest.h>

#include <string>

#include <cmath>
#include <tenon/nn.hpp>
#include <tenon/tenon.hpp>
#include <vector>

#include "differences.hpp"

using namespace tenon;

namespace {

double naive_cross_entropy(const auto& x, index_t row, index_t n, index_t label) {
  long double sum = 0, top = -INFINITY;
  for (index_t i = 0; i < n; ++i) top = std::fmax(top, static_cast<long double>(x(row, i)));
  for (index_t i = 0; i < n; ++i) sum += std::exp(static_cast<long double>(x(row, i)) - top);
  return static_cast<double>(std::log(sum) + top - static_cast<long double>(x(row, label)));
}
// A tensor to differentiate, as a model.
template <class T = double>
struct Logits {
  Tensor<T, dyn, dyn> x;
};
// The losses that are differentiated, as one type that is compiled once.
struct Loss {
  enum { labelled, weighted, likelihood, probabilities, squares, absolutes, hubers, binary, all };
  const Tensor<int, dyn>& labels;
  const Tensor<double, dyn>& weights;
  const Tensor<double, dyn, dyn>&p, &y, &yes;
  int which;
  template <class M>
  auto operator()(const M& m) const {
    using T = typename decltype(m.x)::value_type;
    switch (which) {
      case labelled:
        return static_cast<T>(nn::cross_entropy(m.x, labels));
      case weighted:
        return static_cast<T>(sum(weights * nn::cross_entropy<nn::Reduction::none>(m.x, labels)));
      case likelihood:
        return static_cast<T>(nn::nll(m.x, labels));
      case probabilities:
        return static_cast<T>(nn::cross_entropy(m.x, p));
      case squares:
        return static_cast<T>(nn::mse(m.x, y));
      case absolutes:
        return static_cast<T>(nn::mae(m.x, y));
      case hubers:
        return static_cast<T>(nn::huber(m.x, y));
      default:
        return static_cast<T>(nn::binary_cross_entropy_with_logits(m.x, yes));
    }
  }
};

}  // namespace

TEST_CASE("cross_entropy is -log softmax at the label, for any number of classes") {
  Rng rng{1};
  for (const index_t n : {1, 2, 10, 16, 17, 100}) {
    const auto x = evaluate(normal<double>(rng, 5, n) * 5);
    const auto labels = randint<int>(rng, 0, n, 5);
    const Tensor<double, dyn> each = nn::cross_entropy<nn::Reduction::none>(x, labels);
    double total = 0;
    for (index_t i = 0; i < 5; ++i) {
      const double want = naive_cross_entropy(x, i, n, labels(i));
      total += want;
      CHECK(each(i) == doctest::Approx(want).epsilon(1e-12));
    }
    CHECK(static_cast<double>(nn::cross_entropy(x, labels)) == doctest::Approx(total / 5).epsilon(1e-12));
    CHECK(static_cast<double>(nn::cross_entropy<nn::Reduction::sum>(x, labels)) ==
          doctest::Approx(total).epsilon(1e-12));
    const auto lines = evaluate(log_softmax<-1>(x));
    CHECK(static_cast<double>(nn::nll(lines, labels)) == doctest::Approx(total / 5).epsilon(1e-12));
    const Tensor<float, dyn, dyn> single = x;
    CHECK(static_cast<float>(nn::cross_entropy(single, labels)) == doctest::Approx(total / 5).epsilon(1e-5));
  }
}

TEST_CASE("cross_entropy does not overflow, and keeps small losses") {
  Tensor<float, 1, 3> x{{1000, 0, -1000}};
  Tensor<int, 1> label{0};
  CHECK(static_cast<float>(nn::cross_entropy(x, label)) == 0);
  label(0) = 2;
  CHECK(static_cast<float>(nn::cross_entropy(x, label)) == 2000);
  x(0, 1) = NAN;
  CHECK(std::isnan(static_cast<float>(nn::cross_entropy(x, label))));
  Tensor<double, 1, 2> close{{30, 0}};
  label(0) = 0;
  CHECK(static_cast<double>(nn::cross_entropy(close, label)) == doctest::Approx(std::log1p(std::exp(-30.0))));
}

TEST_CASE("cross_entropy of batches of several axes, of views, of expressions") {
  Rng rng{2};
  const auto x = normal<double>(rng, 2, 3, 4);
  const auto labels = randint<int>(rng, 0, 4, 2, 3);
  const auto flat = evaluate(reshape(x, 6, 4));
  double total = 0;
  for (index_t i = 0; i < 6; ++i) total += naive_cross_entropy(flat, i, 4, labels.data()[i]);
  CHECK(static_cast<double>(nn::cross_entropy(x, labels)) == doctest::Approx(total / 6));
  const auto turned = evaluate(transpose(flat));
  CHECK(static_cast<double>(nn::cross_entropy(transpose(turned), evaluate(reshape(labels, 6)))) ==
        doctest::Approx(total / 6));
  CHECK(static_cast<double>(nn::cross_entropy(x * 2 - x, labels)) == doctest::Approx(total / 6));
  const auto one = evaluate(row(flat, 1));
  CHECK(static_cast<double>(nn::cross_entropy(one, Tensor<int>(labels(0, 1)))) ==
        doctest::Approx(naive_cross_entropy(flat, 1, 4, labels(0, 1))));
}

TEST_CASE("Losses of errors name themselves, and take a number as target") {
  const Tensor<float, dyn> x{1, 2, 4}, two(2);
  CHECK(static_cast<float>(nn::mse(x, 2)) == doctest::Approx(5.0 / 3));
  CHECK(static_cast<float>(nn::mse(2.0, x)) == doctest::Approx(5.0 / 3));
  CHECK(static_cast<float>(nn::mae(x, 2.0f)) == 1);
  CHECK(static_cast<float>(nn::huber(x, 2)) == doctest::Approx((0.5 + 1.5) / 3));
  CHECK(static_cast<float>(nn::MeanSquaredError{}(x, 2)) == doctest::Approx(5.0 / 3));
  const auto g = grad([](const auto& v) { return nn::mse(v, 2); })(x);
  CHECK(g(2) == doctest::Approx(4.0 / 3));
  const char* const rest = "the shapes of prediction and target do not broadcast: [3] and [2]";
  CHECK_THROWS_WITH_AS(static_cast<float>(nn::mse(x, two)), (std::string("tenon: mse: ") + rest).c_str(), shape_error);
  CHECK_THROWS_WITH_AS(static_cast<float>(nn::mae(x, two)), (std::string("tenon: mae: ") + rest).c_str(), shape_error);
  CHECK_THROWS_WITH_AS(static_cast<float>(nn::huber(x, two)), (std::string("tenon: huber: ") + rest).c_str(),
                       shape_error);
}
TEST_CASE("Labels are checked") {
  const Tensor<float, dyn, 3> x(4, 3);
  Tensor<int, dyn> labels(4);
  labels(2) = 3;
  CHECK_THROWS_WITH_AS(static_cast<float>(nn::cross_entropy(x, labels)),
                       "tenon: cross_entropy: label 3 is out of range for extent 3", index_error);
  labels(2) = -1;
  CHECK_THROWS_AS(static_cast<float>(nn::cross_entropy(x, labels)), index_error);
  const Tensor<int, dyn> five(5);
  CHECK_THROWS_WITH_AS(static_cast<float>(nn::cross_entropy(x, five)),
                       "tenon: cross_entropy: the labels' shape is not that of the logits without their last axis: "
                       "[4, 3] and [5]",
                       shape_error);
}

TEST_CASE("Gradients of the losses are their differences") {
  Rng rng{3};
  const Logits<> logits{normal<double>(rng, 6, 19) * 2};
  const Tensor<int, dyn> labels = randint<int>(rng, 0, 19, 6);
  const Tensor<double, dyn> weights = normal<double>(rng, 6);
  const Tensor<double, dyn, dyn> p = softmax<-1>(normal<double>(rng, 6, 19)), y = normal<double>(rng, 6, 19),
                                 yes = uniform<double>(rng, 6, 19);
  for (int which = 0; which < Loss::all; ++which) {
    CAPTURE(which);
    const bool loose = which == Loss::weighted || which == Loss::probabilities;
    CHECK(test::gradient_error(Loss{labels, weights, p, y, yes, which}, logits) < (loose ? 1e-8 : 1e-9));
  }
}

TEST_CASE("Probabilities with one class certain are labels") {
  Rng rng{4};
  const auto x = normal<double>(rng, 3, 5);
  const Tensor<int, dyn> labels{1, 4, 0};
  auto p = zeros<double>(3, 5);
  for (index_t i = 0; i < 3; ++i) p(i, labels(i)) = 1;
  CHECK(static_cast<double>(nn::cross_entropy(x, p)) ==
        doctest::Approx(static_cast<double>(nn::cross_entropy(x, labels))).epsilon(1e-12));
}

TEST_CASE("Errors of regression") {
  const Tensor<float, 4> x{1, 2, 3, -4}, y{1, 0, 3.5f, 0};
  CHECK(static_cast<float>(nn::mse(x, y)) == doctest::Approx((4 + 0.25 + 16) / 4));
  CHECK(static_cast<float>(nn::mae(x, y)) == doctest::Approx((2 + 0.5 + 4) / 4));
  CHECK(static_cast<float>(nn::huber(x, y)) == doctest::Approx((1.5 + 0.125 + 3.5) / 4));
  CHECK(static_cast<float>(nn::huber(x, y, 3)) == doctest::Approx((2 + 0.125 + 7.5) / 4));
  CHECK(evaluate(nn::mse<nn::Reduction::none>(x, y))(3) == 16);
  CHECK(static_cast<float>(nn::MeanSquaredError{}(x, y)) == doctest::Approx((4 + 0.25 + 16) / 4));
}

TEST_CASE("Binary cross entropy is accurate for certain logits") {
  const Tensor<double, 4> z{-50, 50, 0, 2}, y{0, 1, 0.5, 0};
  const auto each = evaluate(nn::binary_cross_entropy_with_logits<nn::Reduction::none>(z, y));
  CHECK(each(0) == doctest::Approx(std::exp(-50.0)).epsilon(1e-12));
  CHECK(each(1) == doctest::Approx(std::exp(-50.0)).epsilon(1e-12));
  CHECK(each(2) == doctest::Approx(std::log(2.0)));
  CHECK(each(3) == doctest::Approx(std::log1p(std::exp(2.0))));
}

TEST_CASE("cross_entropy at compile time and of half") {
  constexpr Tensor<double, 2, 2> x{{0, 0}, {1, 1}};
  constexpr Tensor<int, 2> labels{0, 1};
  constexpr Tensor<double> loss = nn::cross_entropy(x, labels);
  static_assert(loss() > 0.693147 && loss() < 0.693148);
  Tensor<half, 1, 2> h;
  Tensor<int, 1> label;
  CHECK(static_cast<float>(evaluate(nn::cross_entropy(h, label))()) == doctest::Approx(0.6931f).epsilon(1e-3));
}

TEST_CASE("The second derivative of cross_entropy is the softmax's covariance") {
  Tensor<double, 3> x{0.5, -1, 2};
  const Tensor<int> label(1);
  const auto p = evaluate(softmax<-1>(x));
  const auto first = grad([&](const auto& v) {
    const auto g = grad([&](const auto& w) { return nn::cross_entropy(w, label); })(v);
    return g(0);
  })(x);
  CHECK(first(0) == doctest::Approx(p(0) * (1 - p(0))));
  CHECK(first(1) == doctest::Approx(-p(0) * p(1)));
  CHECK(first(2) == doctest::Approx(-p(0) * p(2)));
}

TEST_CASE("Accuracy and confusion") {
  const Tensor<float, dyn, 3> logits{{1, 2, 0}, {5, 5, 1}, {0, 0, 1}, {0, 3, 9}};
  const Tensor<int, dyn> labels{1, 0, 1, 2};
  CHECK(nn::count_correct(logits, labels) == 3);
  CHECK(nn::accuracy(logits, labels) == 0.75);
  const auto counts = nn::confusion(logits, labels);
  CHECK(counts(1, 1) == 1);
  CHECK(counts(0, 0) == 1);
  CHECK(counts(1, 2) == 1);
  CHECK(static_cast<long>(sum(counts)) == 4);
  const Tensor<int, dyn> wrong{1, 0, 7, 2};
  CHECK(nn::accuracy(logits, wrong) == 0.75);
  CHECK_THROWS_AS(nn::confusion(logits, wrong), index_error);
  CHECK(std::isnan(nn::accuracy(Tensor<float, dyn, 3>(), Tensor<int, dyn>())));
}

// The walk over models: names, counts, state, and what a derivative sees of buffers and frozen parts.
#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <tenon/nn.hpp>
#include <tenon/tenon.hpp>
#include <variant>
#include <vector>

#include "support/allocations.hpp"

using namespace tenon;

namespace {

template <class T = float>
struct Part {
  Tensor<T, 3, 4> weight;
  Tensor<T, dyn> bias;
  nn::Buffer<Tensor<nn::param_t<T>, 3>> seen;
  Tensor<int, 2> ids;
  float eps = 0.5f;
  auto operator()(const auto& x) const {
    seen.value()(0) += 1;
    return evaluate(matmul(x, transpose(weight)) * eps);
  }
};
template <class T = float>
struct Net {
  std::vector<Part<T>> layers;
  std::optional<Part<T>> extra;
  std::variant<Part<T>, Tensor<T, 2>> either;
  std::array<Tensor<T, 1>, 2> pair;
  Frozen<Part<T>> still;
  std::string title = "net";
  auto operator()(const auto& x) const { return evaluate(layers[0](x) + (*extra)(x) + still(x)); }
};

Net<> make_net() {
  Net<> net;
  net.layers.resize(2);
  net.extra.emplace();
  net.either.emplace<1>(Tensor<float, 2>{1, 2});
  net.layers[0].weight = 1;
  net.extra->weight = 2;
  net.still.value.weight = 3;
  return net;
}
std::string parameter_names(const auto& net) {
  std::string all;
  nn::for_each_parameter(net, [&](const nn::Path& name, const auto&) { (all += name.c_str()) += ' '; });
  return all;
}
std::string state_names(const auto& net) {
  std::string all;
  nn::for_each_state(net, [&](const nn::Path& name, const auto&) { (all += name.c_str()) += ' '; });
  return all;
}

}  // namespace

TEST_CASE("Parameters are named by their path, as in PyTorch") {
  const Net<> net = make_net();
  CHECK(parameter_names(net) ==
        "layers.0.weight layers.0.bias layers.1.weight layers.1.bias extra.weight extra.bias either pair.0 pair.1 ");
  CHECK(parameter_names(nn::Sequential<nn::Linear<2, 3>, nn::ReLU, nn::Linear<3, 1>>{}) ==
        "0.weight 0.bias 2.weight 2.bias ");
  CHECK(parameter_names(nn::Repeat<nn::Linear<2, 2>>(2)) == "0.weight 0.bias 1.weight 1.bias ");
}

TEST_CASE("State is parameters, integer tensors and buffers, of frozen parts too") {
  Net<> net;
  CHECK(state_names(net) ==
        "either.weight either.bias either.seen either.ids pair.0 pair.1 still.weight still.bias "
        "still.seen still.ids ");
  CHECK(parameter_names(net) == "either.weight either.bias pair.0 pair.1 ");
}

TEST_CASE("Parameters are counted without state and frozen parts") {
  Net<> net = make_net();
  CHECK(nn::parameter_count(net) == 3 * 12 + 2 + 2);
  net.layers[1].bias = zeros<float>(5);
  CHECK(nn::parameter_count(net) == 3 * 12 + 2 + 2 + 5);
}

TEST_CASE("Models of one structure are walked together, without allocation") {
  Net<> a = make_net(), b = make_net();
  b.layers[0].weight = 5;
  const test::AllocationCount count;
  nn::zip_parameters([](auto& p, const auto& q) { p += q; }, a, b);
  CHECK(count() == 0);
  CHECK(a.layers[0].weight(2, 3) == 6);
  CHECK(a.extra->weight(0, 0) == 4);
  CHECK(std::get<1>(a.either)(1) == 4);
  CHECK(a.still.value.weight(0, 0) == 3);
  b.layers.resize(1);
  CHECK_THROWS_AS(nn::zip_parameters([](auto&, const auto&) {}, a, b), value_error);
  b = make_net();
  b.extra.reset();
  CHECK_THROWS_AS(nn::zip_parameters([](auto&, const auto&) {}, a, b), value_error);
  b = make_net();
  b.either = Part<>{};
  CHECK_THROWS_AS(nn::zip_parameters([](auto&, const auto&) {}, a, b), value_error);
}

TEST_CASE("A derivative goes through vectors, optionals and variants, not through frozen parts") {
  const Net<> net = make_net();
  const auto x = ones<float, 2, 4>();
  const auto [value, g] = value_and_grad([&](const auto& m) { return sum(m(x)); })(net);
  CHECK(value == doctest::Approx(2 * 3 * 4 * (1 + 2 + 3) * 0.5));
  CHECK(g.layers[0].weight(1, 1) == 1);  // two rows times eps
  CHECK(g.layers[1].weight(1, 1) == 0);
  CHECK(g.extra->weight(2, 3) == 1);
  CHECK(g.still.value.weight(0, 0) == 0);
  CHECK(g.either.index() == 1);
  CHECK(g.title == "net");
}

TEST_CASE("A lifted model updates the model's own buffers") {
  Net<> net = make_net();
  const auto x = ones<float, 2, 4>();
  CHECK(net.layers[0].seen.value()(0) == 0);
  (void)value_and_grad([&](const auto& m) { return sum(m(x)); })(net);
  CHECK(net.layers[0].seen.value()(0) == 1);
  CHECK(net.still.value.seen.value()(0) == 1);
  Net<> copy = net;
  (void)copy(x);
  CHECK(copy.layers[0].seen.value()(0) == 2);
  CHECK(net.layers[0].seen.value()(0) == 1);
  net = copy;
  CHECK(net.layers[0].seen.value()(0) == 2);
  (void)net(x);
  CHECK(copy.layers[0].seen.value()(0) == 2);
}

TEST_CASE("Types of models on other elements") {
  static_assert(__is_same(nn::rebind_t<Net<float>, double>, Net<double>));
  static_assert(__is_same(nn::rebind_t<nn::Linear<2, 3>, bfloat16>, nn::Linear<2, 3, bfloat16>));
  static_assert(__is_same(nn::rebind_t<nn::Sequential<nn::Linear<2, 3>, nn::ReLU>, double>,
                          nn::Sequential<nn::Linear<2, 3, double>, nn::ReLU>));
  static_assert(__is_same(nn::rebind_t<nn::Repeat<nn::Linear<2, 2>>, double>, nn::Repeat<nn::Linear<2, 2, double>>));
  static_assert(__is_same(nn::param_t<bfloat16>, float) && __is_same(nn::param_t<half>, float));
  static_assert(__is_same(nn::param_t<double>, double) && __is_same(nn::param_t<rev<bfloat16>>, rev<float>));
}

TEST_CASE("A name that is too long is an error") {
  nn::Path path;
  for (int i = 0; i < 25; ++i) path.push("abcdefghi");
  CHECK(path.size() == 249);
  path.push("ABCDE");
  CHECK(path.size() == 255);
  CHECK_THROWS_AS(path.push(1), value_error);
  path.cut(9);
  path.push(120);
  CHECK(path == "abcdefghi.120");
}

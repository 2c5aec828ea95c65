// Initial values and summaries of models.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <tenon/nn.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T = float>
struct Mlp {
  nn::Linear<784, 128, T> hidden;
  nn::Dropout drop;
  nn::Linear<128, 10, T> out;
  auto operator()(const auto& x) const { return out(drop(relu(hidden(x)))); }
};
template <class T = float>
struct Raw {
  Tensor<T, 50, 100> table;
  Tensor<T, 100> shift;
  Tensor<int, 3> ids;
  nn::Linear<10, 20, T> layer;
};
double deviation(const auto& x) {
  double m = 0, v = 0;
  const double n = static_cast<double>(x.size());
  for (const auto& e : x) m += static_cast<double>(e) / n;
  for (const auto& e : x) v += (static_cast<double>(e) - m) * (static_cast<double>(e) - m) / n;
  return std::sqrt(v);
}
double largest(const auto& x) {
  double m = 0;
  for (const auto& e : x) m = std::fmax(m, std::fabs(static_cast<double>(e)));
  return m;
}

}  // namespace

TEST_CASE("Linear starts as PyTorch's does, the same for the same seed") {
  const auto net = nn::init<Mlp<>>(Rng{42}), again = nn::init<Mlp<>>(Rng{42}), other = nn::init<Mlp<>>(Rng{43});
  const double bound = 1 / std::sqrt(784.0);
  CHECK(largest(net.hidden.weight) <= bound);
  CHECK(largest(net.hidden.weight) > 0.99 * bound);
  CHECK(deviation(net.hidden.weight) == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.01));
  CHECK(largest(net.hidden.bias) <= bound);
  CHECK(largest(net.out.bias) > bound);
  CHECK(all(net.hidden.weight == again.hidden.weight));
  CHECK(all(net.out.weight == again.out.weight));
  CHECK_FALSE(all(net.hidden.weight == other.hidden.weight));
}

TEST_CASE("Parameters outside of layers, and what is left as it is") {
  Raw<> raw;
  raw.ids(1) = 7;
  raw.shift = 1;
  nn::init(raw, Rng{1});
  CHECK(largest(raw.table) <= 0.1);
  CHECK(deviation(raw.table) == doctest::Approx(0.1 / std::sqrt(3.0)).epsilon(0.05));
  CHECK(largest(raw.shift) == 0);
  CHECK(raw.ids(1) == 7);
}

TEST_CASE("Initialisers have the variance that they promise") {
  Tensor<float, 200, 300> w;
  Rng rng{1};
  nn::kaiming_uniform(rng, w);
  CHECK(deviation(w) == doctest::Approx(std::sqrt(2.0 / 300)).epsilon(0.02));
  nn::kaiming_normal(rng, w, 1);
  CHECK(deviation(w) == doctest::Approx(std::sqrt(1.0 / 300)).epsilon(0.02));
  nn::xavier_uniform(rng, w);
  CHECK(deviation(w) == doctest::Approx(std::sqrt(2.0 / 500)).epsilon(0.02));
  nn::xavier_normal(rng, w, 2);
  CHECK(deviation(w) == doctest::Approx(2 * std::sqrt(2.0 / 500)).epsilon(0.02));
  const Tensor<float, 16, 3, 5, 5> filters;
  CHECK(nn::fan_in(filters) == 75);
  CHECK(nn::fan_out(filters) == 400);
}

TEST_CASE("A summary counts parameters, operations and bytes") {
  std::string lines;
  const nn::Summary s = nn::summarise(Mlp<double>{}, Dims{2, {1, 784}}, [&](const nn::LayerLine& l) {
    Message shape;
    shape << l.output;
    ((((lines += l.name) += ' ') += l.type) += ' ') += shape.c_str();
    lines += '\n';
  });
  CHECK(lines ==
        "hidden nn::Linear<784, 128, double> [1, 128]\n"
        "drop nn::Dropout [1, 128]\n"
        "out nn::Linear<128, 10, double> [1, 10]\n");
  CHECK(s.parameters == 784 * 128 + 128 + 1280 + 10);
  CHECK(s.parameter_bytes == 8 * s.parameters);
  CHECK(s.flops == 2 * (784 * 128 + 1280) + 128 + 10);
  CHECK(s.activation_bytes == 8 * (128 + 128 + 10));
  CHECK_THROWS_AS(nn::summarise(Mlp<>{}, Dims{2, {1, 28}}, [](const nn::LayerLine&) {}), shape_error);
  const nn::Summary raw = nn::summarise(Raw<double>{}, Dims{1, {10}}, [](const nn::LayerLine&) {});
  CHECK(raw.parameters == 5000 + 100 + 220);
  CHECK(raw.parameter_bytes == 8 * 5320);
}

TEST_CASE("A summary is printed as a table") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  nn::Sequential<nn::Linear<64, 1000, double>, nn::ReLU> net;
  nn::print_summary(file, net, 1, 64);
  std::rewind(file);
  char text[2000] = {};
  (void)!std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  const std::string s = text;
  CHECK(s.find("0                 nn::Linear<64, 1000, double>      [1, 1000]            65000       129 k\n") !=
        s.npos);
  CHECK(s.find("65000 parameters in 520 kB; for an input of shape [1, 64]: 130 kFLOP and 16.0 kB of activations\n") !=
        s.npos);
}

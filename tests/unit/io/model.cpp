// Models in safetensors files: what is written is read, and anything else is refused by name.
#include <doctest/doctest.h>

#include <cstdio>
#include <optional>
#include <string>
#include <tenon/io/model.hpp>
#include <tenon/nn.hpp>
#include <tenon/optim.hpp>
#include <tenon/tenon.hpp>
#include <vector>

using namespace tenon;

namespace {

template <class T = float>
struct Net {
  nn::Linear<4, 3, T> hidden;
  nn::Buffer<Tensor<double, 3>> seen;
  std::vector<nn::Linear<3, 2, bfloat16>> layers;
  Tensor<int, dyn> ids;
  Tensor<bool, 2> mask;
  std::optional<Tensor<half, 2>> extra;
  Frozen<Tensor<T, 1>> still;
  float rate = 0.5f;
};
Net<> make_net(unsigned long long seed) {
  Net<> net;
  net.layers.resize(2);
  net.extra.emplace();
  net.ids = arange(seed == 0 ? 0 : 5) * 10;
  nn::init(net, Rng{seed});
  net.seen.value()(1) = static_cast<double>(seed);
  net.mask(1) = true;
  (*net.extra)(0) = half(static_cast<float>(seed));
  net.still.value = 3;
  return net;
}
std::string temporary(const char* name) { return std::string("tenon_model_") + name + ".safetensors"; }
struct File {
  std::string path;
  ~File() { std::remove(path.c_str()); }
};
// The message of the error that loading gives.
template <class M>
std::string refusal(M& model, const std::vector<unsigned char>& bytes) {
  try {
    io::load(model, io::SafetensorsFile(bytes, "m"));
  } catch (const io::format_error& e) {
    return e.what();
  }
  return "";
}
std::vector<unsigned char> bytes_of(const auto& model) {
  io::SafetensorsWriter w;
  io::add_model(w, model);
  return w.to_bytes();
}

}  // namespace

TEST_CASE("A model comes back from its file, to the last bit") {
  const File file{temporary("round")};
  const Net<> net = make_net(7);
  io::save(net, file.path);
  Net<> other = make_net(0);
  CHECK(other.ids.size() == 0);
  io::load(other, file.path);
  CHECK(all(other.hidden.weight == net.hidden.weight));
  CHECK(all(other.hidden.bias == net.hidden.bias));
  CHECK(other.seen.value()(1) == 7);
  CHECK(static_cast<float>(other.layers[1].weight(1, 2)) == static_cast<float>(net.layers[1].weight(1, 2)));
  CHECK(other.ids.size() == 5);
  CHECK(other.ids(4) == 40);
  CHECK(other.mask(1));
  CHECK(static_cast<float>((*other.extra)(0)) == 7);
  CHECK(other.still.value(0) == 3);
}

TEST_CASE("The file has the names and types of the members") {
  const auto bytes = bytes_of(make_net(1));
  const io::SafetensorsFile file(bytes);
  CHECK(file.entries().size() == 11);
  CHECK(file.at("hidden.weight").shape == std::vector<index_t>{3, 4});
  CHECK(file.at("hidden.weight").dtype == io::DType::F32);
  CHECK(file.at("layers.1.bias").dtype == io::DType::BF16);
  CHECK(file.at("seen").dtype == io::DType::F64);
  CHECK(file.at("ids").dtype == io::DType::I32);
  CHECK(file.at("mask").dtype == io::DType::BOOL);
  CHECK(file.at("extra").dtype == io::DType::F16);
}

TEST_CASE("Missing, extra, and differing tensors are named, and the model stays as it was") {
  const Net<> net = make_net(7);
  Net<> other = make_net(1);
  const float before = other.hidden.weight(0, 0);
  SUBCASE("missing") {
    other.layers.resize(3);
    CHECK(refusal(other, bytes_of(net)) == "'m' has no tensor 'layers.2.weight', which the model needs");
  }
  SUBCASE("extra") {
    other.layers.resize(1);
    CHECK(refusal(other, bytes_of(net)) == "'m' has a tensor 'layers.1.weight', which the model lacks");
  }
  SUBCASE("another element type") {
    Net<double> wide;
    wide.layers.resize(2);
    wide.extra.emplace();
    CHECK(refusal(other, bytes_of(wide)) == "'m': tensor 'hidden.weight' has element type F64, the model's has F32");
  }
  SUBCASE("another shape") {
    const nn::Linear<5, 3> five;
    nn::Linear<4, 3> four;
    CHECK(refusal(four, bytes_of(five)) == "'m': tensor 'weight' has shape [3, 5], the model's has [3, 4]");
  }
  SUBCASE("another run-time extent") {
    other.ids = arange(4);
    CHECK(refusal(other, bytes_of(net)) == "'m': tensor 'ids' has shape [5], the model's has [4]");
  }
  CHECK(other.hidden.weight(0, 0) == before);
}

TEST_CASE("An optimiser's state is saved under the parameters' names") {
  auto net = nn::init<nn::Linear<4, 3>>(Rng{1});
  const auto g = nn::init<nn::Linear<4, 3>>(Rng{2});
  optim::Adam adam(net), other(net);
  adam.step(net, g);
  adam.step(net, g);
  const auto bytes = bytes_of(adam);
  const io::SafetensorsFile file(bytes);
  CHECK(file.find("first.weight"));
  CHECK(file.find("second.bias"));
  io::load(other, file);
  auto copy = net;
  adam.step(net, g);
  other.step(copy, g);
  CHECK(all(net.weight == copy.weight));
}

TEST_CASE("Files that cannot be read or written") {
  Net<> net;
  CHECK_THROWS_AS(io::load(net, "no/such/file.safetensors"), io::io_error);
  CHECK_THROWS_AS(io::save(net, "no/such/file.safetensors"), io::io_error);
}

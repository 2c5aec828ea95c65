// The network and the data that train.cpp and infer.cpp share.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>

#include <tenon/io/idx.hpp>
#include <tenon/nn.hpp>

namespace digits {
using namespace tenon;

// Two layers. The number of pixels is part of the type: images or layers that do not fit are a compile error.
template <index_t Pixels, index_t Hidden, class T = float>
struct Mlp {
  nn::Linear<Pixels, Hidden, T> hidden;
  nn::Linear<Hidden, 10, T> out;
  auto operator()(const auto& x) const { return out(relu(hidden(x))); }
};

// Images of handwritten digits, one a row, pixels from 0 (paper) to 1 (ink), and the digits they show.
template <index_t Pixels>
struct Set {
  Tensor<float, dyn, Pixels> images;
  Tensor<int, dyn> labels;
};
template <index_t Pixels>
struct Split {
  Set<Pixels> train, test;
};

template <index_t Pixels>
Set<Pixels> read_set(const std::string& images, const std::string& labels, float ink) {
  const io::IdxArray x = io::read_idx(images), y = io::read_idx(labels);
  if (x.type != io::IdxType::u8 || x.shape.size() != 3 || x.shape[1] * x.shape[2] != Pixels)
    io::fail<io::format_error>("'%s' does not hold images of %td pixels", images.c_str(), Pixels);
  if (y.type != io::IdxType::u8 || y.shape.size() != 1 || y.shape[0] != x.shape[0])
    io::fail<io::format_error>("'%s' does not hold a label for each image", labels.c_str());
  Set<Pixels> set{Tensor<float, dyn, Pixels>(x.shape[0], Pixels), Tensor<int, dyn>(x.shape[0])};
  for (index_t i = 0; i < set.images.size(); ++i)
    set.images.data()[i] = static_cast<float>(x.bytes[static_cast<std::size_t>(i)]) / ink;
  for (index_t i = 0; i < set.labels.size(); ++i) set.labels(i) = y.bytes[static_cast<std::size_t>(i)];
  return set;
}

// The files that come with tenon: every fifth image (index % 5 == 0) is for testing.
inline Split<64> read_digits(const std::string& folder) {
  const auto all = read_set<64>(folder + "/digits8x8-images-idx3-ubyte", folder + "/digits8x8-labels-idx1-ubyte", 16);
  const index_t n = all.labels.size(), tests = (n + 4) / 5;
  Split<64> split{{Tensor<float, dyn, 64>(n - tests, 64), Tensor<int, dyn>(n - tests)},
                  {Tensor<float, dyn, 64>(tests, 64), Tensor<int, dyn>(tests)}};
  for (index_t i = 0; i < n; ++i) {
    Set<64>& to = i % 5 == 0 ? split.test : split.train;
    const index_t at = i % 5 == 0 ? i / 5 : i - i / 5 - 1;
    for (index_t k = 0; k < 64; ++k) to.images(at, k) = all.images(i, k);
    to.labels(at) = all.labels(i);
  }
  return split;
}
// MNIST, with its own test set.
inline Split<784> read_mnist(const std::string& folder) {
  return {read_set<784>(folder + "/train-images-idx3-ubyte", folder + "/train-labels-idx1-ubyte", 255),
          read_set<784>(folder + "/t10k-images-idx3-ubyte", folder + "/t10k-labels-idx1-ubyte", 255)};
}

// Options in pairs of a name and a value; --help lists them, any other name ends the program.
class Options {
 public:
  Options(int argc, char** argv, std::initializer_list<const char*> names) : argc_(argc), argv_(argv) {
    for (int i = 1; i < argc; i += 2) {
      bool known = false;
      for (const char* name : names) known = known || std::strcmp(argv[i], name) == 0;
      if (known && i + 1 < argc) continue;
      if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0) {
        std::printf("usage: %s", argv[0]);
        for (const char* name : names) std::printf(" [%s VALUE]", name);
        std::puts("");
        std::exit(0);
      }
      std::fprintf(stderr, known ? "%s: option %s needs a value" : "%s: there is no option %s", argv[0], argv[i]);
      std::fputs("; options:", stderr);
      for (const char* name : names) std::fprintf(stderr, " %s VALUE", name);
      std::fputc('\n', stderr);
      std::exit(2);
    }
  }
  const char* text(const char* name, const char* otherwise) const {
    const char* value = otherwise;
    for (int i = 1; i + 1 < argc_; i += 2)
      if (std::strcmp(argv_[i], name) == 0) value = argv_[i + 1];
    return value;
  }
  // A whole number from 1 up.
  int number(const char* name, int otherwise) const {
    const char* value = text(name, nullptr);
    if (!value) return otherwise;
    char* end = nullptr;
    const long n = std::strtol(value, &end, 10);
    if (end != value && *end == 0 && n >= 1 && n <= 1000000) return static_cast<int>(n);
    std::fprintf(stderr, "%s: %s needs a whole number from 1 to 1000000, not '%s'\n", argv_[0], name, value);
    std::exit(2);
  }

 private:
  int argc_;
  char** argv_;
};

}  // namespace digits

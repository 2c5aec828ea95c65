// Loads what train.cpp learned and reads the test images one by one: inference alone, without any memory allocation.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   digits_infer [--model FILE] [--data DIR]
// FILE is digits.safetensors of the current directory; DIR is the folder that it was trained on.
#include <time.h>

#include <tenon/io/model.hpp>

#include "digits.hpp"

using namespace digits;

// Counts every allocation of the program; the library's own memory comes from here too.
static long allocations = 0;
static void* allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!p) throw std::bad_alloc();
  return p;
}
void* operator new(std::size_t bytes) { return allocate(bytes, 16); }
void* operator new(std::size_t bytes, std::align_val_t a) { return allocate(bytes, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

static double microseconds() {
  timespec t{};
  timespec_get(&t, TIME_UTC);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

template <index_t Pixels, index_t Hidden>
void run(const io::SafetensorsFile& file, const Set<Pixels>& test) {
  Mlp<Pixels, Hidden> net;
  io::load(net, file);
  const index_t n = test.labels.size();
  Tensor<float, 10> logits;
  index_t right = 0, rounds = 0;
  const auto read_all = [&] {
    for (index_t i = 0; i < n; ++i) {
      logits = net(row(test.images, i));
      right += static_cast<index_t>(argmax(logits)) == test.labels(i);
    }
  };
  read_all();  // the first call fills the pool of memory that all later ones use
  const index_t seen = right;
  const long before = allocations;
  const double start = microseconds();
  double stop = start;
  for (; stop - start < 3e5; stop = microseconds(), ++rounds) read_all();
  std::printf("read %td digits with %s: %.2f %% right, %.2f microseconds a digit, %ld heap allocations\n", n,
              file.name().c_str(), 100 * static_cast<double>(seen) / static_cast<double>(n),
              (stop - start) / static_cast<double>(n * rounds), allocations - before);
}

int main(int argc, char** argv) try {
  const Options options(argc, argv, {"--model", "--data"});
  const io::SafetensorsFile file(options.text("--model", "digits.safetensors"));
  const char* folder = options.text("--data", nullptr);
  for (const auto& m : file.metadata())
    if (!folder && m.key == "data") folder = m.value.c_str();
  if (!folder) folder = TENON_EXAMPLE_DATA;
  if (file.at("hidden.weight").shape == std::vector<index_t>{256, 784}) {
    run<784, 256>(file, read_mnist(folder).test);
  } else {
    run<64, 128>(file, read_digits(folder).test);
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return 1;
}

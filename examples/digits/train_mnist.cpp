// train.cpp for MNIST: larger images, and so another network type, in a program of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   digits_train_mnist --data DIR [--epochs N] [--seeds N]
// DIR holds the four MNIST idx files, gzip or not. Writes the same files as train.cpp.
#include "training.hpp"

using namespace digits;

int main(int argc, char** argv) try {
  const Options options(argc, argv, {"--data", "--epochs", "--seeds"});
  const char* folder = options.text("--data", nullptr);
  if (!folder) {
    std::fprintf(stderr, "%s: --data DIR is missing: the folder of the MNIST idx files\n", argv[0]);
    return 2;
  }
  train::FitOptions how;
  how.schedule = [](index_t step, index_t steps) { return optim::cosine(step, steps); };
  how.epochs = options.number("--epochs", 5);
  how.batch = 64;
  run<256>(folder, read_mnist(folder), options.number("--seeds", 1), how, 0.01);
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return 1;
}

// Trains a small network on handwritten digits and says how well it reads digits that it has never seen.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   digits_train [--epochs N] [--seeds N]
// The 8x8 digits that come with tenon; three runs with different seeds unless told otherwise. Writes
// digits.safetensors, digits.svg and digits.txt to the current directory.
#include "training.hpp"

using namespace digits;

int main(int argc, char** argv) try {
  const Options options(argc, argv, {"--epochs", "--seeds"});
  train::FitOptions how;
  how.schedule = [](index_t step, index_t steps) { return optim::cosine(step, steps); };
  how.epochs = options.number("--epochs", 60);
  run<128>(TENON_EXAMPLE_DATA, read_digits(TENON_EXAMPLE_DATA), options.number("--seeds", 3), how, 0.1);
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return 1;
}

// Trains a small network on handwritten digits and says how well it reads digits that it has never seen.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   digits_train [--data DIR] [--epochs N] [--seeds N]
// Without --data: the 8x8 digits that come with tenon, three runs with different seeds. With it: the MNIST idx files
// (gzip or not) in DIR, one run. Writes digits.safetensors, digits.svg and digits.txt to the current directory.
#include <tenon/io/model.hpp>
#include <tenon/optim.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/picture.hpp>

#include "digits.hpp"

using namespace digits;

template <index_t Hidden, index_t Pixels>
void run(const char* folder, const Split<Pixels>& split, int seeds, const train::FitOptions& options,
         double weight_decay) {
  using Net = Mlp<Pixels, Hidden>;
  std::printf("%td images to learn from, %td to test\n\n", split.train.labels.size(), split.test.labels.size());
  nn::print_summary(Net{}, 1, Pixels);
  train::TrainingPicture picture;
  double accuracy = 0, seconds = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    std::printf("\nseed %d of %d\n", seed, seeds);
    Net net = nn::init<Net>(Rng(static_cast<unsigned long long>(seed)));
    optim::AdamW adam(net, {.lr = 2e-3, .weight_decay = weight_decay});
    train::FitOptions how = options;
    how.seed = static_cast<unsigned long long>(seed);
    const auto one_run = seed == 1;
    const auto history =
        train::fit(net, adam, train::Data{split.train.images, split.train.labels}, nn::CrossEntropy{}, how,
                   [&](const train::Epoch& epoch) {
                     seconds += epoch.seconds;
                     if (!one_run) return;
                     picture.loss.push_back(epoch.loss);
                     picture.accuracy.push_back(nn::accuracy(net(split.test.images), split.test.labels));
                   });
    const auto logits = evaluate(net(split.test.images));
    const double right = nn::accuracy(logits, split.test.labels);
    std::printf("test accuracy of this run: %.2f %%\n", 100 * right);
    accuracy += right / seeds;
    if (!one_run) continue;
    for (const index_t count : nn::confusion(logits, split.test.labels))
      picture.confusion.push_back(static_cast<int>(count));
    io::SafetensorsWriter file;
    file.set_metadata("data", folder);  // for infer.cpp
    io::add_model(file, net);
    file.write("digits.safetensors");
  }
  picture.title = "tenon: digits";
  train::write_svg("digits.svg", picture);
  std::printf("\ntraining took %.2f s; wrote digits.safetensors (seed 1), digits.svg, digits.txt\n", seconds);
  std::FILE* file = std::fopen("digits.txt", "w");
  for (std::FILE* out : {file, stdout})
    if (out) std::fprintf(out, "test accuracy: %.2f %%\n", 100 * accuracy);
  if (!file || std::fclose(file) != 0) io::fail<io::io_error>("cannot write 'digits.txt'");
}

int main(int argc, char** argv) try {
  const Options options(argc, argv, {"--data", "--epochs", "--seeds"});
  const char* mnist = options.text("--data", nullptr);
  train::FitOptions how;
  how.schedule = [](index_t step, index_t steps) { return optim::cosine(step, steps); };
  if (mnist) {
    how.epochs = options.number("--epochs", 5);
    how.batch = 64;
    run<256>(mnist, read_mnist(mnist), options.number("--seeds", 1), how, 0.01);
  } else {
    how.epochs = options.number("--epochs", 60);
    run<128>(TENON_EXAMPLE_DATA, read_digits(TENON_EXAMPLE_DATA), options.number("--seeds", 3), how, 0.1);
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return 1;
}

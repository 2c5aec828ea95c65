// What train.cpp and train_mnist.cpp do with their data: train, test, write what came of it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/io/model.hpp>
#include <tenon/optim.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/picture.hpp>

#include "digits.hpp"

namespace digits {

// Trains an Mlp<Pixels, Hidden> from each of `seeds` starts. Writes digits.safetensors (seed 1), digits.svg and
// digits.txt to the current directory; `folder` is where the data came from.
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

}  // namespace digits

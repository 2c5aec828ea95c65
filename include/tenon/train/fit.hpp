// tenon/train/fit.hpp: the training loop: minibatches, gradients, steps, and a progress bar.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   optim::Adam adam(net, {.lr = 1e-3});
//   auto history = train::fit(net, adam, train::Data{images, labels}, nn::CrossEntropy{}, {.epochs = 10, .seed = 1});
// The same seed gives the same figures to the last digit. After its first steps the loop allocates no memory.
#pragma once
#include <vector>

#include <tenon/ad/grad.hpp>
#include <tenon/nn/metrics.hpp>
#include <tenon/nn/mode.hpp>
#include <tenon/optim/schedule.hpp>
#include <tenon/train/data.hpp>
#include <tenon/train/progress.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace train {

/// How `fit` trains.
struct FitOptions {
  int epochs = 10;
  index_t batch = 32;
  unsigned long long seed = 0;  ///< of the order of examples, of dropout and the like
  bool shuffle = true;
  /// The learning rate of a step is the optimiser's times this factor; see optim/schedule.hpp.
  double (*schedule)(index_t step, index_t steps) = optim::constant;
  ProgressOptions progress{};
};

/// What an epoch came to, over its training batches as they were met.
struct Epoch {
  int number = 0;       ///< from 1
  double loss = 0;      ///< mean over examples
  double accuracy = 0;  ///< fraction right; 0 where targets are not integers
  double seconds = 0;
};
/// All epochs of a run.
using History = std::vector<Epoch>;

namespace detail {
struct NoCallback {
  void operator()(const Epoch&) const {}
};
}  // namespace detail

/// Trains `model` on `data` to make loss(model(inputs), targets) small, a rank-0 mean over the batch. Calls
/// after_epoch(epoch) at the end of each.
template <class M, class O, class X, class Y, class L, class F = detail::NoCallback>
History fit(M& model, O& optimiser, const Data<X, Y>& data, const L& loss, const FitOptions& options = {},
            const F& after_epoch = {}) {
  constexpr bool labels = is_integer<typename Y::value_type>;
  Batches<X, Y> batches(data, options.batch);
  Rng rng(options.seed);
  const nn::Mode training(rng.split());
  index_t right = 0;
  const auto step = value_and_grad([&](const auto& net) {
    const auto output = evaluate(net(batches.inputs));
    if constexpr (labels) right += nn::count_correct(output, batches.targets);
    return evaluate(loss(output, batches.targets));
  });
  const double lr = options.schedule == optim::constant ? 0 : optimiser.options.lr;
  const index_t steps = batches.count() * options.epochs;
  index_t taken = 0;
  ProgressBar bar(options.epochs, options.progress);
  History history;
  history.reserve(static_cast<std::size_t>(options.epochs > 0 ? options.epochs : 0));
  for (int number = 1; number <= options.epochs; ++number) {
    const double start = monotonic_seconds();
    Epoch epoch{number};
    double total_loss = 0;
    right = 0;
    bar.begin_epoch(number);
    if (options.shuffle) {
      batches.start(rng);
    } else {
      batches.start();
    }
    while (batches.next()) {
      if (lr != 0) optimiser.options.lr = lr * options.schedule(taken, steps);
      const auto result = step(model);
      optimiser.step(model, result.grad);
      ++taken;
      total_loss += static_cast<double>(result.value) * static_cast<double>(batches.inputs.extent(0));
      const double done = static_cast<double>(batches.done());
      epoch.loss = total_loss / done;
      if constexpr (labels) {
        epoch.accuracy = static_cast<double>(right) / done;
        bar.update(batches.done(), data.size(), {{"loss", epoch.loss}, percent("accuracy", epoch.accuracy)});
      } else {
        bar.update(batches.done(), data.size(), {{"loss", epoch.loss}});
      }
    }
    epoch.seconds = monotonic_seconds() - start;
    history.push_back(epoch);
    after_epoch(static_cast<const Epoch&>(epoch));
    if constexpr (labels) {
      bar.end_epoch({{"loss", epoch.loss}, percent("accuracy", epoch.accuracy)});
    } else {
      bar.end_epoch({{"loss", epoch.loss}});
    }
  }
  if (lr != 0) optimiser.options.lr = lr;
  return history;
}

}  // namespace train
}  // namespace TENON_ABI
}  // namespace tenon

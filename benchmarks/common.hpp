// benchmarks/common.hpp: a case, its data, and the libraries that compute it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case is named area/case/type/size; each library that computes it is one Google Benchmark, named .../library. All
// libraries of a case read and write the same buffers, and are checked against a reference in double before they are
// timed. The data are made when the first of them runs, so that a filter costs nothing for what it leaves out.
//   add_case<Data>("pointwise/chain/f32/1000", [] { return new Data(1000); })
//       .run("tenon", [](Data& d) { d.y = tanh(d.a * d.b + d.c); })
//       .run("hand", [](Data& d) { chain(d.a.data(), ...); });
// Data has `result()` (a range of numbers), `expected` (vector<double>), `tolerance`, and optionally `scale`.
// A library with a file of its own adds itself to the cases of other files, which show their operands to all such:
//   const Peer chain("eigen5", "pointwise/chain/f32", [](const Operands& o) { return Kernel{[=] { ... }}; });
//   add_case<Data>(...).peers([](Data& d) { return Operands{{1000}, {d.a.data(), d.b.data(), d.c.data(), d.y.data()}};
//   });
#pragma once
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define BENCH_HAND 1  // the hand-written kernels are AVX-512; main() says loudly where they are missing
#else
#define BENCH_HAND 0
#endif

namespace bench {

/// What a case keeps besides its operands. Errors are relative to max(|expected|, scale).
struct Reference {
  std::vector<double> expected;
  double tolerance = 1e-6;
  double scale = 1;
};

/// Uniform numbers in [low, high), the same on every machine (Steele et al. 2014, SplitMix64).
template <class T>
void fill(T* p, std::size_t n, double low, double high, std::uint64_t seed) {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    p[i] = static_cast<T>(low + (high - low) * (static_cast<double>(z >> 11) * 0x1p-53));
  }
}

/// Ends the program if `got` is not what was expected: a time of a wrong result is worth nothing.
template <class T>
void verify(const std::string& name, std::span<const T> got, const Reference& r) {
  bool ok = got.size() == r.expected.size();
  if (!ok) std::fprintf(stderr, "FAILED: %s: %zu results, expected %zu\n", name.c_str(), got.size(), r.expected.size());
  for (std::size_t i = 0; ok && i < got.size(); ++i) {
    const double g = static_cast<double>(got[i]), e = r.expected[i];
    ok = std::fabs(g - e) <= r.tolerance * std::fmax(std::fabs(e), r.scale);  // false for NaN
    if (!ok) std::fprintf(stderr, "FAILED: %s: element %zu is %.9g, expected %.9g\n", name.c_str(), i, g, e);
  }
  if (!ok) std::exit(1);
}

/// The operands of a case for libraries that know nothing of its Data: extents, and where numbers are read and, last,
/// written. Each area says which extents and operands there are.
struct Operands {
  std::vector<std::int64_t> extents;
  std::vector<void*> data;
  template <class T = float>
  T* at(std::size_t i) const {
    return static_cast<T*>(data[i]);
  }
  std::int64_t operator[](std::size_t i) const { return extents[i]; }
};
/// What computes a case, prepared once for its operands. Only `run` is timed; `finish`, where there is one, brings a
/// result from the library's own format to its place before it is verified.
struct Kernel {
  std::function<void()> run, finish;
};
/// A library's way to compute the cases area/case/type, if it is `available` on this machine.
struct Peer {
  using Prepare = std::function<Kernel(const Operands&)>;
  Peer(const char* name, const char* of, Prepare how, bool available = true)
      : library(name), cases(of), prepare(std::move(how)) {
    if (available) list().push_back(*this);
  }
  static std::vector<Peer>& list() {
    static std::vector<Peer> all;
    return all;
  }
  std::string library, cases;
  Prepare prepare;
};

template <class Data>
class Case {
 public:
  explicit Case(std::string name, std::function<Data*()> make)
      : name_(std::move(name)), shared_(std::make_shared<Shared>()) {
    shared_->make = std::move(make);
  }
  /// Registers `f(Data&)`, which computes the whole case once.
  template <class F>
  Case& run(const std::string& library, F f) {
    return add(library, f, [](Data&) {});
  }
  /// Registers what a peer computes, under the name `library`; `operands(Data&)` gives the Operands.
  template <class F>
  Case& run(const Peer& p, const std::string& library, F operands) {
    const auto kernel = std::make_shared<Kernel>();
    const auto compute = [kernel, operands, prepare = p.prepare](Data& d) {
      if (!kernel->run) *kernel = prepare(operands(d));
      kernel->run();
    };
    return add(library, compute, [kernel](Data&) {
      if (kernel->finish) kernel->finish();
    });
  }
  /// Registers what all peers with files of their own compute of this case.
  template <class F>
  Case& peers(F operands) {
    for (const Peer& p : Peer::list())
      if (name_.starts_with(p.cases + "/")) run(p, p.library, operands);
    return *this;
  }
  /// Registers what computes nothing that could be checked (a bound).
  template <class F>
  Case& bound(const char* library, F f) {
    benchmark::RegisterBenchmark((name_ + "/" + library).c_str(), [f](benchmark::State& state) { f(state); });
    return *this;
  }
  /// What is registered from now on takes the time on the clock, not that of one thread.
  Case& wall_time() {
    shared_->wall_time = true;
    return *this;
  }

 private:
  struct Shared {
    std::function<Data*()> make;
    std::unique_ptr<Data> data;
    bool wall_time = false;
  };
  // `finish(Data&)` is called before the result is verified.
  template <class F, class Finish>
  Case& add(const std::string& library, F f, Finish finish) {
    const std::string name = name_ + "/" + library;
    auto* b = benchmark::RegisterBenchmark(name.c_str(), [name, f, finish, shared = shared_](benchmark::State& state) {
      if (!shared->data) shared->data.reset(shared->make());
      Data& d = *shared->data;
      auto result = d.result();
      for (auto& r : result) r = static_cast<std::remove_reference_t<decltype(r)>>(-77);
      f(d);
      finish(d);
      using T = std::remove_reference_t<decltype(*result.data())>;
      verify<T>(name, std::span<const T>(result.data(), result.size()), d);
      for (auto _ : state) {
        f(d);
        benchmark::ClobberMemory();
      }
    });
    if (shared_->wall_time) b->UseRealTime();
    return *this;
  }

  std::string name_;
  std::shared_ptr<Shared> shared_;
};
template <class Data>
Case<Data> add_case(std::string name, std::function<Data*()> make) {
  return Case<Data>(std::move(name), std::move(make));
}

template <class T>
inline constexpr const char* type_name = sizeof(T) == 4 ? "f32" : "f64";

/// Cases on several cores run in an invocation of their own (--threads): the others' process is held on one core.
enum class Cores { one, several };
/// A part of the program that registers its cases: `const bench::Area pointwise([] { ... });`
struct Area {
  explicit Area(void (*add)(), Cores cores = Cores::one) { list(cores).push_back(add); }
  static std::vector<void (*)()>& list(Cores cores) {
    static std::vector<void (*)()> areas[2];
    return areas[cores == Cores::several];
  }
};

/// Takes the time in which `fmas` multiply-adds run at the core's peak, by running them in registers (machine.cpp).
template <class T>
void run_peak(benchmark::State& state, double fmas);
extern template void run_peak<float>(benchmark::State&, double);
extern template void run_peak<double>(benchmark::State&, double);

}  // namespace bench

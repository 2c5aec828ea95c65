// benchmarks/autodiff/gradient.hpp: a problem, and the libraries that differentiate it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each problem is written once, generic over its numbers, with its gradient by hand beside it (<problem>.hpp); for most
// there is one more by hand, which shows what the machine allows: hand_simd, in AVX-512 (<problem>_simd.hpp).
// `primal` runs it over double; tenon_scalar and the tapes among the peers run the same source over their own numbers.
// All write values, then derivatives to `y`, which must agree with the gradient by hand before anything is timed; that
// one is checked against complex steps by tests/unit/ad/problems.cpp. The counter `bytes` is memory beside the results:
// of code by hand its work space, of tenon all blocks that a first call on a thread of its own takes.
#pragma once
#include <tenon/tenon.hpp>

#include <algorithm>
#include <memory>
#include <thread>

#include "../common.hpp"

namespace bench {

/// What the libraries of a problem share: a problem derives from it, and its constructor ends with `expect(...)`.
struct Differentiated {
  std::vector<double> y;  ///< Values, then derivatives: written by each library.
  std::size_t values = 1;
  std::size_t bytes = 0;  ///< What the last library kept for the way back, if it knows.
  Reference value, derivative;

  virtual ~Differentiated() = default;
  /// Brings what the last library computed to y, if it keeps it elsewhere: not timed.
  virtual void collect() {}

  /// What is in y now is right. Errors of derivatives are relative to the largest of them.
  void expect() {
    const auto middle = y.begin() + static_cast<std::ptrdiff_t>(values);
    value.expected.assign(y.begin(), middle);
    derivative.expected.assign(middle, y.end());
    value.tolerance = derivative.tolerance = 1e-12;
    value.scale = derivative.scale = 0;
    for (double v : value.expected) value.scale = std::fmax(value.scale, std::fabs(v));
    for (double d : derivative.expected) derivative.scale = std::fmax(derivative.scale, std::fabs(d));
  }
};

/// Memory that tenon takes from the system while it lives. One at a time.
class BlockBytes {
 public:
  BlockBytes() {
    now = peak = 0;
    tenon::set_allocator({allocate, deallocate, nullptr});
  }
  BlockBytes(const BlockBytes&) = delete;
  BlockBytes& operator=(const BlockBytes&) = delete;
  ~BlockBytes() { tenon::set_allocator({tenon::detail::system_allocate, tenon::detail::system_deallocate, nullptr}); }
  static std::size_t most() { return peak; }

 private:
  static void* allocate(std::size_t bytes, void*) {
    now += bytes;
    peak = std::max(peak, now);
    return tenon::detail::system_allocate(bytes, nullptr);
  }
  static void deallocate(void* p, std::size_t bytes, void*) {
    now -= bytes;
    tenon::detail::system_deallocate(p, bytes, nullptr);
  }
  static inline std::size_t now = 0, peak = 0;
};

template <class P>
class GradientCase {
 public:
  GradientCase(std::string name, std::function<P*()> make)
      : name_(std::move(name)), shared_(std::make_shared<Shared>()) {
    shared_->make = std::move(make);
  }
  /// Registers `f(P&)`, which writes the values alone.
  template <class F>
  GradientCase& primal(const char* library, F f) {
    return add(library, f, false);
  }
  /// Registers `f(P&)`, which writes values and derivatives.
  template <class F>
  GradientCase& run(const char* library, F f) {
    return add(library, f, true);
  }

 private:
  struct Shared {
    std::function<P*()> make;
    std::unique_ptr<P> problem;
  };
  template <class F>
  GradientCase& add(const char* library, F f, bool derivatives) {
    const std::string name = name_ + "/" + library;
    benchmark::RegisterBenchmark(name.c_str(), [name, f, derivatives, shared = shared_](benchmark::State& state) {
      if (!shared->problem) shared->problem.reset(shared->make());
      P& p = *shared->problem;
      p.bytes = 0;
      if constexpr (requires { p.tape; })
        if (derivatives && name.find("/tenon") != name.npos) {
          p.bytes = first_call_bytes(p, f);
          p.bytes -= std::min(p.bytes, (p.y.size() - p.values) * sizeof(double));  // the results
        }
      for (int i = 0; i < 2; ++i) {  // the second time memory is there already
        for (double& v : p.y) v = -77;
        f(p);
        p.collect();
        verify<double>(name, {p.y.data(), p.values}, p.value);
        if (derivatives) verify<double>(name, {p.y.data() + p.values, p.y.size() - p.values}, p.derivative);
      }
      for (auto _ : state) {
        f(p);
        benchmark::ClobberMemory();
      }
      if (p.bytes) state.counters["bytes"] = static_cast<double>(p.bytes);
    });
    return *this;
  }
  // With a new tape, on a thread that has no memory in store; those of the results, too.
  template <class F>
  static std::size_t first_call_bytes(P& p, const F& f) {
    std::size_t bytes = 0;
    std::destroy_at(&p.tape);
    std::construct_at(&p.tape);
    std::thread([&] {
      const BlockBytes count;
      f(p);
      bytes = count.most();
      std::destroy_at(&p.tape);  // its memory belongs to this thread
      tenon::trim_pool();
      std::construct_at(&p.tape);
    }).join();
    return bytes;
  }
  std::string name_;
  std::shared_ptr<Shared> shared_;
};

/// A problem P as one of second derivatives: y is the Hessian times `direction`, which all parameters have a number of.
/// What is right comes from differences of the gradient by hand (fourth order).
template <class P>
struct Curvature : P {
  std::vector<double> direction;
  Curvature() : direction(this->y.size() - 1) {
    fill(direction.data(), direction.size(), -1, 1, 7);
    double* const x = this->numbers().data();
    const std::vector<double> at(x, x + direction.size());
    const double step = 1e-3;
    std::vector<double> sum(direction.size());
    for (const auto& [steps, weight] : {std::pair{-2, 1.0}, {-1, -8.0}, {1, 8.0}, {2, -1.0}}) {
      for (std::size_t i = 0; i < at.size(); ++i) x[i] = at[i] + steps * step * direction[i];
      this->hand();
      for (std::size_t i = 0; i < at.size(); ++i) sum[i] += weight / (12 * step) * this->y[1 + i];
    }
    std::copy(at.begin(), at.end(), x);
    this->y = sum, this->values = 0;
    this->expect();
    this->derivative.tolerance = 1e-7;
  }
};

/// Differentiates `f(variable)`, a number or an expression of rank 0, by x, a tensor or a model of tensors: writes the
/// value, and calls `store` with the gradient, which is like x.
template <class X, class P, class F, class Store>
void on_tape(tenon::Tape& tape, const X& x, P& p, const F& f, const Store& store) {
  tape.reset();
  const auto variable = tape.variable(x);
  const tenon::rev<double> y = f(variable);
  const auto [g] = tape.gradient(y, variable);
  p.y[0] = y.value;
  store(g);
}
/// The same for a tensor, whose gradient follows the value in p.y.
template <tenon::index_t... Extent, class P, class F>
void on_tape(tenon::Tape& tape, const tenon::Tensor<double, Extent...>& x, P& p, const F& f) {
  on_tape(tape, x, p, f, [&](const auto& g) { std::copy(g.begin(), g.end(), p.y.begin() + 1); });
}
/// Differentiates generic scalar code, `f(const T*)`, by all numbers of x.
template <class P, class F>
void scalars_on_tape(tenon::Tape& tape, const tenon::Tensor<double, tenon::dyn>& x, P& p, const F& f) {
  on_tape(tape, x, p, [&](const auto& variable) {
    using T = tenon::rev<double>;
    std::vector<T> numbers;
    numbers.reserve(static_cast<std::size_t>(x.size()));
    for (const auto& v : variable) numbers.push_back(v);
    return f(static_cast<const T*>(numbers.data()));
  });
}

}  // namespace bench

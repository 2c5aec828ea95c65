// benchmarks/autodiff/peers.hpp: libraries for derivatives that are measured beside tenon, where this machine has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each tape records and sweeps anew in every run, as tenon's does: branches may go another way. Memory is theirs to
// keep. CMake sets BENCH_ADEPT, BENCH_ADOLC and BENCH_CPPAD for those that need a library.
#pragma once
#include "gradient.hpp"

#if __has_include(<unsupported/Eigen/AutoDiff>)
#define BENCH_AUTODIFF_EIGEN 1
#include <Eigen/Core>
// What it needs comes first.
#include <unsupported/Eigen/AutoDiff>
#else
#define BENCH_AUTODIFF_EIGEN 0
#endif
#if BENCH_AUTODIFF_EIGEN && __has_include(<ceres/jet.h>)
#define BENCH_CERES 1
#include <ceres/jet.h>
#else
#define BENCH_CERES 0
#endif
#if BENCH_ADEPT
#include <adept.h>
#endif
#if BENCH_ADOLC
#include <adolc/adolc.h>
#endif
#if BENCH_CPPAD
#include <cppad/cppad.hpp>
#endif

namespace bench {

#if BENCH_ADEPT
/// The stack of all that is computed with Adept: active from now on, as destructors of its numbers need it.
inline adept::Stack& adept_stack() {
  static adept::Stack stack;
  return stack;
}
#endif

/// Registers generic scalar code, `f(P&, const T*)`, as primal, as tenon_scalar, and with the tapes that were found.
/// `numbers(P&)` is the tensor of the numbers that derivatives are with respect to; P has a `tape`.
template <class P, class X, class F>
void add_scalar_code(GradientCase<P>& c, const X& numbers, const F& f) {
  c.primal("primal", [=](P& p) { p.y[0] = f(p, static_cast<const double*>(numbers(p).data())); });
  c.run("tenon_scalar", [=](P& p) { scalars_on_tape(p.tape, numbers(p), p, [&](const auto* x) { return f(p, x); }); });
#if BENCH_ADEPT
  c.run("adept", [=](P& p) {
    adept::Stack& stack = adept_stack();
    const auto& x = numbers(p);
    std::vector<adept::adouble> variables(x.begin(), x.end());
    stack.new_recording();
    adept::adouble y = f(p, static_cast<const adept::adouble*>(variables.data()));
    y.set_gradient(1.0);
    stack.compute_adjoint();
    p.y[0] = y.value();
    for (std::size_t i = 0; i < variables.size(); ++i) p.y[1 + i] = variables[i].get_gradient();
    p.bytes = stack.memory();
  });
#endif
#if BENCH_ADOLC
  c.run("adolc", [=](P& p) {
    constexpr short tag = 1;
    constexpr unsigned room = 1u << 26;  // of each buffer, in elements: nothing is written to files
    const auto& x = numbers(p);
    const std::size_t n = static_cast<std::size_t>(x.size());
    trace_on(tag, 0, room, room, room, room, 0);
    std::vector<adouble> variables(n);
    for (std::size_t i = 0; i < n; ++i) variables[i] <<= x.data()[i];
    adouble y = f(p, static_cast<const adouble*>(variables.data()));
    y >>= p.y[0];
    trace_off();
    gradient(tag, static_cast<int>(n), x.data(), p.y.data() + 1);
  });
#endif
#if BENCH_CPPAD
  c.run("cppad", [=](P& p) {
    using T = CppAD::AD<double>;
    const auto& x = numbers(p);
    std::vector<T> variables(x.begin(), x.end()), y(1);
    CppAD::Independent(variables);
    y[0] = f(p, static_cast<const T*>(variables.data()));
    p.y[0] = CppAD::Value(CppAD::Var2Par(y[0]));
    CppAD::ADFun<double> function;
    function.Dependent(variables, y);
    function.Forward(0, std::vector<double>(x.begin(), x.end()));
    const std::vector<double> g = function.Reverse(1, std::vector<double>{1});
    std::copy(g.begin(), g.end(), p.y.begin() + 1);
    p.bytes = function.size_op_seq();
  });
#endif
}

}  // namespace bench

// benchmarks/autodiff/peers.hpp: libraries for derivatives that are measured beside tenon, where this machine has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each tape records and sweeps anew in every run, as tenon's does: branches may go another way. Memory is theirs to
// keep. CMake sets BENCH_ADEPT and its like; Eigen and Ceres are found by their headers.
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
#if BENCH_CODIPACK
#include <codi.hpp>
#endif
#if BENCH_XAD
#include <XAD/XAD.hpp>
#endif
#if BENCH_SACADO
// Without the settings that Debian built it with, which ask for Kokkos; with its newer numbers for the forward mode.
#define TRILINOS_NO_CONFIG_H
#define HAVE_SACADO_CXX11
#define SACADO_NEW_FAD_DESIGN_IS_DEFAULT
#include <Sacado.hpp>
#endif
#if BENCH_AUTODIFF
#include <autodiff/forward/dual.hpp>
#include <autodiff/reverse/var.hpp>
#endif

namespace bench {

#if BENCH_ADEPT
/// The stack of all that is computed with Adept: active from now on, as destructors of its numbers need it.
inline adept::Stack& adept_stack() {
  static adept::Stack stack;
  return stack;
}
#endif
#if BENCH_XAD
/// The tape of all that is computed with XAD: active from now on, and the only one that may be.
inline xad::adj<double>::tape_type& xad_tape() {
  static xad::adj<double>::tape_type tape;
  return tape;
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
#if BENCH_CODIPACK
  c.run("codipack", [=](P& p) {
    using T = codi::RealReverse;
    auto& tape = T::getTape();
    const auto& x = numbers(p);
    std::vector<T> variables(x.begin(), x.end());
    tape.reset();
    tape.setActive();
    for (T& v : variables) tape.registerInput(v);
    T y = f(p, static_cast<const T*>(variables.data()));
    tape.registerOutput(y);
    tape.setPassive();
    y.setGradient(1.0);
    tape.evaluate();
    p.y[0] = y.getValue();
    for (std::size_t i = 0; i < variables.size(); ++i) p.y[1 + i] = variables[i].getGradient();
    // To count them takes time: the first run does, which is not timed.
    if (p.bytes == 0) p.bytes = static_cast<std::size_t>(tape.getTapeValues().getUsedMemorySize());
  });
#endif
#if BENCH_XAD
  c.run("xad", [=](P& p) {
    using T = xad::adj<double>::active_type;
    auto& tape = xad_tape();
    const auto& x = numbers(p);
    tape.clearAll();
    std::vector<T> variables(x.begin(), x.end());
    tape.registerInputs(variables);
    tape.newRecording();
    T y = f(p, static_cast<const T*>(variables.data()));
    tape.registerOutput(y);
    derivative(y) = 1.0;
    tape.computeAdjoints();
    p.y[0] = value(y);
    for (std::size_t i = 0; i < variables.size(); ++i) p.y[1 + i] = derivative(variables[i]);
    p.bytes = tape.getMemory();
  });
#endif
#if BENCH_SACADO
  c.run("sacado", [=](P& p) {
    using T = Sacado::Rad::ADvar<double>;
    const auto& x = numbers(p);
    std::vector<T> variables(x.begin(), x.end());
    T y = f(p, static_cast<const T*>(variables.data()));
    T::Outvar_Gradcomp(y);
    p.y[0] = y.val();
    for (std::size_t i = 0; i < variables.size(); ++i) p.y[1 + i] = variables[i].adj();
  });
#endif
}

/// The same with the reverse mode of autodiff, which keeps an expression as nodes and walks it as a tree: what is used
/// twice is walked twice, with all that it was computed from. Not for recurrences, which make that exponential in their
/// length (burgers, lstm).
template <class P, class X, class F>
void add_expression_tree([[maybe_unused]] GradientCase<P>& c, [[maybe_unused]] const X& numbers,
                         [[maybe_unused]] const F& f) {
#if BENCH_AUTODIFF
  c.run("autodiff", [=](P& p) {
    using T = autodiff::var;
    const auto& x = numbers(p);
    std::vector<T> variables(x.begin(), x.end());
    const T y = f(p, static_cast<const T*>(variables.data()));
    p.y[0] = val(y);
    for (std::size_t i = 0; i < variables.size(); ++i) {
      p.y[1 + i] = 0;
      variables[i].expr->bind_value(&p.y[1 + i]);
    }
    y.expr->propagate(1.0);
  });
#endif
}

/// Registers generic scalar code in forward mode, over numbers with N derivatives each. `f(P&, variable, value, store)`
/// computes it once: `variable(v, k)` is parameter k, `value(x)` is that of a result, whose derivatives `store(x, row)`
/// writes.
template <int N, class P, class F>
void add_forward_code(GradientCase<P>& c, const F& f) {
  c.run("tenon_dual", [=](P& p) {
    using D = tenon::dual<double, N>;
    const auto variable = [](double v, int k) {
      D x(v);
      x.tangent[k] = 1;
      return x;
    };
    f(
        p, variable, [](const D& x) { return x.value; },
        [](const D& x, double* row) { std::copy_n(x.tangent, N, row); });
  });
#if BENCH_AUTODIFF_EIGEN
  c.run("eigen_autodiffscalar", [=](P& p) {
    using D = Eigen::AutoDiffScalar<Eigen::Matrix<double, N, 1>>;
    f(
        p, [](double v, int k) { return D(v, N, k); }, [](const D& x) { return x.value(); },
        [](const D& x, double* row) { std::copy_n(x.derivatives().data(), N, row); });
  });
#endif
#if BENCH_CERES
  c.run("ceres_jet", [=](P& p) {
    using D = ceres::Jet<double, N>;
    f(
        p, [](double v, int k) { return D(v, k); }, [](const D& x) { return x.a; },
        [](const D& x, double* row) { std::copy_n(x.v.data(), N, row); });
  });
#endif
#if BENCH_CODIPACK
  c.run("codipack", [=](P& p) {
    using D = codi::RealForwardVec<N>;
    const auto variable = [](double v, int k) {
      D x(v);
      x.gradient()[static_cast<std::size_t>(k)] = 1;
      return x;
    };
    f(
        p, variable, [](const D& x) { return x.getValue(); },
        [](const D& x, double* row) { std::copy_n(&x.gradient()[0], N, row); });
  });
#endif
#if BENCH_XAD
  c.run("xad", [=](P& p) {
    using D = typename xad::fwd<double, N>::active_type;
    const auto variable = [](double v, int k) {
      D x(v);
      derivative(x)[static_cast<std::size_t>(k)] = 1;
      return x;
    };
    f(
        p, variable, [](const D& x) { return xad::value(x); },
        [](const D& x, double* row) { std::copy_n(derivative(x).begin(), N, row); });
  });
#endif
#if BENCH_SACADO
  c.run("sacado", [=](P& p) {
    using D = Sacado::Fad::SFad<double, N>;
    f(
        p, [](double v, int k) { return D(N, k, v); }, [](const D& x) { return x.val(); },
        [](const D& x, double* row) { std::copy_n(x.dx(), N, row); });
  });
#endif
#if BENCH_AUTODIFF
  c.run("autodiff", [=](P& p) {  // a number has one derivative: a pass for each parameter
    using D = autodiff::dual;
    for (int at = 0; at < N; ++at) {
      const auto variable = [at](double v, int k) {
        D x = v;
        x.grad = k == at;
        return x;
      };
      f(
          p, variable, [](const D& x) { return x.val; }, [at](const D& x, double* row) { row[at] = x.grad; });
    }
  });
#endif
}

}  // namespace bench

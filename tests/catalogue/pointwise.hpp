// tests/catalogue/pointwise.hpp: one body of checks that every pointwise op goes through.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   value: within the claim of the long double reference;  constexpr: likewise;  pack: the scalar's bits;
//   partials: differences of the reference, and as accurate in float as conditioning allows.
// The catalogue is cut into slices by index, one for each translation unit, so a new op needs no new line. Only calls
// of the op are compiled for each op; the checks (pointwise.cpp) see a table of them.
#pragma once
#include <cstdint>
#include <cstring>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/derivative.hpp>
#include <type_traits>

#include "catalogue/references.hpp"

namespace tenon::test {

/// Op::value on its arity of arguments; a condition is "not negative", a logical argument too.
template <class Op, class V>
TENON_FN auto call(const V* x) {
  constexpr int n = arity<Op>;
  if constexpr (tenon::detail::condition_first<Op>)
    return Op::value(x[0] >= V{}, x[1], x[2]);
  else if constexpr (Op::typing == Typing::logical && n == 1)
    return Op::value(x[0] >= V{});
  else if constexpr (Op::typing == Typing::logical)
    return Op::value(x[0] >= V{}, x[1] >= V{});
  else if constexpr (n == 1)
    return Op::value(x[0]);
  else if constexpr (n == 2)
    return Op::value(x[0], x[1]);
  else if constexpr (n == 3)
    return Op::value(x[0], x[1], x[2]);
  else
    return Op::value(x[0], x[1], x[2], x[3]);
}
// Compiled once for each type, whatever calls it.
template <class Op, class T>
[[gnu::noinline]] auto scalar_value(const T* x) {
  return call<Op>(x);
}
template <class Op>
inline constexpr bool has_reference = requires {
  &Reference<Op>::at;
};
/// The exact value: the reference, else Op's own in double.
template <class Op>
Real exact(const Real* x) {
  if constexpr (has_reference<Op>) {
    if constexpr (arity<Op> == 1) return Reference<Op>::at(x[0]);
    if constexpr (arity<Op> == 2) return Reference<Op>::at(x[0], x[1]);
    if constexpr (arity<Op> == 3) return Reference<Op>::at(x[0], x[1], x[2]);
  } else {
    double v[4];
    for (int a = 0; a < arity<Op>; ++a) v[a] = static_cast<double>(x[a]);
    return static_cast<Real>(scalar_value<Op>(v));
  }
}

/// Values that are evaluated by the compiler, at three points of the domain.
template <class T>
struct EarlyValues {
  T x[3][4] = {};
  T y[3] = {};
};
template <class Op, class T>
constexpr EarlyValues<T> early_values() {
  EarlyValues<T> r;
  const double fraction[3] = {0.2, 0.55, 0.9};
  for (int i = 0; i < 3; ++i) {
    r.x[i][0] = static_cast<T>(Op::domain.lo + fraction[i] * (Op::domain.hi - Op::domain.lo));
    for (int a = 1; a < 4; ++a)
      r.x[i][a] = static_cast<T>(Op::domain.lo2 + fraction[(i + a) % 3] * (Op::domain.hi2 - Op::domain.lo2));
    r.y[i] = static_cast<T>(call<Op>(r.x[i]));
  }
  return r;
}
template <class Op, class T>
inline constexpr EarlyValues<T> early = early_values<Op, T>();

template <class T>
inline constexpr int lanes_of = simd::native_lanes<T>;

/// Op in packs and in scalars; every T and every result is a long double exactly. A half stays a float in packs.
template <class Op, class T>
void pack_and_scalar(const T (*x)[lanes_of<T>], Real* in_pack, Real* in_scalar) {
  using V = simd::pack<T, lanes_of<T>>;
  V v[4];
  for (int a = 0; a < arity<Op>; ++a) std::memcpy(&v[a], x[a], sizeof(V));
  const auto y = call<Op>(v);
  using Lane = simd::lane_t<std::remove_const_t<decltype(y)>>;
  Lane lanes[lanes_of<T>];
  std::memcpy(lanes, &y, sizeof(lanes));
  for (int lane = 0; lane < lanes_of<T>; ++lane) {
    const T s[4] = {x[0][lane], x[1][lane], x[2][lane], x[3][lane]};
    const auto scalar = scalar_value<Op>(s);
    if constexpr (std::is_same_v<decltype(scalar), const bool>) {  // a mask stands for bools
      in_pack[lane] = lanes[lane] != 0;
      in_scalar[lane] = scalar;
    } else {
      in_pack[lane] = static_cast<Real>(lanes[lane]);
      in_scalar[lane] = static_cast<Real>(static_cast<Lane>(scalar));
    }
  }
}
template <class Op, class T>
Real value_at(const Real* x) {
  T v[4];
  for (int a = 0; a < 4; ++a) v[a] = static_cast<T>(x[a]);
  return static_cast<Real>(scalar_value<Op>(v));
}

/// A partial as a number; NoPartial is zero.
template <class T>
T number_of(T p) {
  return p;
}
inline double number_of(Literal p) { return p.value; }
inline double number_of(bool p) { return p; }
inline double number_of(NoPartial) { return 0; }

template <class Op, class T>
void partials_at(const T* x, T* p) {
  constexpr int n = arity<Op>;
  const T y = static_cast<T>(call<Op>(x));
  auto store = [&](const auto& r) {
    p[0] = static_cast<T>(number_of(partial<0>(r)));
    if constexpr (n > 1) p[1] = static_cast<T>(number_of(partial<1>(r)));
    if constexpr (n > 2) p[2] = static_cast<T>(number_of(partial<2>(r)));
  };
  if constexpr (tenon::detail::condition_first<Op>)
    store(partials_of<Op>(y, x[0] >= T(0), x[1], x[2]));
  else if constexpr (n == 1)
    store(partials_of<Op>(y, x[0]));
  else if constexpr (n == 2)
    store(partials_of<Op>(y, x[0], x[1]));
  else
    store(partials_of<Op>(y, x[0], x[1], x[2]));
}

/// What is checked of an op: calls of it, null where there is nothing to check.
struct PointwiseOp {
  const char* name;
  int arity;
  Domain domain;
  Claim claim;
  bool own;         ///< computed by the library itself: the standard library throws for some extreme arguments
  bool referenced;  ///< `exact` is a reference; else Op's own value in double
  bool incomplete;  ///< no rule for the derivative in the first argument, which is NaN

  bool single_result = false;  ///< of `in_double`
  Real (*exact)(const Real*) = nullptr;
  Real (*in_float)(const Real*) = nullptr;
  Real (*in_double)(const Real*) = nullptr;
  const EarlyValues<float>* early_float = nullptr;
  const EarlyValues<double>* early_double = nullptr;

  bool has_slope = false;
  void (*partials_float)(const float*, float*) = nullptr;  ///< null: zero
  void (*partials_double)(const double*, double*) = nullptr;

  template <class T>
  using Packs = void (*)(const T (*)[lanes_of<T>], Real*, Real*);
  Packs<float> packs_float = nullptr;
  Packs<double> packs_double = nullptr;
  Packs<signed char> packs_int8 = nullptr;
  Packs<unsigned char> packs_uint8 = nullptr;
  Packs<int> packs_int = nullptr;
  Packs<std::int64_t> packs_int64 = nullptr;
};

/// Runs all checks.
void check(const PointwiseOp& op);

/// Whether Op's result on floating arguments is a floating number, so that it has an error and a slope.
template <class Op>
constexpr bool floating_result() {
  if constexpr (Op::typing == Typing::integral || Op::typing == Typing::logical)
    return false;
  else
    return std::is_floating_point_v<
        std::remove_const_t<decltype(scalar_value<Op>(static_cast<const double*>(nullptr)))>>;
}

/// Own: see PointwiseOp. Values that are not are no constant expressions.
template <class Op, bool Own>
void check_op() {
  PointwiseOp t{Op::name.c_str(), arity<Op>, Op::domain, Op::claim, Own, has_reference<Op>, requires {Op::incomplete;
}
};  // namespace tenon::test
if constexpr (floating_result<Op>()) {
  using Double = std::remove_const_t<decltype(scalar_value<Op>(static_cast<const double*>(nullptr)))>;
  constexpr bool same_type = std::is_same_v<decltype(scalar_value<Op>(static_cast<const float*>(nullptr))), float>;
  t.exact = exact<Op>;
  t.in_double = value_at<Op, double>;
  t.single_result = sizeof(Double) == 4;
  if constexpr (Own) t.early_double = &early<Op, double>;
  if constexpr (same_type) {
    t.in_float = value_at<Op, float>;
    if constexpr (Own) t.early_float = &early<Op, float>;
    t.has_slope = true;
    if constexpr (differentiable<Op, arity<Op>>) {
      t.partials_float = partials_at<Op, float>;
      t.partials_double = partials_at<Op, double>;
    }
  }
}
if constexpr (Op::typing != Typing::integral) {
  t.packs_float = pack_and_scalar<Op, float>;
  t.packs_double = pack_and_scalar<Op, double>;
}
if constexpr (Op::typing != Typing::floating && Op::typing != Typing::logical) {
  t.packs_int8 = pack_and_scalar<Op, signed char>;
  t.packs_uint8 = pack_and_scalar<Op, unsigned char>;
  t.packs_int = pack_and_scalar<Op, int>;
  t.packs_int64 = pack_and_scalar<Op, std::int64_t>;
}
check(t);
}

/// Every Slices-th op of a list, from Slice on.
template <class List, int Slice = 0, int Slices = 1, bool Own = true>
void check_slice() {
  if constexpr (Slice < List::size) {
    check_op<at_t<Slice, List>, Own>();
    check_slice<List, Slice + Slices, Slices, Own>();
  }
}

}  // namespace tenon::test

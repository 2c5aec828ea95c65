// tenon/math/error_function.hpp: erf, erfc and erfinv.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// erf is an odd polynomial below 1 and 1 - e^-q(x) above, q a polynomial. erfc keeps its relative accuracy down to the
// smallest numbers: e^(-x^2) h(t) / (1 + 2 x), with the slowly varying h a polynomial in t = (x - 3) / (x + 3), the
// square and the quotient as pairs of numbers (M. Shepherd and J. Laframboise, Mathematics of Computation 36, 1981).
// The polynomials are minimax, fitted as those of exponential.hpp.
#pragma once
#include <tenon/math/basic.hpp>
#include <tenon/math/logarithm.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {
/// erf(x) / x - 1 for z = x^2 <= 1.
template <class V>
TENON_FN V erf_series(V z) {
  if constexpr (is_single<V>)
    return horner<V>(z, 0.128379166f, -0.37612626f, 0.112835787f, -0.0268533472f, 0.0051871622f, -0.00079978531f,
                     7.80690316e-5f);
  else
    return horner<V>(z, 0.12837916709551256, -0.37612638903183343, 0.1128379167093689, -0.026866170641937356,
                     0.005223977596446923, -0.0008548325465489997, 0.00012055279736508637, -1.4924447552706668e-05,
                     1.6443883696556187e-06, -1.61816100110549e-07, 1.3604939104339903e-08, -7.583147378852216e-10);
}
}  // namespace kernel

/// The error function. Error at most 1.25 ULP (measured 1.04), 1.5 without fused multiply-add (1.32).
template <class V>
TENON_FN V erf(V x) {
  using T = simd::lane_t<V>;
  using kernel::constant;
  if (device::active()) return device::erf(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && x != x) return x;
  // From 3.95 (5.95 for double) on, erf rounds to 1.
  constexpr T end = kernel::is_single<V> ? T(3.95f) : T(5.95);
  V a = kernel::magnitude(x);
  a = simd::select(a > constant<V>(end), constant<V>(end), a);
  V small = kernel::fma(a, kernel::erf_series(V(a * a)), a), u = a - 1, q;
  if constexpr (kernel::is_single<V>)
    q = kernel::horner<V>(u, 1.84960556f, 2.63896275f, 0.843172967f, 0.0412566587f, -0.009435541f, 0.0014620719f,
                          -8.34681559e-5f);
  else
    q = kernel::horner<V>(u, 1.8496055099332482, 2.6389675142347957, 0.8431072563582009, 0.041561098053609254,
                          -0.010033825523937353, 0.001977903686943142, -0.00023732788115506185, -2.626008500069772e-05,
                          2.711750495220894e-05, -9.537949894504849e-06, 1.9699651771873116e-06, -5.757609623245099e-08,
                          -1.5862243073174512e-07, 8.495002551099405e-08, -2.81433744495031e-08, 6.7618270704962906e-09,
                          -1.182931023604247e-09, 1.42942077833363e-10, -1.0627283009322841e-11, 3.644560573901488e-13);
  V y = simd::select(a < constant<V>(1), small, V(1 - kernel::exp_shifted(V(-q), 0)));
  return kernel::flip(y, kernel::sign_bit(x));
}

/// 1 - erf(x) without cancellation. Error at most 1.25 ULP (measured 1.19), 1.5 without fused multiply-add (1.25).
template <class V>
TENON_FN V erfc(V x) {
  using T = simd::lane_t<V>;
  using kernel::constant, kernel::Pair, kernel::quick_sum;
  constexpr bool single = kernel::is_single<V>;
  if (device::active()) return device::erfc(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(kernel::magnitude(x) <= kernel::format<V>::max))
      return x != x ? x : V(x < 0 ? 2 : 0);
  constexpr T end = single ? T(10.2f) : T(27.4);  // from here on the result is 0
  V a = kernel::magnitude(x);
  a = simd::select(a > constant<V>(end), constant<V>(end), a);
  Pair<V> square = kernel::exact_product(a, a);

  V t = (a - 3) / (a + 3), h;
  if constexpr (single)
    h = kernel::horner<V>(t, 5.09241254e-8f, -0.135621101f, -0.0475623943f, 0.129645079f, -0.119271226f, 0.0683098882f,
                          -0.0237914417f, 0.00251036696f, 0.00196275744f, -0.000698716787f, -0.000196479363f);
  else
    h = kernel::horner<V>(t, 4.3942807174145145e-17, -0.1356211061245812, -0.04756229435345059, 0.12964515870276228,
                          -0.11927366341531853, 0.06830802734394112, -0.023770514918368783, 0.00252939181626643,
                          0.0018886903543249669, -0.0007798322694780788, -0.00010515974575151573, 0.0001250993071751462,
                          4.949114157432349e-06, -2.010026660572665e-05, -7.29928446433517e-07, 3.4712752598710402e-06,
                          3.525774899952296e-07, -6.14013431217875e-07, -1.3440237409775617e-07, 9.816209265028495e-08,
                          3.44901131747751e-08, -1.0406881412947938e-08, -4.481003372711494e-09);
  Pair<V> factor = kernel::quotient(quick_sum(constant<V>(single ? T(1.25300801f) : T(1.2530080582697296)), h),
                                    kernel::exact_sum(constant<V>(1), V(a + a)));

  auto [n, r, c, unused] = kernel::reduce_exp(V(-square.high));
  c = c - square.low;
  V sum = r + c;
  Pair<V> power = quick_sum(constant<V>(1), r);
  power.low = power.low + kernel::fma(V(sum * sum), kernel::exp_quotient(sum), c);
  V tail = kernel::scale(kernel::product(power, factor).high, n);

  V direct = 1 - kernel::fma(x, kernel::erf_series(V(square.high)), x);
  V y = simd::select(x < V{}, V(2 - tail), tail);
  return simd::select(a < constant<V>(T(0.46)), direct, y);
}

/// The inverse of erf, from (-1, 1); infinite at -1 and 1, NaN beyond. Error at most 4 ULP for float, 8 for double
/// (measured 3.3 and 6.0). With w = -log(1 - x^2), erfinv(x) / x is smooth in w, and in its root for large w (M. Giles,
/// GPU Computing Gems Jade Edition, chapter 10, 2011).
template <class V>
TENON_FN V erfinv(V x) {
  using T = simd::lane_t<V>;
  using F = kernel::format<V>;
  using kernel::constant, kernel::horner;
  if (device::active()) return device::erfinv(x);
  V a = kernel::magnitude(x), p;
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a < 1)) return a == 1 ? copysign(F::infinity, x) : F::nan;
  V w = -log(V((1 - a) * (1 + a)));
  if constexpr (kernel::is_single<V>) {
    auto inner = w < constant<V>(5);
    V s = sqrt(w) - 3, v = w - T(2.5);
    p = simd::select(inner,
                     horner<V>(v, 1.50140941f, 0.24664028f, -0.00417738687f, -0.0012527419f, 0.000218344474f,
                               -4.96332768e-6f, -3.46271304e-6f, 4.66165517e-7f, 2.32333299e-8f, -8.7906562e-9f),
                     horner<V>(s, 2.83297682f, 1.00167489f, 0.00944500603f, -0.0076363883f, 0.00568941282f,
                               -0.00360164698f, 0.00147864292f, -4.86696845e-5f, -0.00030436067f, 0.000110097964f));
  } else {
    auto inner = w < constant<V>(6.25), middle = w < constant<V>(16);
    V root = sqrt(w), v = w - T(3.125), s = root - T(3.25), u = root - 5;
    V near = horner<V>(v, 1.653654562683103, 0.24015818242558948, -0.006033670871430704, -0.0007407025341652857,
                       0.0001867342080363867, -1.3882523364941446e-05, -1.3654692038814632e-06, 4.234787804473083e-07,
                       -2.907036679656715e-08, -4.112635179000626e-09, 1.0512107434135222e-09, -5.4153722168367726e-11,
                       -1.2974672870483445e-11, 2.633426326839096e-12, -8.160813038676222e-14, -4.053474646285763e-14,
                       6.648619665869709e-15, 2.0092400348817738e-17, -1.3415937555570753e-16, 1.1197613073486206e-17,
                       1.3223077425698154e-18, -1.6927451065334638e-19, -4.3253273513871576e-21);
    V far = horner<V>(s, 3.0838856104922203, 1.0052589676941597, 0.005370914553602949, -0.0037512085075967964,
                      0.002491442095496855, -0.0016882755553343637, 0.0009532893908810431, -0.00035503752802571294,
                      2.403100862434568e-05, 6.828489641485708e-05, -4.731770720864832e-05, 1.2475155298616282e-05,
                      2.9218738168874786e-06, -4.013586050523504e-06, 1.505496396885378e-06, 1.7958120457646286e-08,
                      -2.7778037510372477e-07, 9.087241231921348e-08, 3.2404613199017767e-09);
    V end = horner<V>(u, 4.849906401408585, 1.0103004648645237, -0.00013871931846709065, -0.0002150301189311638,
                      7.599527982417993e-05, -1.9681781791768503e-05, 4.526040216820844e-06, -9.929666048015198e-07,
                      2.2909196853671262e-07, -6.774809479329182e-08, 2.8964861105325457e-08, -1.491678893674421e-08,
                      7.827978882717954e-09, -3.815860393474698e-09, 1.3797717569959357e-09, -2.491059690949795e-10,
                      4.16162766645112e-12);
    p = simd::select(inner, near, simd::select(middle, far, end));
  }
  V y = simd::select(a == constant<V>(1), constant<V>(F::infinity), kernel::mul(a, p));
  return kernel::flip(y, kernel::sign_bit(x));
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon

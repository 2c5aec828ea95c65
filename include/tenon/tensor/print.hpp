// tenon/tensor/print.hpp: to_string(x) and stream << x for tensors, views and expressions, in NumPy's style.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   std::cout << matmul(a, b) << '\n';    // [[ 1.5 -2. ]
//                                         //  [ 0.   4. ]]
// An expression is evaluated. Numbers with derivatives are printed as their values. Works with any stream that has
// `write`; <iostream> is not included.
#pragma once
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/format.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
namespace text {

// The number at the bottom of a dual, or the number itself.
template <class T>
constexpr auto plain(const T& x) {
  if constexpr (is_arithmetic<T>) {
    return x;
  } else {
    return plain(x.value);
  }
}
// A dual, rev or recorded number, and a stream for it: one that has `write`, as Eigen's matrices, which have <<, do
// not.
template <class Stream, class X>
concept prints_plainly = !expression<X> && requires(Stream & s, const X& x, const char* p) {
  typename X::tenon_domain;
  s.write(p, 1);
  s << plain(x);
};
template <class T>
std::string integer(T x) {
  char buffer[24];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, x);
  return std::string(buffer, r.ptr);
}
template <class T>
Number number(T x) {
  return {static_cast<double>(x), number_kind<T>};
}

template <class T, class At>
std::vector<std::string> words(const std::vector<index_t>& offsets, const At& at, const PrintOptions& options) {
  std::vector<std::string> r;
  if constexpr (is_complex<T>) {
    std::vector<Number> re, im;
    for (index_t i : offsets) {
      re.push_back(number(at(i).real()));
      im.push_back(number(at(i).imag()));
    }
    r = format_complex(re, im, options.precision);
  } else if constexpr (is_floating<T>) {
    std::vector<Number> numbers;
    for (index_t i : offsets) numbers.push_back(number(at(i)));
    r = format_reals(numbers, options.precision);
  } else {
    for (index_t i : offsets) {
      if constexpr (is_bool<T>) {
        r.push_back(at(i) ? "True" : "False");
      } else {
        r.push_back(integer(at(i)));
      }
    }
    align_right(r);
  }
  return r;
}
// A number by itself: 1.5, 2.0, 1e-07
template <class T>
std::string one(T x) {
  std::string s = words<T>(
      {0}, [&](index_t) { return x; }, PrintOptions{17, 1000, 3, 75})[0];
  if constexpr (is_floating<T>) {
    const auto dot = s.find('.');
    if (dot == s.size() - 1) s += '0';
    if (dot != std::string::npos && s[dot + 1] == 'e') s.erase(dot, 1);
  }
  return s;
}

}  // namespace text
}  // namespace detail

/// The elements of a tensor or expression as NumPy prints them; dual and recorded elements by their value.
template <expression X>
std::string to_string(X&& x, const PrintOptions& options = {}) {
  const auto value = evaluate(static_cast<X&&>(x));
  const auto* p = value.data();
  using T = bare_t<decltype(detail::text::plain(*p))>;
  const auto at = [&](index_t i) { return detail::text::plain(p[i]); };
  if constexpr (decltype(value)::rank == 0) {
    return detail::text::one<T>(at(0));
  } else {
    const detail::text::Layout layout(value.dims(), options);
    return layout.nest(detail::text::words<T>(layout.offsets(), at, options));
  }
}

/// Writes to_string(x) to a stream.
template <class Stream, expression X>
requires(!expression<Stream> && requires(Stream & s, const char* p) { s.write(p, 1); }) Stream& operator<<(
    Stream& stream, X&& x) {
  const std::string s = to_string(static_cast<X&&>(x));
  stream.write(s.data(), static_cast<index_t>(s.size()));
  return stream;
}
/// Writes the value of a number with derivatives, as the stream writes plain numbers.
template <class Stream, class X>
requires(detail::text::prints_plainly<Stream, X>) Stream& operator<<(Stream& stream, const X& x) {
  stream << detail::text::plain(x);
  return stream;
}

}  // namespace TENON_ABI
}  // namespace tenon

// tenon/base/contract.hpp: what happens when a run-time requirement is not met.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With exceptions, a broken requirement throws one of four errors, all derived from tenon::error; their text is kept
// in the object, so that reporting allocates nothing. Without exceptions the text goes to the contract handler, which
// must not return; the default one writes it to standard error and traps. In device code the kernel traps.
//   expect<shape_error>(rows == 3, [&] { return Message() << "tenon: expected 3 rows, got " << rows; });
// A check costs one predictable branch; the message is built out of line, after it has failed.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/fixed_string.hpp>
#if TENON_THROWS
#include <exception>
#elif !TENON_EMBEDDED
#include <cstdio>
#endif

namespace tenon {
inline namespace TENON_ABI {

/// Text of at most 511 bytes, built piece by piece; what does not fit is cut off and marked by "...".
class Message {
 public:
  static constexpr int capacity = 511;

  constexpr Message() = default;

  TENON_HD constexpr Message& operator<<(const char* text) {
    for (; *text != 0; ++text) append(*text);
    return *this;
  }
  TENON_HD constexpr Message& operator<<(char c) {
    append(c);
    return *this;
  }
  TENON_HD constexpr Message& operator<<(long long x) {
    if (x < 0) append('-');
    return append_digits(x < 0 ? 0ull - static_cast<unsigned long long>(x) : static_cast<unsigned long long>(x));
  }
  TENON_HD constexpr Message& operator<<(unsigned long long x) { return append_digits(x); }
  TENON_HD constexpr Message& operator<<(long x) { return *this << static_cast<long long>(x); }
  TENON_HD constexpr Message& operator<<(int x) { return *this << static_cast<long long>(x); }
  TENON_HD constexpr Message& operator<<(unsigned long x) { return append_digits(x); }
  TENON_HD constexpr Message& operator<<(unsigned x) { return append_digits(x); }
  template <int N>
  TENON_HD constexpr Message& operator<<(const FixedString<N>& text) {
    for (int i = 0; i < N; ++i) append(text[i]);
    return *this;
  }
  /// The first `size` characters of `text`, which needs no terminator (of a file, of a user).
  TENON_HD constexpr Message& append(const char* text, index_t size) {
    for (index_t i = 0; i < size; ++i) append(text[i]);
    return *this;
  }

  TENON_HD constexpr const char* c_str() const { return text_; }
  TENON_HD constexpr int size() const { return size_; }

 private:
  TENON_HD constexpr void append(char c) {
    if (size_ < capacity) {
      text_[size_++] = c;
    } else {
      text_[capacity - 3] = text_[capacity - 2] = text_[capacity - 1] = '.';
    }
  }
  TENON_HD constexpr Message& append_digits(unsigned long long x) {
    char digits[20] = {};
    int n = 0;
    do {
      digits[n++] = static_cast<char>('0' + x % 10);
      x /= 10;
    } while (x != 0);
    while (n > 0) append(digits[--n]);
    return *this;
  }

  char text_[capacity + 1] = {};
  int size_ = 0;
};

/// The base of all errors of the library; `what()` is the text of the message.
class error
#if TENON_THROWS
    : public std::exception
#endif
{
 public:
  explicit error(const Message& message) noexcept : message_(message) {}
#if TENON_THROWS
  const char* what() const noexcept override { return message_.c_str(); }
#else
  const char* what() const noexcept { return message_.c_str(); }
#endif

 private:
  Message message_;
};

/// Extents that do not fit together, or not the operation.
class shape_error : public error {
 public:
  using error::error;
};
/// An index or axis outside of its range.
class index_error : public error {
 public:
  using error::error;
};
/// A view or expression used after the tensor that it refers to is gone.
class lifetime_error : public error {
 public:
  using error::error;
};
/// Any other wrong argument, or input that cannot be read.
class value_error : public error {
 public:
  using error::error;
};

/// A function that is told of a broken requirement in builds without exceptions; it must not return.
using ContractHandler = void (*)(const char* message);

namespace detail {
inline void default_contract_handler([[maybe_unused]] const char* message) {
#if !TENON_THROWS && !TENON_EMBEDDED
  std::fputs(message, stderr);
  std::fputs("\n", stderr);
#endif
  __builtin_trap();
}
inline ContractHandler& current_contract_handler() {
  static constinit ContractHandler handler = default_contract_handler;
  return handler;
}
}  // namespace detail

/// Sets the handler for broken requirements in builds without exceptions, and returns the one before; null restores
/// the default. Not to be called while other threads use the library.
inline ContractHandler set_contract_handler(ContractHandler handler) {
  const ContractHandler before = detail::current_contract_handler();
  detail::current_contract_handler() = handler ? handler : detail::default_contract_handler;
  return before;
}

#if defined(__CUDA_ARCH__)
template <class E>
[[noreturn]] TENON_HD inline void raise(const Message&) {
  __trap();
}
#else
/// Reports a broken requirement: throws E(message), or calls the contract handler in builds without exceptions.
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD void raise(const Message& message) {
#if TENON_THROWS
  throw E(message);
#else
  detail::current_contract_handler()(message.c_str());
  __builtin_trap();
#endif
}
#endif

namespace detail {
template <class E, class Build>
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD void raise_built(const Build& build) {
#if defined(__CUDA_ARCH__)
  __trap();
#else
  raise<E>(build());
#endif
}
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD void raise_text(const char* text) {
#if defined(__CUDA_ARCH__)
  __trap();
#else
  raise<E>(Message() << text);
#endif
}
}  // namespace detail

/// Raises E with `text` unless `ok`.
template <class E>
TENON_FN void expect(bool ok, const char* text) {
  if (!ok) [[unlikely]]
    detail::raise_text<E>(text);
}
/// Raises E with the Message that `build()` returns unless `ok`.
template <class E, class Build>
requires requires(const Build& build) { build(); }
TENON_FN void expect(bool ok, const Build& build) {
  if (!ok) [[unlikely]]
    detail::raise_built<E>(build);
}

}  // namespace TENON_ABI
}  // namespace tenon

// tenon/base/text.hpp: text that grows, without <string>: plans, summaries.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/fixed_string.hpp>
#include <tenon/base/memory.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A growing, null-terminated text; can be written to any stream.
class Text {
 public:
  const char* c_str() const { return block_ ? block_.data() : ""; }
  index_t size() const { return size_; }
  [[gnu::noinline]] Text& append(const char* s, index_t n) {
    const size_t need = static_cast<size_t>(size_ + n + 1);
    if (need > block_.capacity()) {
      detail::BlockRef larger(2 * need + 256);
      if (size_) __builtin_memcpy(larger.data(), block_.data(), static_cast<size_t>(size_));
      block_ = static_cast<detail::BlockRef&&>(larger);
    }
    __builtin_memcpy(block_.data() + size_, s, static_cast<size_t>(n));
    size_ += n;
    block_.data()[size_] = 0;
    return *this;
  }
  Text& operator<<(const char* s) { return append(s, static_cast<index_t>(__builtin_strlen(s))); }
  Text& operator<<(char c) { return append(&c, 1); }
  template <int N>
  Text& operator<<(const FixedString<N>& s) {
    return append(s.c_str(), N);
  }
  Text& operator<<(long long x) {
    Message m;
    m << x;
    return append(m.c_str(), m.size());
  }
  Text& operator<<(long x) { return *this << static_cast<long long>(x); }
  Text& operator<<(int x) { return *this << static_cast<long long>(x); }
  Text& operator<<(const Text& t) { return append(t.c_str(), t.size()); }
  /// A count in short, ready for its unit: "950 ", "12.3 k", "4.56 M", "7.89 G".
  Text& count(double x) {
    const char* unit[] = {" ", " k", " M", " G", " T"};
    int u = 0;
    for (; x >= 999.5 && u < 4; ++u) x /= 1000;
    if (u == 0) return *this << static_cast<long long>(x + 0.5) << unit[0];
    const long long hundredths = static_cast<long long>(x * 100 + 0.5);
    const int digits = x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;
    if (digits == 0) return *this << (hundredths + 50) / 100 << unit[u];
    if (digits == 1) return *this << (hundredths + 5) / 100 << '.' << (hundredths + 5) / 10 % 10 << unit[u];
    return *this << hundredths / 100 << '.' << hundredths / 10 % 10 << hundredths % 10 << unit[u];
  }

 private:
  detail::BlockRef block_{};
  index_t size_ = 0;
};

}  // namespace TENON_ABI
}  // namespace tenon

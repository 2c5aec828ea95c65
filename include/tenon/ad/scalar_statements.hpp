// tenon/ad/scalar_statements.hpp: how statements of numbers lie on a tape, and how adjoints go back through them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In memory a statement is its terms (a multiplier and a slot each), maybe the slot of a term with multiplier 1, and a
// trailer: the terms' bytes, times 4, and flags. Statements of a segment give results with slots one after the other.
// The sweep is bound by what waits for what: where a statement ends is known only from the one behind it, and an
// adjoint that is added to again and again goes through memory each time. So statements of one shape are swept in a
// loop of their own, whose steps are constants, and sums stay in a register: the adjoint of a sum on its way to the
// statement before, and that of a number which is the last term of statement after statement.
#pragma once
#include <tenon/ad/segment.hpp>
#include <tenon/ad/terms.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Of numbers T.
template <class T>
struct ScalarStatements {
  static constexpr slot_t chained = 1;  // the result of the statement before is a term with multiplier 1, as in sums
  static constexpr slot_t added = 2;    // a term with multiplier 1 follows
  static constexpr size_t term_bytes = sizeof(T) + sizeof(slot_t);
  static constexpr unsigned units = (sizeof(T) + 3) / 4;
  static constexpr size_t most_bytes(int terms) { return static_cast<size_t>(terms) * term_bytes + sizeof(slot_t); }

  // Slots that the tape owns, and that of the result.
  struct Place {
    slot_t base, count;
    TENON_INLINE bool owns(slot_t slot) const { return slot - base < count; }
    TENON_INLINE slot_t before() const { return base + count - units; }  // of the statement before
  };

  // What the compiler can tell of terms: those that are no terms get the slot 0, and those of one number, as in
  // `u[i] - c * u[i]`, become one.
  template <int N>
  TENON_INLINE static Terms<T, N> tidy(Terms<T, N> t) {
    if constexpr (is_real<T> && N > 1) {
      if (merge(t.rest, t.operand, t.multiplier)) t.operand = 0;
      t.rest = tidy(t.rest);
    }
    return t;
  }
  template <int N>
  TENON_INLINE static bool owns_all(const Terms<T, N>& t, const Place& place) {
    if constexpr (N == 0) {
      return true;
    } else {
      return (is_nothing(t.operand) || __builtin_expect(place.owns(t.operand), 1)) && owns_all(t.rest, place);
    }
  }
  template <int N>
  TENON_INLINE static bool is_nothing(const Terms<T, N>& t) {
    if constexpr (N == 0) {
      return true;
    } else {
      return is_nothing(t.operand) && is_nothing(t.rest);
    }
  }
  // Writes a statement whose terms are all owned to p; gives its end.
  template <int N>
  TENON_INLINE static char* write(const Terms<T, N>& t, char* const p, const Place& place) {
    if (is_one(t.multiplier) && !is_nothing(t.operand)) {
      char* end = write_terms(t.rest, p);
      const slot_t trailer = static_cast<slot_t>(end - p) * 4;
      if (t.operand == place.before()) return put(trailer + chained, end);
      return put(trailer + added, put(t.operand, end));
    }
    char* const end = write_terms(t, p);
    return put(static_cast<slot_t>(end - p) * 4, end);
  }
  // The same for any terms.
  template <int N>
  static char* write_owned(const Terms<T, N>& t, char* const p, const Place& place) {
    char* end = p;
    write_owned_terms(t, end, place);
    return end == p ? p : put(static_cast<slot_t>(end - p) * 4, end);
  }

 private:
  TENON_INLINE static char* put(slot_t x, char* p) {
    __builtin_memcpy(p, &x, sizeof(x));
    return p + sizeof(x);
  }
  TENON_INLINE static char* put(const T& multiplier, slot_t operand, char* p) {
    __builtin_memcpy(p, &multiplier, sizeof(T));
    return put(operand, p + sizeof(T));
  }
  template <int N>
  TENON_INLINE static char* write_terms(const Terms<T, N>& t, char* p) {
    if constexpr (N == 0) {
      return p;
    } else {
      return write_terms(t.rest, is_nothing(t.operand) ? p : put(t.multiplier, t.operand, p));
    }
  }
  template <int N>
  static void write_owned_terms(const Terms<T, N>& t, char*& p, const Place& place) {
    if constexpr (N > 0) {
      if (place.owns(t.operand)) p = put(t.multiplier, t.operand, p);
      write_owned_terms(t.rest, p, place);
    }
  }
  template <int N>
  TENON_INLINE static bool merge(Terms<T, N>& t, slot_t slot, const T& m) {
    if constexpr (N == 0) {
      return false;
    } else {
      if (!is_known(t.operand == slot)) return merge(t.rest, slot, m);
      t.multiplier += m;
      return true;
    }
  }
  TENON_INLINE static bool is_nothing(slot_t slot) { return is_known(slot == 0); }
  TENON_INLINE static bool is_one(const T& m) {
    if constexpr (is_real<T>) {
      return is_known(m == T(1));
    } else {
      return false;
    }
  }
  // Whether that is so, and the compiler knows it.
  TENON_INLINE static bool is_known(bool x) { return __builtin_constant_p(x) && x; }
};

// The adjoints of a tape, of type A for numbers T: T, or a pack of them, which takes the place of as many T.
template <class T, class A>
class ScalarSweep {
  using S = ScalarStatements<T>;
  using address = __UINTPTR_TYPE__;
  static constexpr address unit = 4 * (sizeof(A) / sizeof(T));

 public:
  ScalarSweep(char* adjoints, unsigned long long base)
      : origin_(reinterpret_cast<address>(adjoints) - static_cast<address>(base) * unit) {}

  // Last first.
  TENON_INLINE void run(const Segment& segment) const {
    slot_t result = segment.after;
    const char* p = segment.end;
    while (p != segment.begin) {
      slot_t trailer;
      __builtin_memcpy(&trailer, p - sizeof(trailer), sizeof(trailer));
      if constexpr (__is_same(A, T) && is_real<T>) {
        switch (trailer) {
#define CASE(n, f) case n * S::term_bytes * 4 + f: p = alike<n, f>(p, segment.begin, result); continue;
          CASE(1, 0) CASE(2, 0) CASE(3, 0) CASE(4, 0)
          CASE(1, 1) CASE(2, 1) CASE(3, 1)
          CASE(0, 2) CASE(1, 2) CASE(2, 2) CASE(3, 2)
        }
      }
      p = one(p, trailer, result);
    }
  }

 private:
  TENON_INLINE char* at(slot_t slot) const {
    return reinterpret_cast<char*>(origin_ + static_cast<address>(slot) * unit);
  }
  TENON_INLINE A get(slot_t slot) const {
    A a;
    __builtin_memcpy(&a, at(slot), sizeof(A));
    return a;
  }
  TENON_INLINE void set(slot_t slot, const A& a) const { __builtin_memcpy(at(slot), &a, sizeof(A)); }
  TENON_INLINE void add(slot_t slot, const A& x) const { set(slot, get(slot) + x); }
  TENON_INLINE static bool is_zero(const A& g) {
    if constexpr (__is_same(A, T)) {
      return is_zero_adjoint(g);
    } else {  // looked at in packs that the machine has
      using V = simd::native<T>;
      V part[sizeof(A) / sizeof(V)];
      __builtin_memcpy(part, &g, sizeof(A));
      auto other = part[0] != V{};
      for (size_t k = 1; k < sizeof(A) / sizeof(V); ++k) other |= part[k] != V{};
      return !simd::any(other);
    }
  }
  TENON_INLINE void term(const char* q, const A& g) const {
    slot_t slot;
    T m;
    __builtin_memcpy(&m, q, sizeof(T));
    __builtin_memcpy(&slot, q + sizeof(T), sizeof(slot));
    if constexpr (__is_same(A, T)) {
      add(slot, m * g);
    } else {
      add(slot, g == A{} ? A{} : m * g);  // lanes that do not depend on the statement get nothing from it
    }
  }
  // One statement, which ends at p; gives where it begins.
  TENON_INLINE const char* one(const char* p, slot_t trailer, slot_t& result) const {
    result -= S::units;
    p -= sizeof(trailer);
    const char* const last = trailer & S::added ? p - sizeof(slot_t) : p;
    const char* const begin = last - trailer / 4;
    const A g = get(result);
    if (is_zero(g)) return begin;
    if (trailer & S::chained) add(result - S::units, g);
    if (trailer & S::added) {
      slot_t slot;
      __builtin_memcpy(&slot, last, sizeof(slot));
      add(slot, g);
    }
    for (const char* q = begin; q != last; q += S::term_bytes) term(q, g);
    return begin;
  }
  // Statements of one shape.
  template <int N, slot_t Flags>
  TENON_INLINE const char* alike(const char* p, const char* begin, slot_t& after) const {
    constexpr slot_t trailer = N * S::term_bytes * 4 + Flags;
    constexpr size_t tail = sizeof(slot_t) * (Flags & S::added ? 2 : 1);
    slot_t result = after, next = trailer;
    A carry{};
    do {
      result -= S::units;
      p -= tail + N * S::term_bytes;
      A g = get(result);
      if constexpr ((Flags & S::chained) != 0) {
        g += carry;
        set(result, g);
        carry = g;
      }
      if (!is_zero(g)) {
        if constexpr ((Flags & S::added) != 0) {
          slot_t slot;
          __builtin_memcpy(&slot, p + N * S::term_bytes, sizeof(slot));
          add(slot, g);
        }
        for (int k = 0; k < N; ++k) term(p + static_cast<size_t>(k) * S::term_bytes, g);
      }
      if (p == begin) break;
      __builtin_memcpy(&next, p - sizeof(next), sizeof(next));
    } while (next == trailer);
    if constexpr ((Flags & S::chained) != 0) add(result - S::units, carry);
    after = result;
    return p;
  }

  address origin_;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

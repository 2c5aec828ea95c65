// tenon/ad/scalar_statements.hpp: how statements of numbers lie on a tape, and how adjoints go back through them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In memory a statement is its terms (a multiplier and a slot each), maybe the slot of a term with multiplier 1, and a
// trailer: the number of terms, times 4, and flags; a segment begins with a trailer that says stop. Statements of a
// segment give results with slots one after the other.
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

// A segment of scalar statements begins with where they end, and the slot after the last result.
struct ScalarRun {
  char* end;
  slot_t after;
};

// Of numbers T.
template <class T>
struct ScalarStatements {
  static constexpr slot_t chained = 1;  // the result of the statement before is a term with multiplier 1, as in sums
  static constexpr slot_t added = 2;    // a term with multiplier 1 follows
  static constexpr size_t term_bytes = sizeof(T) + sizeof(slot_t);
  static constexpr unsigned units = (sizeof(T) + 3) / 4;
  static constexpr slot_t stop = 3;  // the trailer before the first statement of a segment
  static constexpr slot_t trailer(int terms, slot_t flags) { return static_cast<slot_t>(terms) * 4 + flags; }
  static constexpr size_t terms(slot_t trailer) { return trailer / 4; }
  // The bytes behind the terms.
  static constexpr size_t tail(slot_t trailer) { return trailer & added ? 2 * sizeof(slot_t) : sizeof(slot_t); }
  static constexpr size_t most_bytes(int terms) { return static_cast<size_t>(terms) * term_bytes + sizeof(slot_t); }

  // Slots that the tape owns, and that of the result.
  struct Place {
    slot_t base, count;
    TENON_INLINE bool owns(slot_t slot) const { return slot - base < count; }
    TENON_INLINE slot_t before() const { return base + count - units; }  // of the statement before
  };

  // What the compiler can tell of terms: those that are none have the slot 0 after this, and those of one number, as in
  // `u[i] - c * u[i]`, are one.
  template <int N>
  TENON_INLINE static Terms<T, N> tidy(Terms<T, N> t) {
    if constexpr (is_real<T> && N > 1) {
      if (merge(t.rest, t.operand, t.multiplier)) t.operand = 0;
      t.rest = tidy(t.rest);
    }
    return t;
  }
  TENON_INLINE static bool none(const Terms<T, 0>&) { return true; }
  template <int N>
  TENON_INLINE static bool none(const Terms<T, N>& t) {
    return none(t.operand) && none(t.rest);
  }
  TENON_INLINE static bool all_owned(const Terms<T, 0>&, const Place&) { return true; }
  template <int N>
  TENON_INLINE static bool all_owned(const Terms<T, N>& t, const Place& place) {
    return (none(t.operand) || __builtin_expect(place.owns(t.operand), 1)) && all_owned(t.rest, place);
  }
  // What comes before the first statement.
  static char* begin(char* const p) {
    const slot_t trailer = stop;
    __builtin_memcpy(p, &trailer, sizeof(trailer));
    return p + sizeof(trailer);
  }
  // Writes a statement whose terms are all owned to p; gives its end.
  template <int N>
  TENON_INLINE static char* write(const Terms<T, N>& t, char* const p, const Place& place) {
    if (!is_one(t.multiplier) || none(t.operand)) return finish(p, write_terms(t, p), 0);
    char* const end = write_terms(t.rest, p);
    if (t.operand == place.before()) return finish(p, end, chained);
    __builtin_memcpy(end, &t.operand, sizeof(slot_t));
    return finish(p, end, added);
  }
  // The same for any terms; p if none is owned. `others`: the bits that are set in any slot that is not.
  template <int N>
  static char* write_owned(const Terms<T, N>& t, char* const p, const Place& place, slot_t& others) {
    char* end = p;
    write_owned_terms(t, end, place, others);
    return end == p ? p : finish(p, end, 0);
  }

 private:
  TENON_INLINE static char* put(const T& multiplier, slot_t operand, char* p) {
    __builtin_memcpy(p, &multiplier, sizeof(T));
    __builtin_memcpy(p + sizeof(T), &operand, sizeof(slot_t));
    return p + term_bytes;
  }
  TENON_INLINE static char* finish(char* begin, char* terms_end, slot_t flags) {
    const slot_t trailer = static_cast<slot_t>(terms_end - begin) / static_cast<slot_t>(term_bytes) * 4 + flags;
    char* const p = flags & added ? terms_end + sizeof(slot_t) : terms_end;
    __builtin_memcpy(p, &trailer, sizeof(trailer));
    return p + sizeof(trailer);
  }
  TENON_INLINE static char* write_terms(const Terms<T, 0>&, char* p) { return p; }
  template <int N>
  TENON_INLINE static char* write_terms(const Terms<T, N>& t, char* p) {
    return write_terms(t.rest, none(t.operand) ? p : put(t.multiplier, t.operand, p));
  }
  static void write_owned_terms(const Terms<T, 0>&, char*&, const Place&, slot_t&) {}
  template <int N>
  static void write_owned_terms(const Terms<T, N>& t, char*& p, const Place& place, slot_t& others) {
    if (place.owns(t.operand)) {
      p = put(t.multiplier, t.operand, p);
    } else {
      others |= t.operand;
    }
    write_owned_terms(t.rest, p, place, others);
  }
  TENON_INLINE static bool merge(Terms<T, 0>&, slot_t, const T&) { return false; }
  template <int N>
  TENON_INLINE static bool merge(Terms<T, N>& t, slot_t slot, const T& m) {
    if (!is_known(t.operand == slot)) return merge(t.rest, slot, m);
    t.multiplier += m;
    return true;
  }
  TENON_INLINE static bool none(slot_t slot) { return is_known(slot == 0); }
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

  // Pulls back the statements of a segment, last first.
  TENON_INLINE void run(const Segment& segment) const {
    const ScalarRun& statements = *reinterpret_cast<const ScalarRun*>(segment.begin());
    address result = statements.after;
    const char* p = statements.end;
    for (;;) {
      const auto trailer = read<slot_t>(p - sizeof(slot_t));
      if constexpr (__is_same(A, T) && is_real<T>) {
        switch (trailer) {
          case S::stop:
            return;
          case S::trailer(1, 0):
            p = alike<1, 0>(p, result);
            continue;
          case S::trailer(2, 0):
            p = alike<2, 0>(p, result);
            continue;
          case S::trailer(3, 0):
            p = alike<3, 0>(p, result);
            continue;
          case S::trailer(4, 0):
            p = alike<4, 0>(p, result);
            continue;
          case S::trailer(1, S::chained):
            p = alike<1, S::chained>(p, result);
            continue;
          case S::trailer(2, S::chained):
            p = alike<2, S::chained>(p, result);
            continue;
          case S::trailer(3, S::chained):
            p = alike<3, S::chained>(p, result);
            continue;
          case S::trailer(0, S::added):
            p = alike<0, S::added>(p, result);
            continue;
          case S::trailer(1, S::added):
            p = alike<1, S::added>(p, result);
            continue;
          case S::trailer(2, S::added):
            p = alike<2, S::added>(p, result);
            continue;
          case S::trailer(3, S::added):
            p = alike<3, S::added>(p, result);
            continue;
        }
      } else if (trailer == S::stop) {
        return;
      }
      p = one(p, trailer, result);
    }
  }

 private:
  template <class X>
  TENON_INLINE static X read(const char* p) {
    X x;
    __builtin_memcpy(&x, p, sizeof(X));
    return x;
  }
  TENON_INLINE char* at(address slot) const { return reinterpret_cast<char*>(origin_ + slot * unit); }
  TENON_INLINE A get(address slot) const { return read<A>(at(slot)); }
  TENON_INLINE void set(address slot, const A& a) const { __builtin_memcpy(at(slot), &a, sizeof(A)); }
  TENON_INLINE void add(address slot, const A& x) const { set(slot, get(slot) + x); }
  TENON_INLINE static bool is_zero(const A& g) {
    if constexpr (__is_same(A, double)) {  // one test of its bits, and of NaN as well
      unsigned long long bits;
      __builtin_memcpy(&bits, &g, sizeof(bits));
      return bits + bits == 0;
    } else if constexpr (__is_same(A, T)) {
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
  // A term at q.
  TENON_INLINE static address operand(const char* q) { return read<slot_t>(q + sizeof(T)); }
  TENON_INLINE static A part(const char* q, const A& g) {
    const T m = read<T>(q);
    if constexpr (__is_same(A, T)) {
      return m * g;
    } else {
      return g == A{} ? A{} : m * g;  // lanes that do not depend on the statement get nothing from it
    }
  }

  // One statement, which ends at p; gives where it begins.
  TENON_INLINE const char* one(const char* p, slot_t trailer, address& result) const {
    result -= S::units;
    const char* const last = p - S::tail(trailer);
    const char* const begin = last - S::terms(trailer) * S::term_bytes;
    const A g = get(result);
    if (is_zero(g)) return begin;
    if (trailer & S::chained) add(result - S::units, g);
    if (trailer & S::added) add(read<slot_t>(last), g);
    for (const char* q = begin; q != last; q += S::term_bytes) add(operand(q), part(q, g));
    return begin;
  }
  // Statements of one shape, the last of which ends at p; gives where the first of them begins.
  template <int N, slot_t Flags>
  TENON_INLINE const char* alike(const char* p, address& after) const {
    constexpr slot_t trailer = S::trailer(N, Flags);
    constexpr size_t terms = N * S::term_bytes;
    constexpr bool chained = (Flags & S::chained) != 0, added = (Flags & S::added) != 0;
    // As in `s[i] += a[i] * b`: the number that is the last term again and again, and what is to be added to it.
    constexpr bool holds = added && N > 1;
    address result = after, held = after - S::units;
    A sum{};
    do {
      result -= S::units;
      p -= terms + S::tail(trailer);
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<address>(p) - 4096));  // to be read
      A g = get(result);
      if (chained || (holds && result == held)) {
        g += sum;
        sum = A{};
        set(result, g);
      }
      if (!is_zero(g)) {
        if constexpr (chained) sum = g;
        if constexpr (added) add(read<slot_t>(p + terms), g);
        for (int k = 0; k < N - holds; ++k) {
          const char* const q = p + static_cast<size_t>(k) * S::term_bytes;
          add(operand(q), part(q, g));
        }
        if constexpr (holds) {
          const char* const q = p + (N - 1) * S::term_bytes;
          if (const address slot = operand(q); slot != held) {
            add(held, sum);
            held = slot;
            sum = A{};
          }
          sum += part(q, g);
        }
      }
    } while (read<slot_t>(p - sizeof(slot_t)) == trailer);
    if constexpr (chained) add(result - S::units, sum);
    if constexpr (holds) add(held, sum);
    after = result;
    return p;
  }

  address origin_;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

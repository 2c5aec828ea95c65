// tenon/expr/order.hpp: sorts one line of elements, stably, NaN last, without allocating beyond the pool.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers are turned into unsigned keys of the same order, so that one sort serves all types and both directions: short
// lines by merging runs, long ones by the radix method. Elements with derivative structure are compared as they are.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

using SortIndex = unsigned;

// Moves an entry of a sort: a key, alone or with the index of its element.
template <class Key>
struct KeyOnly {
  Key key;
};
template <class Key>
struct KeyAndIndex {
  Key key;
  SortIndex index;
};

// Stable: runs of 16 by insertion, then merged pass by pass between a and b. Returns where the result is.
template <class T, class Less>
T* merge_sort(T* a, T* b, index_t n, const Less& less) {
  constexpr index_t run = 16;
  for (index_t first = 0; first < n; first += run) {
    const index_t end = n - first < run ? n : first + run;
    for (index_t i = first + 1; i < end; ++i) {
      const T x = a[i];
      index_t k = i;
      for (; k > first && less(x, a[k - 1]); --k) a[k] = a[k - 1];
      a[k] = x;
    }
  }
  for (index_t width = run; width < n; width *= 2) {
    for (index_t first = 0; first < n; first += 2 * width) {
      const index_t middle = n - first < width ? n : first + width;
      const index_t end = n - first < 2 * width ? n : first + 2 * width;
      index_t l = first, r = middle, o = first;
      while (l < middle && r < end) {
        const bool right = less(a[r], a[l]);
        b[o++] = right ? a[r] : a[l];
        r += right;
        l += !right;
      }
      while (l < middle) b[o++] = a[l++];
      while (r < end) b[o++] = a[r++];
    }
    T* t = a;
    a = b;
    b = t;
  }
  return a;
}

// Stable: a byte of the key in each pass, from the lowest; passes in which all keys agree are left out.
template <class T>
T* radix_sort(T* a, T* b, index_t n) {
  using Key = decltype(a->key);
  constexpr int bytes = static_cast<int>(sizeof(Key));
  index_t count[bytes][256] = {};
  for (index_t i = 0; i < n; ++i)
    for (int d = 0; d < bytes; ++d) ++count[d][a[i].key >> 8 * d & 255];
  for (int d = 0; d < bytes; ++d) {
    index_t* c = count[d];
    if (c[a[0].key >> 8 * d & 255] == n) continue;
    index_t sum = 0;
    for (int k = 0; k < 256; ++k) {
      const index_t here = c[k];
      c[k] = sum;
      sum += here;
    }
    for (index_t i = 0; i < n; ++i) b[c[a[i].key >> 8 * d & 255]++] = a[i];
    T* t = a;
    a = b;
    b = t;
  }
  return a;
}

template <class T>
T* sort_entries(T* a, T* b, index_t n) {
  if (n >= 128 * static_cast<index_t>(sizeof(a->key))) return radix_sort(a, b, n);
  return merge_sort(a, b, n, [](const T& x, const T& y) { return x.key < y.key; });
}

template <class C>
struct SortKey {
  using type = typename NumberOf<sizeof(C) == 8 ? NumberKind::uint64 : NumberKind::uint32>::type;
};

// Whether elements of C are sorted by key; the others by comparison.
template <class C>
inline constexpr bool sorts_by_key = is_real<C>;

// The place of x in ascending or descending order as an unsigned number; NaN gives the highest. Zeros of either sign
// are the same if `Zeros`, else the key tells the value exactly.
template <bool Descending, bool Zeros, class C>
constexpr typename SortKey<C>::type key_of(C x) {
  using Key = typename SortKey<C>::type;
  constexpr Key top = static_cast<Key>(Key(1) << (8 * sizeof(Key) - 1));
  Key k{};
  if constexpr (is_floating<C>) {
    if (x != x) return static_cast<Key>(~Key(0));
    if (Zeros && x == C(0)) x = C(0);
    const Key bits = __builtin_bit_cast(Key, x);
    k = bits & top ? static_cast<Key>(~bits) : static_cast<Key>(bits | top);
  } else if constexpr (is_signed_integer<C>) {
    k = static_cast<Key>(static_cast<Key>(x) ^ top);
  } else {
    k = static_cast<Key>(x);
  }
  return Descending ? static_cast<Key>(~k) : k;
}
// The number whose key is k.
template <bool Descending, class C>
constexpr C value_of(typename SortKey<C>::type k) {
  using Key = typename SortKey<C>::type;
  constexpr Key top = static_cast<Key>(Key(1) << (8 * sizeof(Key) - 1));
  if constexpr (is_floating<C>) {
    if (k == static_cast<Key>(~Key(0))) return limits<C>::nan();
    if (Descending) k = static_cast<Key>(~k);
    return __builtin_bit_cast(C, k & top ? static_cast<Key>(k & ~top) : static_cast<Key>(~k));
  } else {
    if (Descending) k = static_cast<Key>(~k);
    if constexpr (is_signed_integer<C>) k = static_cast<Key>(k ^ top);
    return static_cast<C>(k);
  }
}

// Whether a belongs before b; NaN comes last.
template <bool Descending, class C>
constexpr bool sorts_before(const C& a, const C& b) {
  if (a != a) return false;
  if (b != b) return true;
  return Descending ? a > b : a < b;
}

// Sorts lines of up to n elements; keeps its memory from line to line.
template <class C, bool Descending>
class LineSorter {
 public:
  explicit LineSorter(index_t n) : n_(n) {
    if (n > 0xffffffffll)
      raise<value_error>(Message() << "tenon: sort: a line of " << n << " elements is too long (2^32 - 1 at most)");
    block_ = BlockRef(static_cast<size_t>(2 * n) * sizeof(Entry));
  }
  /// Calls put(i, value) with the first k elements of `at(0) ... at(n - 1)` in order.
  template <class At, class Put>
  void values(const At& at, index_t k, const Put& put) {
    if constexpr (sorts_by_key<C>) {
      if (k >= n_ || k > few) {
        using K = KeyOnly<typename SortKey<C>::type>;
        K* a = reinterpret_cast<K*>(block_.data());
        for (index_t i = 0; i < n_; ++i) a[i].key = key_of<Descending, false>(static_cast<C>(at(i)));
        const K* sorted = sort_entries(a, a + n_, n_);
        for (index_t i = 0; i < k; ++i) put(i, value_of<Descending, C>(sorted[i].key));
        return;
      }
    }
    indices(at, k, [&](index_t i, index_t from) { put(i, static_cast<C>(at(from))); });
  }
  /// Calls put(i, index) with the indices of the first k elements in order; equal ones stay in theirs.
  template <class At, class Put>
  void indices(const At& at, index_t k, const Put& put) {
    Entry* a = reinterpret_cast<Entry*>(block_.data());
    if constexpr (sorts_by_key<C>) {
      if (k < n_ && k <= few) {
        first_few(a, at, k);
      } else {
        for (index_t i = 0; i < n_; ++i)
          a[i] = {key_of<Descending, true>(static_cast<C>(at(i))), static_cast<SortIndex>(i)};
        a = sort_entries(a, a + n_, n_);
      }
      for (index_t i = 0; i < k; ++i) put(i, static_cast<index_t>(a[i].index));
    } else {
      for (index_t i = 0; i < n_; ++i) a[i].index = static_cast<SortIndex>(i);
      const auto before = [&](const Entry& x, const Entry& y) {
        return sorts_before<Descending>(static_cast<C>(at(x.index)), static_cast<C>(at(y.index)));
      };
      a = merge_sort(a, a + n_, n_, before);
      for (index_t i = 0; i < k; ++i) put(i, static_cast<index_t>(a[i].index));
    }
  }

 private:
  static constexpr index_t few = 16;  // so many of a line are found by insertion instead of by sorting it
  struct ByComparison {
    SortIndex index;
  };
  template <class T, bool Keyed>
  struct EntryOf {
    using type = ByComparison;
  };
  template <class T>
  struct EntryOf<T, true> {
    using type = KeyAndIndex<typename SortKey<T>::type>;
  };
  using Entry = typename EntryOf<C, sorts_by_key<C>>::type;

  template <class At>
  void first_few(Entry* a, const At& at, index_t k) const {
    index_t found = 0;
    for (index_t i = 0; i < n_ && k > 0; ++i) {
      const Entry e{key_of<Descending, true>(static_cast<C>(at(i))), static_cast<SortIndex>(i)};
      if (found == k && !(e.key < a[k - 1].key)) continue;
      index_t p = found < k ? found++ : k - 1;
      for (; p > 0 && e.key < a[p - 1].key; --p) a[p] = a[p - 1];
      a[p] = e;
    }
  }

  index_t n_;
  BlockRef block_{};
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

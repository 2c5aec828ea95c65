// tenon/shape/einsum.hpp: einsum specs: parsed and checked at compile time, lowered to lists of labels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A spec names each axis by a letter: "bhqd,bhkd->bhqk". Letters missing from the output are summed over; a letter
// twice in one operand walks a diagonal; without "->" the output is the letters that occur once, in alphabetical order.
// "..." stands for any further axes, which broadcast. Below this file an index is a label: the letter's code, or for
// the axes of "..." (and the batch axes of matmul) -1 for the last, -2 for the one before: labels below 0 broadcast.
#pragma once
#include <tenon/base/fixed_string.hpp>
#include <tenon/shape/extents.hpp>
#include <tenon/shape/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Operands an einsum takes at most.
inline constexpr int max_einsum_operands = 8;

/// What may be wrong with an einsum.
enum class EinsumError { valid, character, operands, rank, axes, unknown, twice, extents };

/// The labels of one operand, or of the output.
struct EinsumLabels {
  int rank = 0;
  signed char label[2 * max_rank] = {};
  TENON_FN void push(int l) {
    if (rank < 2 * max_rank) label[rank] = static_cast<signed char>(l);
    ++rank;
  }
  TENON_FN int find(int l) const {
    for (int i = 0; i < rank; ++i)
      if (label[i] == l) return i;
    return -1;
  }
  TENON_FN int count(int l) const {
    int n = 0;
    for (int i = 0; i < rank; ++i) n += label[i] == l;
    return n;
  }
};

/// A parsed spec.
struct EinsumForm {
  EinsumError error = EinsumError::valid;
  int operands = 0;
  EinsumLabels in[max_einsum_operands], out;
};

namespace detail {

constexpr bool is_einsum_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// One side of a comma: letters, and "..." for `rank - letters` further axes (all of `dots` in the output).
constexpr bool parse_einsum_part(const char*& s, int rank, int dots, EinsumLabels& to) {
  int letters = 0;
  for (const char* p = s; *p && *p != ',' && *p != '-'; ++p) letters += is_einsum_letter(*p);
  bool had_dots = false;
  for (; *s && *s != ',' && *s != '-'; ++s) {
    if (*s == ' ') continue;
    if (is_einsum_letter(*s)) {
      to.push(*s);
    } else if (*s == '.' && s[1] == '.' && s[2] == '.' && !had_dots) {
      had_dots = true;
      s += 2;
      for (int k = dots >= 0 ? dots : rank - letters; k > 0; --k) to.push(-k);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace detail

/// Parses a spec for operands of the given ranks.
constexpr EinsumForm parse_einsum(const char* s, const int* ranks, int operands) {
  EinsumForm f;
  int dots = 0;
  for (bool more = true; more;) {
    if (f.operands >= operands) return f.error = EinsumError::operands, f;
    EinsumLabels& l = f.in[f.operands];
    if (!detail::parse_einsum_part(s, ranks[f.operands], -1, l)) return f.error = EinsumError::character, f;
    if (l.rank != ranks[f.operands]) return f.error = EinsumError::rank, f;
    for (int i = 0; i < l.rank; ++i)
      if (-l.label[i] > dots) dots = -l.label[i];
    ++f.operands;
    more = *s == ',';
    s += more;
  }
  if (f.operands != operands) return f.error = EinsumError::operands, f;
  if (*s == 0) {
    for (int k = dots; k > 0; --k) f.out.push(-k);
    for (int c = 'A'; c <= 'z'; ++c) {
      int n = 0;
      for (int i = 0; i < operands; ++i) n += f.in[i].count(c);
      if (n == 1) f.out.push(c);
    }
  } else {
    if (s[0] != '-' || s[1] != '>') return f.error = EinsumError::character, f;
    s += 2;
    if (!detail::parse_einsum_part(s, 0, dots, f.out) || *s != 0) return f.error = EinsumError::character, f;
  }
  if (f.out.rank > max_rank) return f.error = EinsumError::axes, f;
  for (int i = 0; i < f.out.rank; ++i) {
    bool known = false;
    for (int k = 0; k < operands; ++k) known = known || f.in[k].find(f.out.label[i]) >= 0;
    if (!known) return f.error = EinsumError::unknown, f;
    if (f.out.count(f.out.label[i]) > 1) return f.error = EinsumError::twice, f;
  }
  return f;
}

/// The extent of a label among operands, `dyn` if none knows it; -2 when two disagree. Labels below 0 stretch from 1.
constexpr index_t einsum_extent(const EinsumForm& f, const Dims* shapes, int label) {
  index_t e = dyn;
  for (int k = 0; k < f.operands; ++k)
    for (int i = 0; i < f.in[k].rank; ++i) {
      if (f.in[k].label[i] != label) continue;
      const index_t x = shapes[k].d[i];
      if (label < 0 && (x == 1 || e == 1)) {
        e = e == 1 || (e == dyn && x == 1) ? x : e;
      } else if (x != dyn) {
        if (e != dyn && e != x) return -2;
        e = x;
      }
    }
  return e;
}
/// The first label whose extents disagree, 0 if all fit.
constexpr int einsum_misfit(const EinsumForm& f, const Dims* shapes) {
  for (int k = 0; k < f.operands; ++k)
    for (int i = 0; i < f.in[k].rank; ++i)
      if (einsum_extent(f, shapes, f.in[k].label[i]) == -2) return f.in[k].label[i];
  return 0;
}

/// Pairs of axes that have one letter, by which run-time extents are compared. `all`: nothing else needs to be.
struct EinsumPairs {
  static constexpr int capacity = 2 * max_rank;
  int count = 0;
  bool all = true;
  signed char operand[capacity][2] = {}, axis[capacity][2] = {};
  constexpr explicit EinsumPairs(const EinsumForm& f) {
    for (int k = 0; k < f.operands; ++k)
      for (int i = 0; i < f.in[k].rank; ++i) {
        const int label = f.in[k].label[i];
        int k0 = 0;
        while (f.in[k0].find(label) < 0) ++k0;
        const int i0 = f.in[k0].find(label);
        if (k0 == k && i0 == i) continue;
        all = all && label > 0 && count < capacity;
        if (!all) return;
        operand[count][0] = static_cast<signed char>(k0), axis[count][0] = static_cast<signed char>(i0);
        operand[count][1] = static_cast<signed char>(k), axis[count][1] = static_cast<signed char>(i);
        ++count;
      }
  }
  constexpr bool fit(const Dims* shapes) const {
    for (int p = 0; p < count; ++p)
      if (shapes[operand[p][0]].d[axis[p][0]] != shapes[operand[p][1]].d[axis[p][1]]) return false;
    return all;
  }
};

/// An einsum of operands with extents E...: its form, and every check that types allow.
template <FixedString Spec, class... E>
struct Einsum {
  static constexpr int count = static_cast<int>(sizeof...(E));
  static constexpr EinsumForm parsed() {
    const int ranks[] = {E::rank..., 0};
    const Dims shapes[] = {E::static_dims()..., Dims{}};
    EinsumForm f = parse_einsum(Spec.chars, ranks, count);
    if (f.error == EinsumError::valid && einsum_misfit(f, shapes) != 0) f.error = EinsumError::extents;
    return f;
  }
  static constexpr EinsumForm form = parsed();
  static constexpr EinsumPairs pairs{form};
  static constexpr bool ok = form.error == EinsumError::valid;
  static constexpr bool fits(EinsumError e) { return form.error != e; }
  static_assert(fits(EinsumError::character),
                "tenon: einsum: the spec is not of the form \"ij,jk->ik\": letters, commas, one ->, \"...\"");
  static_assert(fits(EinsumError::operands), "tenon: einsum: the spec and the call differ in the number of operands");
  static_assert(fits(EinsumError::rank), "tenon: einsum: an operand has not as many axes as the spec has indices");
  static_assert(fits(EinsumError::axes), "tenon: einsum: the result would have more than 8 axes");
  static_assert(fits(EinsumError::unknown), "tenon: einsum: an index of the output is in no operand");
  static_assert(fits(EinsumError::twice), "tenon: einsum: an index is twice in the output");
  static_assert(fits(EinsumError::extents),
                "tenon: einsum: an index has two different extents (see the Extents above)");
};

/// Whether an einsum of operands with extents E... can be valid, as far as their types know; for overload resolution.
template <FixedString Spec, class... E>
inline constexpr bool einsum_fits = [] {
  const int ranks[] = {E::rank..., 0};
  const Dims shapes[] = {E::static_dims()..., Dims{}};
  const EinsumForm f = parse_einsum(Spec.chars, ranks, static_cast<int>(sizeof...(E)));
  return f.error == EinsumError::valid && einsum_misfit(f, shapes) == 0;
}();

/// Throws shape_error "tenon: <op>: index 'j' has two different extents: [2, 3] and [4, 5]" unless all extents fit.
inline void check_einsum(const char* op, const EinsumForm& f, const Dims* shapes) {
  const int label = einsum_misfit(f, shapes);
  if (label == 0) return;
  Message m;
  m << "tenon: " << op << ": ";
  if (label > 0) {
    m << "index '" << static_cast<char>(label) << "' has two different extents: ";
  } else {
    m << "batch axis " << label << " does not broadcast: ";
  }
  for (int k = 0; k < f.operands; ++k) m << (k == 0 ? "" : k + 1 == f.operands ? " and " : ", ") << shapes[k];
  raise<shape_error>(m);
}

// ---- what one pair of operands is contracted by --------------------------------------------------------------------

/// The axes of a contraction of two operands: where each label is in A, B and the output (-1: not there).
struct ContractionLabels {
  static constexpr int capacity = 3 * max_rank;
  int count = 0;
  int label[capacity] = {};
  signed char a[capacity] = {}, b[capacity] = {}, c[capacity] = {};
};

/// The axes of c[c...] = sum of a[a...] * b[b...] over all labels that are not in c. Labels are unique in each list.
TENON_HD constexpr ContractionLabels contraction_of(const EinsumLabels& a, const EinsumLabels& b,
                                                    const EinsumLabels& c) {
  ContractionLabels r;
  const auto add = [&](int l) {
    for (int i = 0; i < r.count; ++i)
      if (r.label[i] == l) return;
    r.label[r.count] = l;
    r.a[r.count] = static_cast<signed char>(a.find(l));
    r.b[r.count] = static_cast<signed char>(b.find(l));
    r.c[r.count] = static_cast<signed char>(c.find(l));
    ++r.count;
  };
  for (int i = 0; i < c.rank; ++i) add(c.label[i]);
  for (int i = 0; i < a.rank; ++i) add(a.label[i]);
  for (int i = 0; i < b.rank; ++i) add(b.label[i]);
  return r;
}

/// The same as a type.
template <class A, class B, class C>
struct Contraction;
template <int... A, int... B, int... C>
struct Contraction<Seq<A...>, Seq<B...>, Seq<C...>> {
  static constexpr bool is_step = false;
  TENON_FN static ContractionLabels labels() {
    EinsumLabels a, b, c;
    (a.push(A), ...);
    (b.push(B), ...);
    (c.push(C), ...);
    return contraction_of(a, b, c);
  }
};
/// A contraction on the way to one of more operands, whose order is chosen when it runs.
template <class A, class B, class C>
struct ContractionStep : Contraction<A, B, C> {
  static constexpr bool is_step = true;
};
template <class Spec>
inline constexpr ContractionLabels contraction_labels = Spec::labels();

/// The extents of a contraction's output from those of its operands; `dyn` where not known.
TENON_FN Dims contracted_dims(const ContractionLabels& l, const Dims& a, const Dims& b) {
  Dims r;
  for (int i = 0; i < l.count; ++i) {
    if (l.c[i] < 0) continue;
    const index_t x = l.a[i] < 0 ? 1 : a.d[l.a[i]], y = l.b[i] < 0 ? 1 : b.d[l.b[i]];
    r.push(l.a[i] < 0 ? y : l.b[i] < 0 ? x : broadcast_extent(x, y));
  }
  return r;
}
template <class Spec, class A, class B>
struct ContractedDims {
  static constexpr Dims value() { return contracted_dims(Spec::labels(), A::static_dims(), B::static_dims()); }
};

namespace move {

/// Axes with the same label become one axis that walks their diagonal; the result has the distinct labels in order of
/// first occurrence.
template <int... Label>
struct Diagonals {
  static constexpr int rank = static_cast<int>(sizeof...(Label));
  TENON_FN static Dims static_dims(const Dims& e) { return apply(StridedMap{e, e, 0}).extents; }
  TENON_FN static StridedMap apply(const StridedMap& m) {
    constexpr int label[rank + 1] = {Label..., 0};
    StridedMap r;
    r.offset = m.offset;
    for (int i = 0; i < rank; ++i) {
      int first = 0, to = 0;
      while (label[first] != label[i]) ++first;
      for (int k = 0; k < first; ++k) {
        bool fresh = true;
        for (int j = 0; j < k; ++j) fresh = fresh && label[j] != label[k];
        to += fresh;
      }
      if (first == i) {
        r.extents.push(m.extents.d[i]);
        r.strides.push(m.strides.d[i]);
      } else {
        if (r.extents.d[to] == dyn) r.extents.d[to] = m.extents.d[i];
        r.strides.d[to] += m.strides.d[i];
      }
    }
    return r;
  }
};

}  // namespace move

}  // namespace TENON_ABI
}  // namespace tenon

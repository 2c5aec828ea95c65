// tenon/shape/contraction_order.hpp: in which order several operands are contracted, two at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of all orders the one that takes the fewest multiplications, found set by set: the best order of some operands joins
// the best orders of two parts of them. Where extents are known by types this runs in the compiler, else when the
// statement runs: one step for three operands, 25 for four, 3025 for eight.
#pragma once
#include <tenon/shape/einsum.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Sets of operands: operand k of n is bit n - 1 - k, so that earlier operands are higher.
struct ContractionOrder {
  using Set = unsigned;
  static constexpr int sets = 1 << max_einsum_operands;
  int operands = 0;
  unsigned char first[sets] = {};  // of each set: the part to be contracted with the rest of it; has the first operand

  constexpr Set all() const { return (1u << operands) - 1; }
  constexpr Set rest(Set s) const { return s ^ first[s]; }
  static constexpr bool is_one(Set s) { return (s & (s - 1)) == 0; }
  constexpr bool has(Set s, int k) const { return s >> (operands - 1 - k) & 1u; }
  /// The first operand of a set, alone.
  static constexpr Set top(Set s) { return 1u << (31 - __builtin_clz(s)); }
  /// The operand of a set of one.
  constexpr int operand(Set s) const {
    int k = operands - 1;
    for (; s > 1; s >>= 1) --k;
    return k;
  }
};

/// The labels of operands, numbered, and of sets of them, as bits: what is known of a search whatever extents are.
struct OperandSets {
  using Bits = unsigned long long;  // there are 52 letters and max_rank axes of "..."
  struct Numbers {
    signed char axis[max_rank] = {};
  };
  int operands, labels;
  const Numbers* number;  // of the labels of each operand's axes
  const Bits* needed;     // the labels that each set has once it is contracted
};
/// The same of at most so many operands, for the compiler to find.
template <int Operands>
struct OperandSetsOf {
  using Bits = OperandSets::Bits;
  int operands, labels = 0;
  OperandSets::Numbers number[Operands] = {};
  Bits needed[1 << Operands] = {};

  constexpr explicit OperandSetsOf(const EinsumForm& f) : operands(f.operands) {
    signed char label[64] = {};
    Bits has[1 << Operands] = {}, out = 0;
    const auto number_of = [&](int l) {
      int i = 0;
      while (i < labels && label[i] != l) ++i;
      if (i == labels) label[labels++] = static_cast<signed char>(l);
      return static_cast<signed char>(i);
    };
    const unsigned all = (1u << operands) - 1;
    for (int k = 0; k < operands; ++k)
      for (int i = 0; i < f.in[k].rank; ++i) {
        number[k].axis[i] = number_of(f.in[k].label[i]);
        has[1u << (operands - 1 - k)] |= Bits(1) << number[k].axis[i];
      }
    for (int i = 0; i < f.out.rank; ++i) out |= Bits(1) << number_of(f.out.label[i]);
    for (unsigned s = 1; s <= all; ++s) has[s] |= has[s & (s - 1)] | has[s & (0u - s)];
    for (unsigned s = 1; s <= all; ++s) needed[s] = has[s] & (out | has[all ^ s]);
  }
  constexpr operator OperandSets() const { return {operands, labels, number, needed}; }
};

/// What contracting sets of operands takes, in multiplications; extents that are `dyn` count as 64.
class ContractionCosts {
 public:
  using Set = ContractionOrder::Set;
  constexpr ContractionCosts(const OperandSets& sets, const Dims* shapes)
      : operands_(sets.operands), needed_(sets.needed) {
    for (int l = 0; l < sets.labels; ++l) extent_[l] = 1;
    for (int k = 0; k < operands_; ++k) {
      Bits wide = 0;
      for (int i = 0; i < shapes[k].rank; ++i) {
        const index_t e = shapes[k].d[i] == dyn ? 64 : shapes[k].d[i];
        const int at = sets.number[k].axis[i];
        if (e == 1) continue;
        wide |= Bits(1) << at;
        extent_[at] = static_cast<double>(e);
      }
      wide_[1u << (operands_ - 1 - k)] = wide;
    }
    for (Set s = 1; s < 1u << operands_; ++s)
      if (!ContractionOrder::is_one(s)) wide_[s] = wide_[s & (s - 1)] | wide_[s & (0u - s)];
  }
  /// Contracting what two sets have become.
  constexpr double of(Set a, Set b) const {
    double n = 1;
    for (Bits l = (wide_[a] & needed_[a]) | (wide_[b] & needed_[b]); l; l &= l - 1) n *= extent_[__builtin_ctzll(l)];
    return n;
  }
  /// All steps of an order.
  constexpr double of(const ContractionOrder& order) const { return of(order, order.all()); }
  /// Finds the order that takes least, of equals the one that goes from left to right; what it takes. No intermediate
  /// result has more than max_rank axes if that can be.
  constexpr double cheapest(ContractionOrder& order) const {
    constexpr double never = 1e300;
    order.operands = operands_;
    double cost[ContractionOrder::sets];
    const Set all = order.all();
    for (Set s = 1; s <= all; ++s) {
      const Set top = ContractionOrder::top(s);
      double least = s == top ? 0 : -1;
      for (Set part = (s - 1) & s; part >= top; part = (part - 1) & s) {
        const Set rest = s ^ part;
        const double c = cost[part] + cost[rest] + of(part, rest);
        if (least >= 0 && !(c < least)) continue;
        least = c;
        order.first[s] = static_cast<unsigned char>(part);
      }
      cost[s] = s != top && s != all && __builtin_popcountll(needed_[s]) > max_rank ? never : least;
    }
    return cost[all];
  }

 private:
  using Bits = OperandSets::Bits;
  [[gnu::noinline]] constexpr double of(const ContractionOrder& order, Set s) const {
    if (ContractionOrder::is_one(s)) return 0;
    const Set a = order.first[s], b = order.rest(s);
    return of(a, b) + of(order, a) + of(order, b);
  }

  int operands_;
  const Bits* needed_;
  Bits wide_[ContractionOrder::sets];  // of each set: labels along which one of its operands is longer than 1
  double extent_[64];                  // of each label
};

/// The order of contractions that takes the fewest multiplications.
constexpr ContractionOrder cheapest_order(const EinsumForm& f, const Dims* shapes) {
  const OperandSetsOf<max_einsum_operands> sets(f);
  ContractionOrder order;
  ContractionCosts(sets, shapes).cheapest(order);
  return order;
}

/// The labels of a set of operands once they are contracted: those that the output or an operand outside has.
constexpr EinsumLabels contracted_labels(const EinsumForm& f, const ContractionOrder& order, ContractionOrder::Set s) {
  if (s == order.all()) return f.out;
  if (order.is_one(s)) return f.in[order.operand(s)];
  EinsumLabels r;
  for (int k = 0; k < f.operands; ++k)
    for (int i = 0; order.has(s, k) && i < f.in[k].rank; ++i) {
      const int l = f.in[k].label[i];
      bool needed = f.out.find(l) >= 0;
      for (int other = 0; other < f.operands; ++other)
        needed = needed || (!order.has(s, other) && f.in[other].find(l) >= 0);
      if (needed && r.find(l) < 0) r.push(l);
    }
  return r;
}
/// The contraction that makes a set out of its two parts.
constexpr ContractionLabels contraction_of(const EinsumForm& f, const ContractionOrder& order,
                                           ContractionOrder::Set s) {
  return contraction_of(contracted_labels(f, order, order.first[s]), contracted_labels(f, order, order.rest(s)),
                        contracted_labels(f, order, s));
}

}  // namespace TENON_ABI
}  // namespace tenon

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

namespace detail {

// Labels as bits, numbered as they come, and how long each is.
struct LabelBits {
  using Bits = unsigned long long;
  static constexpr int capacity = 64;  // there are 52 letters and max_rank axes of "..."
  int count = 0;
  signed char label[capacity];
  double extent[capacity];

  constexpr int find(int l) {
    int i = 0;
    while (i < count && label[i] != l) ++i;
    if (i == count) {
      label[count] = static_cast<signed char>(l);
      extent[count++] = 1;
    }
    return i;
  }
  constexpr double size(Bits l) const {
    double n = 1;
    for (; l; l &= l - 1) n *= extent[__builtin_ctzll(l)];
    return n;
  }
};

}  // namespace detail

/// What contracting sets of operands takes, in multiplications; extents that are `dyn` count as 64.
class ContractionCosts {
 public:
  using Set = ContractionOrder::Set;
  constexpr ContractionCosts(const EinsumForm& f, const Dims* shapes) : operands_(f.operands) {
    ContractionOrder order;
    order.operands = operands_;
    const Set all = order.all();
    has_[0] = wide_[0] = 0;
    for (Set s = 1; s <= all; ++s) {
      const Set top = ContractionOrder::top(s);
      if (s == top) {
        add(s, f.in[order.operand(s)], shapes[order.operand(s)]);
      } else {
        has_[s] = has_[top] | has_[s ^ top];
        wide_[s] = wide_[top] | wide_[s ^ top];
      }
    }
    for (int i = 0; i < f.out.rank; ++i) out_ |= Bits(1) << labels_.find(f.out.label[i]);
  }
  /// Contracting what two sets have become.
  constexpr double of(Set a, Set b) const { return labels_.size((wide_[a] & needed(a)) | (wide_[b] & needed(b))); }
  /// All steps of an order.
  constexpr double of(const ContractionOrder& order) const { return of(order, order.all()); }
  /// How many axes a set has once it is contracted.
  constexpr int rank(Set s) const { return __builtin_popcountll(needed(s)); }
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
      cost[s] = s != top && s != all && rank(s) > max_rank ? never : least;
    }
    return cost[all];
  }

 private:
  using Bits = detail::LabelBits::Bits;
  constexpr void add(Set s, const EinsumLabels& labels, const Dims& shape) {
    has_[s] = wide_[s] = 0;
    for (int i = 0; i < labels.rank; ++i) {
      const int at = labels_.find(labels.label[i]);
      const index_t e = shape.d[i] == dyn ? 64 : shape.d[i];
      has_[s] |= Bits(1) << at;
      if (e == 1) continue;
      wide_[s] |= Bits(1) << at;
      labels_.extent[at] = static_cast<double>(e);
    }
  }
  [[gnu::noinline]] constexpr double of(const ContractionOrder& order, Set s) const {
    if (ContractionOrder::is_one(s)) return 0;
    const Set a = order.first[s], b = order.rest(s);
    return of(a, b) + of(order, a) + of(order, b);
  }
  constexpr Bits needed(Set s) const { return has_[s] & (out_ | has_[((1u << operands_) - 1) ^ s]); }

  int operands_;
  // Of each set: the labels of its operands, and those of them along which it is longer than 1.
  Bits has_[ContractionOrder::sets], wide_[ContractionOrder::sets], out_ = 0;
  detail::LabelBits labels_;
};

/// The order of contractions that takes the fewest multiplications.
constexpr ContractionOrder cheapest_order(const EinsumForm& f, const Dims* shapes) {
  ContractionOrder order;
  ContractionCosts(f, shapes).cheapest(order);
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

// tenon/ad/adjoint_lanes.hpp: several results pulled back in one sweep: packs of adjoints, a lane for each result.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto j = tape.jacobian(results, variables);    // one row for each result
// A sweep over scalar statements is bound by memory: 8 doubles or 16 floats a slot cost little more than one. Tensor
// statements know adjoints of one result only; a tape that has any is swept once for each.
#pragma once
#include <tenon/ad/parts.hpp>
#include <tenon/tensor/tensor.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T>
class AdjointLanes {
 public:
  static constexpr int lanes = simd::native_lanes<T> == 1 ? 1 : 64 / static_cast<int>(sizeof(T));  // nvcc: no packs
  using Pack = simd::pack<T, lanes>;

  // Whether all statements are scalar ones of T.
  static bool fit(Tape& tape) {
    tape.close();
    for (const Segment* s = tape.last_; s; s = s->before)
      if (s->kind != &Tape::scalars<T>) return false;
    return true;
  }
  explicit AdjointLanes(Tape& tape)
      : tape_(tape), bytes_(static_cast<size_t>(tape.units_ - tape.base_) * 4 * lanes), block_(bytes_) {}
  void clear() { __builtin_memset(block_.data(), 0, bytes_); }
  // The adjoints at a slot.
  T* at(slot_t slot) {
    return reinterpret_cast<T*>(block_.data() + static_cast<size_t>(slot - tape_.base_) * 4 * lanes);
  }
  [[gnu::noinline]] void sweep() {
    for (const Segment* s = tape_.last_; s; s = s->before) ScalarSweep<T, Pack>(block_.data(), tape_.base_).run(*s);
  }

 private:
  Tape& tape_;
  size_t bytes_;
  BlockRef block_;
};

// Neighbours among the variables whose slots, and so their adjoints, lie side by side: slots of two large tensors never
// do. Home 0: they are constants.
struct AdjointRun {
  slot_t home;
  index_t count;
};
template <class T>
void add_to_runs(slot_t home, Grow<AdjointRun>& runs) {
  constexpr index_t units = sizeof(T) / 4;
  if (runs.size() > 0) {
    AdjointRun& last = runs[runs.size() - 1];
    const auto next = static_cast<slot_t>(static_cast<index_t>(last.home) + last.count * units);
    if (home == 0 ? last.home == 0 : last.home != 0 && home == next) {
      ++last.count;
      return;
    }
  }
  runs.push({home, 1});
}

// out[i][j] = d(number at y[i]) / d(number at x[j]).
template <class T>
[[gnu::noinline]] void reverse_rows(Tape& tape, const slot_t* y, index_t m, const slot_t* x, index_t n, T* out) {
  if (AdjointLanes<T>::lanes > 1 && m > 2 && AdjointLanes<T>::fit(tape)) {
    AdjointLanes<T> adjoints(tape);
    for (index_t i = 0; i < m; i += adjoints.lanes) {
      const index_t rows = m - i < adjoints.lanes ? m - i : adjoints.lanes;
      adjoints.clear();
      for (index_t k = 0; k < rows; ++k)
        if (const slot_t at = tape.known_number_slot(y[i + k]); tape.owns(at)) adjoints.at(at)[k] += T(1);
      adjoints.sweep();
      for (index_t j = 0; j < n; ++j) {
        const slot_t at = tape.known_number_slot(x[j]);
        for (index_t k = 0; k < rows; ++k) out[(i + k) * n + j] = tape.owns(at) ? adjoints.at(at)[k] : T(0);
      }
    }
  } else {
    // A tensor's numbers are one run: asking where each is takes longer than a sweep over short statements.
    Grow<AdjointRun> runs;
    for (index_t j = 0; j < n; ++j) add_to_runs<T>(tape.owns(x[j]) ? tape.home(x[j]) : 0, runs);
    tape.want_none();
    for (index_t r = 0; r < runs.size(); ++r)
      if (runs[r].home) tape.want(runs[r].home);
    for (index_t i = 0; i < m; ++i) {
      tape.clear_adjoints();
      if (tape.owns(y[i])) *tape.adjoint<T>(y[i]) = T(1);
      tape.sweep();
      for (index_t r = 0; r < runs.size(); ++r) {
        const index_t count = runs[r].count;
        if (const slot_t home = runs[r].home)
          __builtin_memcpy(out, tape.adjoint<T>(home), static_cast<size_t>(count) * sizeof(T));
        else
          __builtin_memset(out, 0, static_cast<size_t>(count) * sizeof(T));
        out += count;
      }
    }
  }
}

}  // namespace detail

template <class Y, class X>
auto Tape::jacobian(const Y& y, const X& x) {
  using namespace detail;
  static_assert(!is_pending<Y> && !is_pending<X>,
                "tenon: Tape::jacobian: this result of an op was never recorded as a number of its own: "
                "`rev<double> z = exp(x)` or `auto z = evaluate(exp(x))` is");
  using N = typename RevTag<X>::number;
  static_assert(__is_same(N, typename RevTag<Y>::number) && __is_same(rev_tag<X>, DefaultTag),
                "tenon: Tape::jacobian: results and variables must be rev numbers of one type, tensors of such, or "
                "containers and structs");
  using T = typename N::inner;
  static_assert(__is_same(T, float) || __is_same(T, double), "tenon: Tape::jacobian: only of float and double");
  const SlotList rows(TypeTag<DefaultTag>{}, y), columns(TypeTag<DefaultTag>{}, x);
  Tensor<T, dyn, dyn> result(rows.size, columns.size);
  reverse_rows<T>(*this, rows.data(), rows.size, columns.data(), columns.size, result.data());
  return result;
}

}  // namespace TENON_ABI
}  // namespace tenon

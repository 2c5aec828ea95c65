// tenon/ad/epilogue_record.hpp: reverse mode of a contraction with its pointwise consumer, as one statement.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In relu(matmul(x, w) + b) the consumer finishes the product's tiles as it does in inference. If its derivative can be
// had of its result and its other operands, that is all that is kept, else the product is kept beside it. On the way
// back one pass writes the adjoint of the product over that of the result, which nobody needs any more, and adds to
// those of the other operands; then it goes on to the operands of the product. Nothing else takes memory.
#pragma once
#include <tenon/ad/cut_record.hpp>
#include <tenon/exec/cpu/epilogue.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// A product and its consumer, whose ProgramRecord follows in memory.
template <class N, class T, bool... Active>
struct EpilogueRecord {
  CutRecord<N, T, Active...> product;
  ProgramRecord& consumer() { return *reinterpret_cast<ProgramRecord*>(this + 1); }

  static void sweep(Tape& tape, const Segment& segment) {
    EpilogueRecord& r = *reinterpret_cast<EpilogueRecord*>(segment.begin());
    ProgramRecord& consumer = r.consumer();
    if (void* const g = consumer.adjoint(tape)) {
      const index_t n = r.product.node.extents().size();
      BlockRef aside;
      T* place = nullptr;  // nothing to do for a product of constants
      if (consumer.leaf(consumer.info->in_place).slot) {
        if (!tape.is_done_with(consumer.out)) aside = BlockRef(static_cast<size_t>(n) * sizeof(T));
        place = static_cast<T*>(aside ? static_cast<void*>(aside.data()) : g);
      }
      consumer.pull(tape, g, place);
      if (place) r.product.pull(tape, place);
    }
    tape.passed_on(consumer.out);
  }
  static void destroy(char* begin) {
    EpilogueRecord& r = *reinterpret_cast<EpilogueRecord*>(begin);
    ProgramRecord::destroy(reinterpret_cast<char*>(&r.consumer()));
    r.~EpilogueRecord();
  }
};

// How a map with a product among its operands is a statement together with it; `possible`: whether it is. The product
// is in memory as it is summed, as long as the result is.
template <class N>
struct WithProduct {
  static constexpr bool possible = false;
};
template <class Op, class R, class Args, class... X>
requires(is_taped<R> &&
         (exec::detail::ProductIn<Map<Op, R, Args, X...>>::at >= 0)) struct WithProduct<Map<Op, R, Args, X...>> {
  using N = Map<Op, R, Args, X...>;
  using Product = bare_t<decltype(exec::detail::product_of(*static_cast<const N*>(nullptr)))>;
  using T = primal_t<R>;
  using Sum = typename exec::detail::SumOf<Product>::type;
  using P = program_of<N>;
  static constexpr int at = exec::detail::ProductIn<N>::at;
  static constexpr bool possible = __is_same(typename Product::value_type, R) && __is_same(Sum, T) &&
                                   !exec::detail::is_ordered<Product> && P::loads <= exec::Epilogue::max_leaves;

  /// Computes n and records it if a tape is given; false if the product is broadcast or there already.
  static bool compute(const N& n, const ValueCache<true>& cache, Tape* tape) {
    const Product& product = exec::detail::product_of(n);
    if (product.cache.ready || product.extents().dims() != n.extents().dims()) return false;
    compute_over(n, product, cache, tape, exec::operand(product.template operand<0>()),
                 exec::operand(product.template operand<1>()));
    return true;
  }

 private:
  template <class A, class B>
  static void compute_over(const N& n, const Product& product, const ValueCache<true>& cache, Tape* tape, A a, B b) {
    constexpr bool from_output = exec::detail::knows_derivative<P, at>;
    const Dims extents = n.extents().dims();
    const index_t bytes = extents.size() * static_cast<index_t>(sizeof(T));
    Source source[P::loads];
    Source* end = source;
    exec::detail::fill_around<true>(n, extents, end);
    cache.block = BlockRef(static_cast<size_t>(bytes));
    T* const out = reinterpret_cast<T*>(cache.block.data());
    Source kept{out, exec::dense_map(extents), 0, from_output ? cache.block : BlockRef(static_cast<size_t>(bytes))};
    kept.data = kept.keep.data();
    auto node = product.with(primal_operand(a), primal_operand(b));
    bool finished = false;
    if constexpr (from_output && is_real<T>)
      if (bytes > exec::aside_bytes) finished = finish_tiles(node, source, out, extents);
    if (!finished) node.compute(reinterpret_cast<T*>(kept.keep.data()));
    source[at] = kept;
    if (!finished) exec::pointwise<untaped<P>>(source, out, kept.map);
    if (!tape) return;
    a.slot = tape->owns(a.slot) ? a.slot : 0;
    b.slot = tape->owns(b.slot) ? b.slot : 0;
    source[at].slot = a.slot ? a.slot : b.slot;
    constexpr const ProgramInfo& info = program_info<P, exec::detail::OneInPlace<at, from_output>>;
    if (!ProgramRecord::keep(*tape, info, source)) return;
    if (source[at].slot) {
      keep_operand(a);
      keep_operand(b);
    }
    using M = decltype(node);
    using Record = EpilogueRecord<M, T, leaf_active<A>, leaf_active<B>>;
    static_assert(alignof(Record) <= alignof(Segment) && alignof(Record) % alignof(ProgramRecord) == 0);
    M operands = product.with(primal_operand(a), primal_operand(b));
    cache.slot = tape->allocate_tensor(extents.size(), units_of<T>);
    void* const place = tape->record(sizeof(Record) + ProgramRecord::bytes_of(info, extents), kind_of<Record>);
    Record* const record = ::new (place) Record{{static_cast<M&&>(operands), BlockRef(cache.block), cache.slot}};
    ProgramRecord::write(&record->consumer(), info, cache.slot, source, extents);
  }
  // The consumer on the product's registers, or on its rows in the first-level cache.
  template <class M>
  static bool finish_tiles(const M& node, const Source* leaves, T* out, const Dims& extents) {
    using Q = untaped<P>;
    Source source[P::loads];
    for (int k = 0; k < P::loads; ++k) source[k] = leaves[k];
    exec::ContractionCall call;
    exec::detail::CallLeaves<M> operands;
    exec::detail::fill_call(node, call, operands);
    exec::assign_consumer(
        call, {source, exec::load_bytes<Q>, Q::loads, exec::row<Q, T>, out, sizeof(T), exec::dense_map(extents)},
        source, at, extents, true, exec::detail::tile_epilogue<Q, at, T, T>());
    return true;
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

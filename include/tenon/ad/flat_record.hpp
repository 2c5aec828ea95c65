// tenon/ad/flat_record.hpp: the record of a pointwise statement whose operands lie as its result does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dense operands of the statement's own extents, and numbers, need no index maps: a pointer and a slot each. Small
// statements, which steppers and recurrent layers are made of, cost little more than their elements this way.
#pragma once
#include <tenon/ad/record.hpp>
#include <tenon/exec/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// A leaf as a flat statement needs it. A number is kept here.
struct FlatSource {
  const void* data;
  slot_t slot;
  bool single;
  alignas(8) char number[16];
  BlockRef keep;
};

inline const void* data_of(const FlatSource& s) { return s.single ? static_cast<const void*>(s.number) : s.data; }

// Whether N may be flat (exec::detail::is_flat), or be found to be when it runs: its leaves may be views.
template <class N, class E>
inline constexpr bool may_lie_flat = false;
template <class T, class F, class Hold, bool Dense, class E>
inline constexpr bool may_lie_flat<Leaf<T, F, Hold, Dense>, E> = F::rank == E::rank &&
                                                                 (__is_same(F, E) || !F::is_static || !E::is_static);
template <class T, class E>
inline constexpr bool may_lie_flat<Value<T, E>, E> = true;
template <class T, class E>
inline constexpr bool may_lie_flat<Scalar<T>, E> = sizeof(primal_t<T>) <= 16;
template <class Op, class T, class Args, class... N, class E>
inline constexpr bool may_lie_flat<Map<Op, T, Args, N...>, E> = (may_lie_flat<N, E> && ...);

template <class T, class F, class Hold, bool Dense, class E>
bool flat_sources(const Leaf<T, F, Hold, Dense>& n, const E& e, FlatSource*& out) {
  n.check();
  if constexpr (!F::is_static || !E::is_static)
    for (int a = 0; a < E::rank; ++a)
      if (n.shape[a] != e[a]) return false;
  if constexpr (!Dense) {
    index_t step = 1;
    for (int a = E::rank - 1; a >= 0; --a) {
      if (e[a] != 1 && n.strides.d[a] != step) return false;
      step *= e[a];
    }
  }
  out->data = n.data;
  out->slot = n.slot;
  out->single = false;
  if constexpr (__is_same(Hold, BlockRef)) out->keep = n.hold;
  ++out;
  return true;
}
template <class T, class E>
bool flat_sources(const Value<T, E>& n, const E&, FlatSource*& out) {
  out->data = n.values;
  out->slot = 0;
  out->single = false;
  ++out;
  return true;
}
template <class T, class E>
bool flat_sources(const Scalar<T>& n, const E&, FlatSource*& out) {
  out->slot = 0;
  out->single = true;
  if constexpr (is_taped<T>) {
    __builtin_memcpy(out->number, &n.number.value, sizeof(n.number.value));
    out->slot = n.number.slot;
  } else {
    __builtin_memcpy(out->number, &n.number, sizeof(n.number));
  }
  ++out;
  return true;
}
template <class Op, class T, class Args, class... N, int... I, class E>
bool flat_operands(const Map<Op, T, Args, N...>& n, const E& e, FlatSource*& out, Seq<I...>);
template <class Op, class T, class Args, class... N, class E>
bool flat_sources(const Map<Op, T, Args, N...>& n, const E& e, FlatSource*& out) {
  return flat_operands(n, e, out, make_seq<static_cast<int>(sizeof...(N))>{});
}
template <class Op, class T, class Args, class... N, int... I, class E>
bool flat_operands(const Map<Op, T, Args, N...>& n, const E& e, FlatSource*& out, Seq<I...>) {
  return (flat_sources(operand_at<I>(n.operands), e, out) && ...);
}

// Its leaves follow it in memory.
struct alignas(FlatSource) FlatRecord {
  const ProgramInfo* info;
  index_t n;
  slot_t out;
  FlatSource* source() { return reinterpret_cast<FlatSource*>(this + 1); }

  static void sweep(Tape& tape, const Segment& segment) {
    FlatRecord& r = *reinterpret_cast<FlatRecord*>(segment.begin());
    const ProgramInfo& p = *r.info;
    void* const g = tape.given<char>(r.out);
    if (!g || p.is_zero(g, r.n)) return tape.passed_on(r.out);
    const void* pointer[128];
    for (int k = 0; k < p.loads; ++k) {
      pointer[k] = data_of(r.source()[k]);
      pointer[p.loads + k] = p.active[k] && r.source()[k].slot ? tape.adjoint<char>(r.source()[k].slot) : nullptr;
    }
    if (r.n >= 2 * exec::least_part && 2 * p.loads < exec::max_operands)
      pull_large(r, g, pointer);
    else
      p.pull(g, 1, pointer, exec::detail::unit_strides, r.n);
    tape.passed_on(r.out);
  }
  static void destroy(char* begin) {
    FlatRecord& r = *reinterpret_cast<FlatRecord*>(begin);
    for (int k = 0; k < r.info->loads; ++k) r.source()[k].~FlatSource();
  }
  static constexpr SegmentKind kind{&sweep, &destroy};
  // The statement's n elements.
  static void compute(exec::RowFunction row, const FlatSource* source, int loads, index_t n, void* out,
                      const index_t* bytes, index_t out_bytes) {
    exec::in_parts(n, 4096, 1, [&](index_t from, index_t to) {
      const void* pointer[64];
      for (int k = 0; k < loads; ++k)
        pointer[k] = static_cast<const char*>(data_of(source[k])) + (source[k].single ? 0 : from * bytes[k]);
      row(static_cast<char*>(out) + from * out_bytes, 1, pointer, exec::detail::unit_strides, to - from);
    });
  }
  // In parts; numbers are broadcast.
  [[gnu::noinline]] static void pull_large(FlatRecord& r, void* g, const void* const* pointer) {
    const ProgramInfo& p = *r.info;
    const Dims extents{1, {r.n}};
    exec::Nest nest;
    nest.start(extents);
    nest.add(g, p.result_bytes, exec::dense_map(extents));
    for (int k = 0; k < 2 * p.loads; ++k) {
      const int leaf = k < p.loads ? k : k - p.loads;
      const index_t bytes = k < p.loads ? p.bytes[leaf] : p.adjoint_bytes[leaf];
      const bool moves = pointer[k] && !r.source()[leaf].single;
      nest.add(pointer[k], pointer[k] ? bytes : 0, {extents, {1, {moves ? 1 : 0}}, 0});
    }
    exec::pull_program({nest, p.pull, p.loads, p.adjoint_parts});
  }
  // Records a statement of n elements if a leaf is on the tape; takes the leaves over. Gives the result's slot.
  [[gnu::noinline]] static slot_t add(Tape& tape, const ProgramInfo& p, FlatSource* source, index_t n) {
    bool active = false;
    for (int k = 0; k < p.loads; ++k) {
      if (!tape.owns(source[k].slot)) source[k].slot = 0;
      active = active || source[k].slot;
    }
    if (!active) return 0;
    // What may throw comes first: the tape destroys whatever was recorded.
    for (int k = 0; k < p.loads; ++k) {
      FlatSource& s = source[k];
      if (s.single || s.keep || s.slot) continue;  // what is on the tape lives as long as it
      const size_t bytes = static_cast<size_t>(n * p.bytes[k]);
      s.keep = BlockRef(bytes);
      if (bytes) __builtin_memcpy(s.keep.data(), s.data, bytes);
      s.data = s.keep.data();
    }
    const slot_t result = tape.allocate_tensor(n, (p.result_bytes + 3) / 4);
    const size_t size = sizeof(FlatRecord) + static_cast<size_t>(p.loads) * sizeof(FlatSource);
    auto* r = ::new (tape.record(size, kind)) FlatRecord{&p, n, result};
    for (int k = 0; k < p.loads; ++k) ::new (r->source() + k) FlatSource(static_cast<FlatSource&&>(source[k]));
    return result;
  }
};
static_assert(sizeof(FlatRecord) % alignof(FlatSource) == 0);

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

// tenon/ad/record.hpp: what a tape keeps of a tensor statement, and how it pulls the statement's adjoint back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of a pointwise statement is its program with its table of leaves; pulling back is one fused sweep. Cuts
// have records of another kind (ad/cut_record.hpp). Intermediate values are kept by count; plain tensors that a rule
// needs are copied, since their owner may change or drop them before the sweep. A record whose adjoint is zero
// throughout is passed over.
#pragma once
#include <tenon/ad/plain_code.hpp>
#include <tenon/exec/cpu/pull_parts.hpp>
#include <tenon/exec/operand.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// Replaces a leaf by a copy of the elements it touches; an adjoint takes `units`.
[[gnu::noinline]] inline void keep_copy(Source& s, index_t bytes, index_t units) {
  Dims extents = s.map.extents;
  for (int a = 0; a < extents.rank; ++a)
    if (s.map.strides.d[a] == 0) extents.d[a] = 1;
  const index_t n = extents.size();
  BlockRef copy(static_cast<size_t>(n * bytes));
  exec::Nest nest;
  StridedMap from = s.map;
  from.extents = extents;
  StridedMap to = exec::dense_map(extents);
  nest.start(extents);
  nest.add(copy.data(), bytes, to);
  nest.add(s.data, bytes, from);
  nest.collapse(0, nest.rank);
  if (n > 0) {
    const int inner = nest.rank - 1;
    const index_t row = nest.rank ? nest.extent[inner] : 1;
    const bool dense = !nest.rank || (nest.operand[0].stride[inner] == 1 && nest.operand[1].stride[inner] == 1);
    exec::Walk walk;
    walk.start(nest, 0, inner < 0 ? 0 : inner);
    do {
      char* out = walk.out();
      if (dense) {
        __builtin_memcpy(out, walk.at[1], static_cast<size_t>(row * bytes));
      } else {
        for (index_t i = 0; i < row; ++i)
          __builtin_memcpy(out + i * nest.operand[0].stride[inner] * bytes,
                           walk.byte(1) + i * nest.operand[1].stride[inner] * bytes, static_cast<size_t>(bytes));
      }
    } while (inner > 0 && walk.next(nest, 0, inner));
  }
  to.extents = s.map.extents;
  for (int a = 0; a < extents.rank; ++a)
    if (s.map.strides.d[a] == 0) to.strides.d[a] = 0;
  if (s.slot) s.slot = static_cast<slot_t>(static_cast<index_t>(s.slot) + s.map.offset * units);
  s.map = to;
  s.data = copy.data();
  s.keep = static_cast<BlockRef&&>(copy);
}
// Whether the memory behind a leaf may be gone or changed by the time of the sweep.
inline bool transient(const Source& s) {
  return !s.keep && (s.slot == 0 || s.map.strides == Dims{s.map.strides.rank, {}});
}

// What the record of a pointwise statement knows of its program: tables and functions, no types.
struct ProgramInfo {
  int loads;
  const bool* active;
  const index_t *bytes, *adjoint_bytes, *adjoint_parts;
  index_t result_bytes;
  exec::RowFunction pull;
  bool (*is_zero)(const void* adjoints, index_t n);
  int in_place = -1;  // the load whose adjoint is written in a place of the record's choice
};
template <class A>
bool zero_adjoints(const void* adjoints, index_t n) {
  return are_zero_adjoints(static_cast<const A*>(adjoints), n);
}
template <class P, class How, class List>
struct InfoOf;
template <class P, class How, class... L>
struct InfoOf<P, How, TypeList<L...>> {
  using A = compute_t<typename P::result>;
  static constexpr bool active[] = {L::active..., false};
  static constexpr ProgramInfo value{P::loads,
                                     active,
                                     exec::load_bytes<P>,
                                     exec::detail::AdjointTable<TypeList<L...>>::bytes,
                                     exec::detail::AdjointTable<TypeList<L...>>::parts,
                                     sizeof(A),
                                     &exec::detail::row_pull<P, How>,
                                     &zero_adjoints<A>,
                                     How::in_place};
};
template <class P, class How = exec::detail::AllAdded>
inline constexpr const ProgramInfo& program_info = InfoOf<P, How, exec::loads_of<P>>::value;

// A pointwise statement: its extents and leaves follow it in memory.
struct ProgramRecord {
  const ProgramInfo* info;
  slot_t out;
  int rank;
  // As a Source, of which each statement has the extents once. Its strides follow.
  struct KeptLeaf {
    const void* data;
    BlockRef keep;
    slot_t slot;
    index_t* strides() { return reinterpret_cast<index_t*>(this + 1); }
  };
  index_t* extents() { return reinterpret_cast<index_t*>(this + 1); }
  size_t row() const { return static_cast<size_t>(rank) * sizeof(index_t); }
  size_t leaf_bytes() const { return sizeof(KeptLeaf) + row(); }
  size_t bytes() const { return sizeof(ProgramRecord) + row() + static_cast<size_t>(info->loads) * leaf_bytes(); }
  KeptLeaf& leaf(int k) {
    char* const first = reinterpret_cast<char*>(extents()) + row();
    return *reinterpret_cast<KeptLeaf*>(first + static_cast<size_t>(k) * leaf_bytes());
  }

  /// Pulls the result's adjoint g back; `place`: where the adjoint goes that is written in place, null if nobody wants
  /// it.
  void pull(Tape& tape, void* g, void* place) {
    const ProgramInfo& p = *info;
    Dims shape;
    shape.rank = rank;
    __builtin_memcpy(shape.d, extents(), row());
    exec::Nest nest;
    nest.start(shape);
    nest.add(g, p.result_bytes, exec::dense_map(shape));
    const auto map = [&](KeptLeaf& leaf) {
      StridedMap m{shape, {}, 0};
      __builtin_memcpy(m.strides.d, leaf.strides(), row());
      return m;
    };
    for (int k = 0; k < p.loads; ++k) nest.add(leaf(k).data, p.bytes[k], map(leaf(k)));
    for (int k = 0; k < p.loads; ++k) {
      void* const to = k == p.in_place                    ? place
                       : p.active[k] && leaf(k).slot != 0 ? tape.adjoint<void>(leaf(k).slot)
                                                          : nullptr;
      if (to)
        nest.add(to, p.adjoint_bytes[k], map(leaf(k)));
      else
        nest.add(nullptr, 0, StridedMap{shape, {}, 0});
    }
    exec::pull_program({nest, p.pull, p.loads, p.adjoint_parts});
  }
  /// The adjoint of the result; null if it is zero throughout.
  void* adjoint(Tape& tape) {
    void* const g = tape.given<void>(out);
    index_t n = 1;
    for (int a = 0; a < rank; ++a) n *= extents()[a];
    return g && !info->is_zero(g, n) ? g : nullptr;
  }
  static void sweep(Tape& tape, const Segment& segment) {
    ProgramRecord& r = *reinterpret_cast<ProgramRecord*>(segment.begin());
    if (void* const g = r.adjoint(tape)) r.pull(tape, g, nullptr);
    tape.passed_on(r.out);
  }
  static void destroy(char* begin) {
    ProgramRecord& r = *reinterpret_cast<ProgramRecord*>(begin);
    for (int k = 0; k < r.info->loads; ++k) r.leaf(k).~KeptLeaf();
  }
  static constexpr SegmentKind kind{&sweep, &destroy};
  /// Whether a leaf in `source` is on the tape; then all are kept as long as the tape needs them.
  [[gnu::noinline]] static bool keep(Tape& tape, const ProgramInfo& p, Source* source) {
    expect<value_error>(2 * p.loads < exec::max_operands,
                        "tenon: a differentiated expression has more than 63 operands; evaluate a part of it first");
    bool active = false;
    for (int k = 0; k < p.loads; ++k) {
      if (!tape.owns(source[k].slot)) source[k].slot = 0;
      active = active || source[k].slot;
    }
    if (!active) return false;
    for (int k = 0; k < p.loads; ++k)
      if (transient(source[k])) keep_copy(source[k], p.bytes[k], (p.adjoint_bytes[k] + 3) / 4);
    return true;
  }
  static size_t bytes_of(const ProgramInfo& p, const Dims& extents) {
    return ProgramRecord{&p, 0, extents.rank}.bytes();
  }
  /// A record at `place`, which takes over the leaves in `source`.
  static void write(void* place, const ProgramInfo& p, slot_t out, Source* source, const Dims& extents) {
    auto* r = ::new (place) ProgramRecord{&p, out, extents.rank};
    __builtin_memcpy(r->extents(), extents.d, r->row());
    for (int k = 0; k < p.loads; ++k) {
      Source& s = source[k];
      if (s.slot) s.slot = static_cast<slot_t>(s.slot + s.map.offset * ((p.adjoint_bytes[k] + 3) / 4));
      ::new (&r->leaf(k)) KeptLeaf{static_cast<const char*>(s.data) + s.map.offset * p.bytes[k],
                                   static_cast<BlockRef&&>(s.keep), s.slot};
      __builtin_memcpy(r->leaf(k).strides(), s.map.strides.d, r->row());
    }
  }
  // Records a statement whose leaves are in `source` (which it takes over), unless none is on the tape; gives the slot
  // of its result.
  [[gnu::noinline]] static slot_t add(Tape& tape, const ProgramInfo& p, Source* source, const Dims& extents) {
    // What may throw comes first: the tape destroys whatever was recorded.
    if (!keep(tape, p, source)) return 0;
    const slot_t out = tape.allocate_tensor(extents.size(), (p.result_bytes + 3) / 4);
    write(tape.record(bytes_of(p, extents), kind), p, out, source, extents);
    return out;
  }
};

// Elements that were written one by one, or part by part, get adjoints side by side: those of n elements from `to` on
// go on to the slots that the elements came with.
template <class A>
struct GatherRecord {
  BlockRef slots;
  index_t n;
  slot_t to;
  static void sweep(Tape& tape, const Segment& segment) {
    const GatherRecord& r = *reinterpret_cast<const GatherRecord*>(segment.begin());
    const slot_t* slot = reinterpret_cast<const slot_t*>(r.slots.data());
    const A* to = tape.given<A>(r.to);
    for (index_t i = 0; to && i < r.n; ++i) {
      if (!tape.owns(slot[i])) continue;
      A& from = *tape.adjoint<A>(slot[i]);
      from = static_cast<A>(apply<op::Add>(from, to[i]));
    }
    tape.passed_on(r.to);
  }
  static void destroy(char* begin) { reinterpret_cast<GatherRecord*>(begin)->~GatherRecord(); }
};

template <class R>
inline constexpr SegmentKind kind_of{&R::sweep, &R::destroy};
// Room for a record on the tape.
template <class R>
void* new_record(Tape& tape) {
  static_assert(alignof(R) <= alignof(Segment));
  return tape.record(sizeof(R), kind_of<R>);
}

}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon

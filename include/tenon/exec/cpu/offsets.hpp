// tenon/exec/cpu/offsets.hpp: reads and adds through a table of offsets for each axis: pad, roll, tile, repeat, take.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element (i, j, ...) of an output comes from `source[table0[i] + table1[j] + ...]`, or is a fill value where a table
// says `no_source`. Along the last axis, runs of consecutive offsets are found once and copied as a block.
#pragma once
#include <tenon/exec/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Marks an index without a source.
inline constexpr index_t no_source = (-__PTRDIFF_MAX__) - 1;

/// For each axis of an output the offset, in elements, of what each index reads.
class OffsetTables {
 public:
  explicit OffsetTables(const Dims& extents) : extents_(extents) {
    index_t n = 0;
    for (int a = 0; a < extents.rank; ++a) n += extents.d[a];
    if (extents.rank > 0) n += extents.d[extents.rank - 1];
    memory_ = tenon::detail::BlockRef(static_cast<size_t>(n) * sizeof(index_t));
    index_t* p = reinterpret_cast<index_t*>(memory_.data());
    for (int a = 0; a < extents.rank; ++a) {
      table_[a] = p;
      p += extents.d[a];
    }
    run_ = p;
  }
  const Dims& extents() const { return extents_; }
  index_t* operator[](int axis) { return table_[axis]; }
  const index_t* operator[](int axis) const { return table_[axis]; }
  /// Every index of an axis reads its own place.
  void identity(int axis, index_t stride) {
    for (index_t i = 0; i < extents_.d[axis]; ++i) table_[axis][i] = i * stride;
  }
  /// To be called when the tables are filled: for each index of the last axis, how many from there on are consecutive.
  void finish() {
    if (extents_.rank == 0) return;
    const index_t n = extents_.d[extents_.rank - 1];
    const index_t* t = table_[extents_.rank - 1];
    for (index_t i = n - 1; i >= 0; --i) {
      const bool on = i + 1 < n && (t[i] == no_source ? t[i + 1] == no_source : t[i + 1] == t[i] + 1);
      run_[i] = on ? run_[i + 1] + 1 : 1;
    }
  }
  index_t run(index_t i) const { return run_[i]; }

  /// Calls row(base) for each row of the last axis, in order; base is `no_source` where an outer index has none.
  template <class F>
  void each_row(const F& row) const {
    if (extents_.size() == 0) return;
    Dims i;
    while (true) {
      index_t base = 0;
      for (int a = 0; a + 1 < extents_.rank; ++a) {
        if (table_[a][i.d[a]] == no_source) {
          base = no_source;
          break;
        }
        base += table_[a][i.d[a]];
      }
      row(base);
      int a = extents_.rank - 2;
      for (; a >= 0; --a) {
        if (++i.d[a] < extents_.d[a]) break;
        i.d[a] = 0;
      }
      if (a < 0) return;
    }
  }

 private:
  Dims extents_;
  tenon::detail::BlockRef memory_;
  index_t* table_[max_rank] = {};
  index_t* run_ = nullptr;
};

/// Calls f(offsets) for each index of `extents` in row-major order: one offset for each of N lists of strides.
template <int N, class F>
constexpr void each_offset(const Dims& extents, const Dims (&strides)[N], const F& f) {
  Dims i;
  index_t offset[N] = {};
  for (index_t k = 0, n = extents.size(); k < n; ++k) {
    f(static_cast<const index_t*>(offset));
    for (int a = extents.rank - 1; a >= 0; --a) {
      for (int s = 0; s < N; ++s) offset[s] += strides[s].d[a];
      if (++i.d[a] < extents.d[a]) break;
      for (int s = 0; s < N; ++s) offset[s] -= strides[s].d[a] * extents.d[a];
      i.d[a] = 0;
    }
  }
}

/// out[k] = in[offset of k], or `fill`; out is dense.
template <class P>
void read_offsets(P* out, const P* in, const OffsetTables& tables, const P& fill) {
  const int rank = tables.extents().rank;
  if (rank == 0) {
    *out = *in;
    return;
  }
  const index_t n = tables.extents().d[rank - 1];
  const index_t* table = tables[rank - 1];
  tables.each_row([&](index_t base) {
    for (index_t i = 0; i < n;) {
      const index_t run = tables.run(i);
      if (base == no_source || table[i] == no_source) {
        for (index_t k = 0; k < run; ++k) out[i + k] = fill;
      } else if (run > 1) {
        const P* from = in + base + table[i];
        for (index_t k = 0; k < run; ++k) out[i + k] = from[k];
      } else {
        out[i] = in[base + table[i]];
      }
      i += run;
    }
    out += n;
  });
}

/// out[offset of k] += g[k], in order of k; g is dense.
template <class G>
void add_at_offsets(const G* g, G* out, const OffsetTables& tables) {
  const int rank = tables.extents().rank;
  if (rank == 0) {
    *out = static_cast<G>(apply<op::Add>(*out, *g));
    return;
  }
  const index_t n = tables.extents().d[rank - 1];
  const index_t* table = tables[rank - 1];
  tables.each_row([&](index_t base) {
    if (base != no_source)
      for (index_t i = 0; i < n; ++i)
        if (table[i] != no_source) {
          G& to = out[base + table[i]];
          to = static_cast<G>(apply<op::Add>(to, g[i]));
        }
    g += n;
  });
}

/// The elements of a view as dense memory: its own, or a copy that lives as long as this.
template <class T>
class DenseElements {
 public:
  template <class V>
  explicit DenseElements(const V& view) {
    const StridedMap map = view.map();
    if (is_dense(map)) {
      data_ = view.data() + map.offset;
      return;
    }
    copy_ = tenon::detail::BlockRef(static_cast<size_t>(map.extents.size()) * sizeof(T));
    T* out = reinterpret_cast<T*>(copy_.data());
    write(view.leaf(), out, dense_map(map.extents));
    data_ = out;
  }
  const T* data() const { return data_; }

 private:
  tenon::detail::BlockRef copy_;
  const T* data_ = nullptr;
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon

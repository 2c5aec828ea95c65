// tenon/ad/sparsity.hpp: which derivatives can be other than zero, and which columns may share a tangent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recorded list of operations is walked with sets of inputs, 512 inputs at a time: forwards for what results depend
// on, backwards for what adjoints depend on. Colours are given greedily, columns with many entries first.
#pragma once
#include <tenon/ad/replay_program.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Rows of column numbers, each ascending (compressed sparse rows).
struct Pattern {
  index_t rows = 0, columns = 0;
  Grow<index_t> begin;  // of each row, and the end
  Grow<index_t> column;

  index_t entries() const { return column.size(); }
  Pattern transposed() const {
    Pattern t;
    t.rows = columns;
    t.columns = rows;
    for (index_t j = 0; j <= columns; ++j) t.begin.push(0);
    for (index_t k = 0; k < entries(); ++k) ++t.begin[column[k] + 1];
    for (index_t j = 0; j < columns; ++j) t.begin[j + 1] += t.begin[j];
    Grow<index_t> next;
    for (index_t j = 0; j < columns; ++j) next.push(t.begin[j]);
    for (index_t k = 0; k < entries(); ++k) t.column.push(0);
    for (index_t i = 0; i < rows; ++i)
      for (index_t k = begin[i]; k < begin[i + 1]; ++k) t.column[next[column[k]]++] = i;
    return t;
  }
};
// Makes a pattern of entries that come in the order of their columns, or of blocks of them.
class PatternBuilder {
 public:
  void add(index_t row, index_t column) {
    row_.push(row);
    column_.push(column);
  }
  Pattern pattern(index_t rows, index_t columns) const {
    Pattern p;
    p.rows = rows;
    p.columns = columns;
    for (index_t i = 0; i <= rows; ++i) p.begin.push(0);
    for (index_t k = 0; k < row_.size(); ++k) ++p.begin[row_[k] + 1];
    for (index_t i = 0; i < rows; ++i) p.begin[i + 1] += p.begin[i];
    Grow<index_t> next;
    for (index_t i = 0; i < rows; ++i) next.push(p.begin[i]);
    for (index_t k = 0; k < row_.size(); ++k) p.column.push(0);
    for (index_t k = 0; k < row_.size(); ++k) p.column[next[row_[k]]++] = column_[k];
    return p;
  }

 private:
  Grow<index_t> row_, column_;
};

// A set of up to 512 inputs.
struct InputSet {
  unsigned long long word[8] = {};
  InputSet& operator|=(const InputSet& o) {
    for (int w = 0; w < 8; ++w) word[w] |= o.word[w];
    return *this;
  }
  friend InputSet operator|(InputSet a, const InputSet& b) { return a |= b; }
};

// Walks a list of operations with sets of inputs.
template <class T>
class InputSets {
 public:
  using Set = InputSet;
  static constexpr index_t width = 512;

  explicit InputSets(const ReplayProgram<T>& p)
      : program_(p), depends_(bytes()), adjoint_(bytes()), relevant_(static_cast<size_t>(p.size)) {}

  // Entry (k, j): result k depends on input j.
  Pattern jacobian() {
    PatternBuilder builder;
    for (index_t first = 0; first < program_.inputs; first += width) {
      forward(first);
      for (index_t k = 0; k < program_.outputs.size(); ++k) list(builder, k, depends()[program_.outputs[k]], first);
    }
    return builder.pattern(program_.outputs.size(), program_.inputs);
  }
  // Entry (i, j): the derivative of the sum of the results by input i depends on input j.
  Pattern hessian() {
    PatternBuilder builder;
    for (index_t first = 0; first < program_.inputs; first += width) {
      forward(first);
      backward();
      for (index_t i = 0; i < program_.inputs; ++i) list(builder, i, adjoint()[1 + i], first);
    }
    return builder.pattern(program_.inputs, program_.inputs);
  }

 private:
  size_t bytes() const { return static_cast<size_t>(program_.size) * sizeof(Set); }
  Set* depends() const { return reinterpret_cast<Set*>(depends_.data()); }
  Set* adjoint() const { return reinterpret_cast<Set*>(adjoint_.data()); }
  char* relevant() const { return relevant_.data(); }

  void forward(index_t first) {
    __builtin_memset(depends_.data(), 0, bytes());
    for (index_t j = first; j < program_.inputs && j < first + width; ++j)
      depends()[1 + j].word[(j - first) / 64] = 1ull << ((j - first) % 64);
    for (index_t i = 0; i < program_.operations.size(); ++i) {
      const auto& o = program_.operations[i];
      if (!o.rule->differentiable) continue;
      Set s = depends()[o.arg[0]];
      if (o.rule->arity > 1) s |= depends()[o.arg[1]];
      if (o.rule->arity > 2) s |= depends()[o.arg[2]];
      depends()[o.out] = s;
    }
  }
  // What the adjoint of each node depends on.
  void backward() {
    __builtin_memset(adjoint_.data(), 0, bytes());
    __builtin_memset(relevant(), 0, static_cast<size_t>(program_.size));
    for (index_t k = 0; k < program_.outputs.size(); ++k) relevant()[program_.outputs[k]] = 1;
    for (index_t i = program_.operations.size() - 1; i >= 0; --i) {
      const auto& o = program_.operations[i];
      if (!o.rule->differentiable || !relevant()[o.out]) continue;
      const int n = o.rule->arity;
      const Set a = depends()[o.arg[0]], b = n > 1 ? depends()[o.arg[1]] : Set{},
                c = n > 2 ? depends()[o.arg[2]] : Set{};
      const Set y = adjoint()[o.out];
      Set slope_a{}, slope_b{}, slope_c{};  // what the partial derivatives depend on
      switch (o.rule->bend) {
        case Bend::flat:
        case Bend::linear:
          break;
        case Bend::product:
          slope_a = b, slope_b = a;
          break;
        case Bend::quotient:
          slope_a = b, slope_b = a | b;
          break;
        case Bend::curved:
          slope_a = slope_b = slope_c = a | b | c;
      }
      reach(o.arg[0], y | slope_a);
      if (n > 1) reach(o.arg[1], y | slope_b);
      if (n > 2) reach(o.arg[2], y | slope_c);
    }
  }
  void reach(int node, const Set& s) {
    adjoint()[node] |= s;
    relevant()[node] = 1;
  }
  static void list(PatternBuilder& builder, index_t row, const Set& s, index_t first) {
    for (int w = 0; w < 8; ++w)
      for (unsigned long long bits = s.word[w]; bits; bits &= bits - 1)
        builder.add(row, first + w * 64 + __builtin_ctzll(bits));
  }

  const ReplayProgram<T>& program_;
  BlockRef depends_, adjoint_, relevant_;
};

struct Colouring {
  Grow<int> colour;
  int colours = 0;
};
// Rows by their number of entries, most first.
inline Grow<index_t> largest_first(const Pattern& p) {
  Grow<index_t> place, order;
  for (index_t i = 0; i <= p.columns + 1; ++i) place.push(0);
  const auto rank = [&](index_t i) { return p.columns - (p.begin[i + 1] - p.begin[i]); };
  for (index_t i = 0; i < p.rows; ++i) ++place[rank(i) + 1];
  for (index_t k = 0; k <= p.columns; ++k) place[k + 1] += place[k];
  for (index_t i = 0; i < p.rows; ++i) order.push(0);
  for (index_t i = 0; i < p.rows; ++i) order[place[rank(i)]++] = i;
  return order;
}
// Colours for vertices in turn; `forbid(v, mark)` calls mark(colour) for those that v must not have.
template <class F>
Colouring colour_greedily(const Grow<index_t>& order, const F& forbid) {
  Colouring c;
  Grow<index_t> marked;  // by which vertex a colour was forbidden last
  for (index_t i = 0; i < order.size(); ++i) c.colour.push(-1);
  for (index_t i = 0; i < order.size(); ++i) {
    const index_t v = order[i];
    forbid(c, v, [&](int colour) {
      if (colour >= 0) marked[colour] = v;
    });
    int free = 0;
    while (free < c.colours && marked[free] == v) ++free;
    if (free == c.colours) {
      ++c.colours;
      marked.push(-1);
    }
    c.colour[v] = free;
  }
  return c;
}
// Columns of one colour have no row in common: Curtis, Powell, Reid, "On the estimation of sparse Jacobian matrices",
// 1974. `rows` is the pattern, `columns` its transpose.
inline Colouring colour_columns(const Pattern& rows, const Pattern& columns) {
  return colour_greedily(largest_first(columns), [&](const Colouring& c, index_t j, const auto& mark) {
    for (index_t k = columns.begin[j]; k < columns.begin[j + 1]; ++k) {
      const index_t i = columns.column[k];
      for (index_t l = rows.begin[i]; l < rows.begin[i + 1]; ++l) mark(c.colour[rows.column[l]]);
    }
  });
}
// A star colouring of a symmetric pattern: neighbours differ, and every path of four vertices has three colours.
// Gebremedhin, Manne, Pothen, "What color is your Jacobian?", 2005, algorithm 4.1.
inline Colouring colour_stars(const Pattern& p) {
  return colour_greedily(largest_first(p), [&](const Colouring& c, index_t v, const auto& mark) {
    for (index_t k = p.begin[v]; k < p.begin[v + 1]; ++k) {
      const index_t w = p.column[k];
      if (w == v) continue;
      mark(c.colour[w]);
      for (index_t l = p.begin[w]; l < p.begin[w + 1]; ++l) {
        const index_t x = p.column[l];
        if (x == v || x == w || c.colour[x] < 0) continue;
        bool closes = c.colour[w] < 0;
        for (index_t m = p.begin[x]; !closes && m < p.begin[x + 1]; ++m) {
          const index_t y = p.column[m];
          closes = y != w && y != x && c.colour[y] == c.colour[w];
        }
        if (closes) mark(c.colour[x]);
      }
    }
  });
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

// Random programs of matrices of random shapes: gradients and tangents are those of complex steps.
#include "programs.hpp"

#include <doctest/doctest.h>
#include <algorithm>

#include <cmath>

using namespace tenon;
using namespace tenon::test;

namespace tenon::test {

using Number = Table::Number;

Step RandomProgram::random_step(Chance& chance, const std::vector<Table>& r) {
  Step s{static_cast<Kind>(chance.below(static_cast<index_t>(Kind::count))), 0, 0, 0, 0, 0};
  const auto any = [&] { return static_cast<std::size_t>(chance.below(static_cast<index_t>(r.size()))); };
  // One for which `fits` holds, if it is soon found.
  const auto find = [&](std::size_t otherwise, const auto& fits) {
    for (int tries = 0; tries < 8; ++tries)
      if (const std::size_t x = any(); fits(r[x])) return x;
    return otherwise;
  };
  const bool is_affine = s.kind == Kind::layer || s.kind == Kind::rectified;
  s.a = any();
  const Table& a = r[s.a];
  s.b = find(s.a, [&](const Table& x) {
    if (s.kind == Kind::product) return x.n == a.m;
    if (is_affine) return x.m == a.m;
    if (s.kind == Kind::crossed) return x.n == a.n;
    return fit(a, x);
  });
  const Table& b = r[s.b];
  const Table y = is_affine ? Table(a.n, b.n) : Table(std::max(a.n, b.n), std::max(a.m, b.m));
  s.c = find(s.b, [&](const Table& x) { return fit(x, y); });
  s.i = chance.below(a.n);
  s.j = chance.below(a.m);
  return s;
}

namespace {
bool apart(const Number& a, const Number& b) { return std::abs(a.real() - b.real()) > 1e-6L; }
// Whether the largest of each column (row) is alone.
template <class F>
bool one_largest(index_t lines, index_t n, const F& element) {
  for (index_t l = 0; l < lines; ++l) {
    long double first = -HUGE_VALL, second = -HUGE_VALL;
    for (index_t i = 0; i < n; ++i) {
      const long double x = element(l, i).real();
      second = std::max(second, std::min(first, x));
      first = std::max(first, x);
    }
    if (first - second <= 1e-6L) return false;
  }
  return true;
}
// Element (i, k) of a b^T + c.
Number affine(const Table& a, const Table& b, const Table& c, index_t i, index_t k) {
  Number t = c(i, k);
  for (index_t j = 0; j < a.m; ++j) t += a(i, j) * b(k, j);
  return t;
}
Number maximum_of(const Number& a, const Number& b) { return a.real() > b.real() ? a : b; }
}  // namespace

bool RandomProgram::is_smooth(const Step& s, const std::vector<Table>& r) {
  const Table &a = r[s.a], &b = r[s.b], &c = r[s.c];
  switch (s.kind) {
    case Kind::product:
      return a.m == b.n;  // of no two operands, if none was found
    case Kind::layer:
      return fit(c, Table(a.n, b.n)) && c.n <= a.n && c.m <= b.n;
    case Kind::rectified:
      if (!fit(c, Table(a.n, b.n)) || c.n > a.n || c.m > b.n) return false;
      for (index_t i = 0; i < a.n; ++i)
        for (index_t k = 0; k < b.n; ++k)
          if (!apart(affine(a, b, c, i, k), 0)) return false;
      return true;
    case Kind::branch:
    case Kind::largest:
      for (index_t i = 0; i < std::max({a.n, b.n, c.n}); ++i)
        for (index_t j = 0; j < std::max({a.m, b.m, c.m}); ++j)
          if (!apart(a(i, j), b(i, j)) || !apart(c(i, j), 0)) return false;
      return true;
    case Kind::max0:
      return one_largest(a.m, a.n, [&](index_t j, index_t i) { return a(i, j); });
    case Kind::max1:
      return one_largest(std::max(a.n, b.n), std::max(a.m, b.m),
                         [&](index_t i, index_t j) { return a(i, j) * b(i, j); });
    default:
      return true;
  }
}

Table RandomProgram::apply(const Step& s, const std::vector<Table>& r) {
  const Table &a = r[s.a], &b = r[s.b], &c = r[s.c];
  const index_t n = std::max(a.n, b.n), m = std::max(a.m, b.m);
  const Number one = 1;
  const auto each = [&](const auto& f) {
    return Table::of(std::max(n, c.n), std::max(m, c.m),
                     [&](index_t i, index_t j) { return f(a(i, j), b(i, j), c(i, j)); });
  };
  const auto both = [&](const auto& f) {
    return Table::of(n, m, [&](index_t i, index_t j) { return f(a(i, j), b(i, j)); });
  };
  // f(row or column, sum over it of term(i, j)).
  const auto along0 = [&](index_t rows, index_t columns, const auto& term) {
    return Table::of(1, columns, [&](index_t, index_t j) {
      Number t = 0;
      for (index_t i = 0; i < rows; ++i) t += term(i, j);
      return t;
    });
  };
  const auto along1 = [&](index_t rows, index_t columns, const auto& term) {
    return Table::of(rows, 1, [&](index_t i, index_t) {
      Number t = 0;
      for (index_t j = 0; j < columns; ++j) t += term(i, j);
      return t;
    });
  };
  switch (s.kind) {
    case Kind::wave:
      return Table::of(a.n, a.m, [&](index_t i, index_t j) { return std::sin(a(i, j)) * a(i, j); });
    case Kind::bell:
      return both([](Number x, Number y) { return std::exp(-x * x) + y; });
    case Kind::roots:
      return both([=](Number x, Number y) { return std::log(one + x * x) * std::sqrt(y * y + 0.5L); });
    case Kind::linear:
      return each([](Number x, Number y, Number z) { return x * y + z; });
    case Kind::quotient:
      return each([=](Number x, Number y, Number z) { return x / (one + y * y) - z; });
    case Kind::gate:
      return each([=](Number x, Number y, Number z) { return std::tanh(x * y) / (one + std::exp(-z)); });
    case Kind::branch:
      return each([](Number x, Number y, Number z) { return x.real() > y.real() ? std::sin(x) * z : y * y + x; });
    case Kind::largest:
      return each([](Number x, Number y, Number z) { return maximum_of(x, y) + (z.real() < 0 ? -z : z); });
    case Kind::powers:
      return both([=](Number x, Number y) { return std::exp(y * 0.5L * std::log(one + x * x)); });
    case Kind::sum0:
      return along0(n, m, [&](index_t i, index_t j) { return a(i, j) * b(i, j); });
    case Kind::sum1:
      return along1(n, m, [&](index_t i, index_t j) { return std::sin(a(i, j)) * b(i, j); });
    case Kind::mean0:
      return along0(a.n, a.m, [&](index_t i, index_t j) { return a(i, j) * a(i, j) / static_cast<long double>(a.n); });
    case Kind::max0:
      return Table::of(1, a.m, [&](index_t, index_t j) {
        Number t = a(0, j);
        for (index_t i = 1; i < a.n; ++i) t = maximum_of(t, a(i, j));
        return t;
      });
    case Kind::max1:
      return Table::of(n, 1, [&](index_t i, index_t) {
        Number t = a(i, 0) * b(i, 0);
        for (index_t j = 1; j < m; ++j) t = maximum_of(t, a(i, j) * b(i, j));
        return t;
      });
    case Kind::prod1:
      return Table::of(a.n, 1, [&](index_t i, index_t) {
        Number t = 1;
        for (index_t j = 0; j < a.m; ++j) t *= one + a(i, j) / 4.0L;
        return t;
      });
    case Kind::var0: {
      const long double rows = static_cast<long double>(a.n);
      const Table centre = along0(a.n, a.m, [&](index_t i, index_t j) { return a(i, j) / rows; });
      return along0(a.n, a.m, [&](index_t i, index_t j) {
        const Number d = a(i, j) - centre(0, j);
        return d * d / rows;
      });
    }
    case Kind::logsumexp1: {
      Table t = along1(n, m, [&](index_t i, index_t j) { return std::exp(a(i, j) * b(i, j)); });
      for (Number& x : t.e) x = std::log(x);
      return t;
    }
    case Kind::total: {
      Number t = 0;
      for (const Number& x : a.e) t += x * x;
      return Table::of(b.n, b.m, [&](index_t i, index_t j) { return b(i, j) * t; });
    }
    case Kind::softmax0: {
      const Table t = along0(a.n, a.m, [&](index_t i, index_t j) { return std::exp(a(i, j)); });
      return Table::of(n, m, [&](index_t i, index_t j) { return std::exp(a(i, j)) / t(0, j) * b(i, j); });
    }
    case Kind::softmax1: {
      const Table t = along1(n, m, [&](index_t i, index_t j) { return std::exp(a(i, j) * b(i, j)); });
      return Table::of(n, m, [&](index_t i, index_t j) { return std::exp(a(i, j) * b(i, j)) / t(i, 0); });
    }
    case Kind::scan0: {
      Table t = a;
      for (index_t i = 1; i < a.n; ++i)
        for (index_t j = 0; j < a.m; ++j) t(i, j) += t(i - 1, j);
      return t;
    }
    case Kind::product:
      return Table::of(a.n, b.m, [&](index_t i, index_t k) {
        Number t = 0;
        for (index_t j = 0; j < a.m; ++j) t += a(i, j) * b.e[static_cast<std::size_t>(j * b.m + k)];
        return t;
      });
    case Kind::layer:
      return Table::of(a.n, b.n, [&](index_t i, index_t k) { return std::tanh(affine(a, b, c, i, k)); });
    case Kind::rectified:
      return Table::of(a.n, b.n, [&](index_t i, index_t k) {
        const Number t = affine(a, b, c, i, k);
        return t.real() > 0 ? t : Number(0);
      });
    case Kind::crossed:
      return Table::of(a.m, b.m, [&](index_t j, index_t k) {
        Number t = 0;
        for (index_t i = 0; i < a.n; ++i) t += 2.0L * a(i, j) * b(i, k);
        return t;
      });
    case Kind::turned: {
      const Table t = along0(a.n, a.m, [&](index_t i, index_t j) { return std::sin(a(i, j)); });
      return Table::of(a.m, a.n, [&](index_t j, index_t i) { return a(i, j) * t(0, j); });
    }
    case Kind::part:
      return Table::of((a.n - s.i + 1) / 2, a.m - s.j,
                       [&](index_t i, index_t j) { return a(s.i + 2 * i, s.j + j) * b(0, 0); });
    case Kind::flipped:
      return Table::of(a.n, a.m, [&](index_t i, index_t j) { return a(i, a.m - 1 - j) * a(i, j); });
    case Kind::joined:
      return Table::of(2 * a.n, a.m,
                       [&](index_t i, index_t j) { return i < a.n ? a(i, j) : a(i - a.n, j) * a(i - a.n, j); });
    case Kind::taken: {
      const index_t rows[] = {s.i, 0, a.n - 1, s.i};
      return Table::of(4, a.m, [&](index_t i, index_t j) { return a(rows[i], j); });
    }
    case Kind::reshaped: {
      Table t = a;
      t.n = a.m, t.m = a.n;
      return t;
    }
    case Kind::written:
    case Kind::count:
      break;
  }
  Table t = a;
  for (index_t i = s.i; i < a.n; ++i)
    for (index_t j = s.j; j < a.m; ++j) t(i, j) += b(0, 0);
  t(s.i, s.j) = t(0, 0) * std::sin(t(a.n - 1, a.m - 1));
  return t;
}

RandomProgram::RandomProgram(std::uint64_t seed) {
  Chance chance{seed};
  index_t extents[3];
  for (index_t& e : extents) e = std::min<index_t>(std::max<index_t>(random_extent(chance), 1), 24);
  for (std::size_t i = 0; i < inputs; ++i)
    point.push_back(Table::of(extents[i % 2], chance.below(4) ? extents[chance.below(3)] : 1,
                              [&](index_t, index_t) { return Number(chance.number()); }));
  std::vector<Table> r = point;
  while (steps.size() < length) {
    Step s = random_step(chance, r);
    if (!is_smooth(s, r)) continue;
    Table y = apply(s, r);
    if (y.n * y.m > 1200) continue;
    long double largest = 0;
    for (const Number& x : y.e) largest = std::max(largest, std::abs(x.real()));
    while (largest * s.scale > 2) s.scale /= 2;
    for (Number& x : y.e) x *= s.scale;
    steps.push_back(s);
    r.push_back(static_cast<Table&&>(y));
  }
}

Number RandomProgram::run(const std::vector<Table>& direction) const {
  std::vector<Table> r = point;
  for (std::size_t i = 0; i < inputs; ++i)
    for (std::size_t k = 0; k < r[i].e.size(); ++k) r[i].e[k] += Number(0, 1e-100L * direction[i].e[k].real());
  for (const Step& s : steps) {
    Table y = apply(s, r);
    for (Number& x : y.e) x *= s.scale;
    r.push_back(static_cast<Table&&>(y));
  }
  Number result = 0;
  for (std::size_t i = r.size() - results; i < r.size(); ++i) {
    Number t = 0;
    for (const Number& x : r[i].e) t += x * x + x / 2.0L;
    result += t / static_cast<long double>(r[i].e.size());
  }
  return result;
}

std::string RandomProgram::text() const {
  std::ostringstream s;
  for (const Table& g : point) s << g.n << "x" << g.m << " ";
  for (std::size_t k = 0; k < steps.size(); ++k)
    s << "\nr" << inputs + k << " = " << name_of(steps[k].kind) << "(r" << steps[k].a << ", r" << steps[k].b << ", r"
      << steps[k].c << ") at " << steps[k].i << " " << steps[k].j << ", * " << steps[k].scale;
  return s.str();
}

}  // namespace tenon::test

namespace {

std::vector<MatrixOf<double>> doubles(const std::vector<Table>& grids) {
  std::vector<MatrixOf<double>> r;
  for (const Table& g : grids) {
    r.emplace_back(g.n, g.m);
    for (index_t i = 0; i < g.n * g.m; ++i)
      r.back().data()[i] = static_cast<double>(g.e[static_cast<std::size_t>(i)].real());
  }
  return r;
}

}  // namespace

TEST_CASE("programs on a tape") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const RandomProgram program(seed);
    const std::string text = program.text();
    CAPTURE(seed);
    CAPTURE(text);
    const auto x = doubles(program.point);
    Tape tape;
    const std::vector<MatrixOf<rev<double>>> v{tape.variable(x[0]), tape.variable(x[1]), tape.variable(x[2])};
    const rev<double> y = run<rev<double>>(program, v);
    const auto [g0, g1, g2] = tape.gradient(y, v[0], v[1], v[2]);
    const MatrixOf<double>* const gradient[] = {&g0, &g1, &g2};
    double size = 1;
    for (const auto* g : gradient)
      for (const double e : *g) size = std::fmax(size, std::fabs(e));
    Chance chance{seed};
    // Single elements, at last all of them.
    for (int round = 0; round < 8; ++round) {
      std::vector<Table> direction;
      for (const Table& p : program.point) direction.emplace_back(p.n, p.m);
      const auto one = static_cast<std::size_t>(chance.below(3));
      const auto element = static_cast<std::size_t>(chance.below(static_cast<index_t>(direction[one].e.size())));
      direction[one].e[element] = 1;
      if (round == 7)
        for (Table& d : direction)
          for (Number& e : d.e) e = chance.number();
      const auto value = program.run(direction);
      double pulled = 0;
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < direction[i].e.size(); ++k)
          pulled += gradient[i]->data()[k] * static_cast<double>(direction[i].e[k].real());
      CAPTURE(round);
      CHECK(std::fabs(pulled - static_cast<double>(value.imag() * 1e100L)) <= 1e-12 * size);
      CHECK(std::fabs(y.value - static_cast<double>(value.real())) <= 1e-13 * (1 + std::fabs(y.value)));
    }
  }
}

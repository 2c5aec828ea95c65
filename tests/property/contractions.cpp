// Whatever the labels, shapes and layouts: contractions of operands that are computed on the way, with a consumer, give
// what loops over all index tuples give. Numbers are integers, so that every order of sums is exact.
#include <doctest/doctest.h>

#include <string>

#include "layouts.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T, class Axes>
struct AllDyn;
template <class T, int... I>
struct AllDyn<T, Seq<I...>> {
  using view = TensorView<T, (I * 0 + dyn)...>;
};

/// Elements in a layout of their own: axes in any order, forth or back, with gaps, or all in one place (broadcast). The
/// memory ends with them, so that a sanitizer sees what is read or written beside.
template <class T, int R>
class Elements {
 public:
  using View = typename AllDyn<T, make_seq<R>>::view;
  Elements(Chance& chance, const Dims& shape, bool repeats = true) : shape_(shape), strides_(shape) {
    int order[R];
    for (int i = 0; i < R; ++i) order[i] = i;
    for (int i = R - 1; i > 0; --i) {
      const auto j = static_cast<int>(chance.below(i + 1)), t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    index_t step = 1, first = 0, last = 0;
    for (const int a : order) {
      const index_t n = shape.d[a];
      if (chance.below(4) == 0) step *= 1 + chance.below(3);
      const index_t s = repeats && chance.below(12) == 0 ? 0 : chance.below(3) == 0 ? -step : step;
      strides_.d[a] = s;
      if (n > 0) (s < 0 ? first : last) += s * (n - 1);
      if (s != 0 && n > 0) step *= n;
    }
    memory_.resize(shape.size() > 0 ? static_cast<std::size_t>(last - first + 1) : 0);
    for (T& x : memory_) x = number(chance);
    base_ = memory_.data() - (memory_.empty() ? 0 : first);
  }
  static T number(Chance& chance) { return static_cast<T>(static_cast<int>(chance.below(9)) - 4); }

  View view() { return View(base_, shape_, strides_); }
  const Dims& shape() const { return shape_; }
  T at(const index_t* i) const {
    index_t offset = 0;
    for (int a = 0; a < R; ++a) offset += shape_.d[a] == 1 ? 0 : i[a] * strides_.d[a];  // or broadcast
    return base_[offset];
  }

 private:
  Dims shape_, strides_;
  std::vector<T> memory_;
  T* base_;
};

// Calls f with every tuple of indices below `extent`.
template <class F>
void each_tuple(const std::vector<index_t>& extent, std::vector<index_t>& index, std::size_t from, std::size_t to,
                const F& f) {
  if (from == to) return f();
  for (index[from] = 0; index[from] < extent[from]; ++index[from]) each_tuple(extent, index, from + 1, to, f);
}

// c = a s . b t + bias for operands labelled as in Spec; s, t and bias may have some extents of 1.
template <FixedString Spec, class T, int RA, int RB, int RC>
void check(Chance& chance) {
  const std::string spec = Spec.c_str(), la = spec.substr(0, RA), lb = spec.substr(RA + 1, RB),
                    lc = spec.substr(RA + RB + 3);
  std::string labels = lc;
  for (const char l : la + lb)
    if (labels.find(l) == std::string::npos) labels += l;
  std::vector<index_t> extent(labels.size()), index(labels.size());
  index_t work = 1;
  // Now and then the first operand is large enough to be computed while it is packed.
  const bool large = chance.below(3) == 0;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const char l = labels[k];
    const bool long_axis = RA == 2 || l != la[0];
    index_t& e = extent[k];
    if (!large) {
      e = random_extent(chance);
      if (work * e > 1000000) e = 1 + chance.below(3);
      work *= e;
    } else if (la.find(l) != std::string::npos) {
      e = long_axis ? 64 + chance.below(20) : 2 + chance.below(2);
    } else {
      e = lc.find(l) != std::string::npos ? 16 + chance.below(8) : 2 + chance.below(2);
    }
  }
  const auto shape_of = [&](const std::string& l, bool narrow) {
    Dims d;
    for (const char x : l) d.push(narrow && chance.below(3) == 0 ? 1 : extent[labels.find(x)]);
    return d;
  };
  Elements<T, RA> a(chance, shape_of(la, false)), s(chance, shape_of(la, true));
  Elements<T, RB> b(chance, shape_of(lb, false)), t(chance, shape_of(lb, true));
  Elements<int, RC> bias(chance, shape_of(lc, true)), y(chance, shape_of(lc, false), false);
  const auto at = [&](const auto& x, const std::string& l) {
    index_t i[8];
    for (std::size_t k = 0; k < l.size(); ++k) i[k] = index[labels.find(l[k])];
    return static_cast<int>(x.at(i));
  };
  const auto wrong = [&](bool with_s, bool with_t, bool with_bias) {
    index_t n = 0;
    each_tuple(extent, index, 0, lc.size(), [&] {
      int sum = with_bias ? at(bias, lc) : 0;
      each_tuple(extent, index, lc.size(), labels.size(),
                 [&] { sum += at(a, la) * (with_s ? at(s, la) : 1) * at(b, lb) * (with_t ? at(t, lb) : 1); });
      n += at(y, lc) != sum;
    });
    return n;
  };
  std::string which = spec;
  for (std::size_t k = 0; k < labels.size(); ++k) which = which + " " + labels[k] + "=" + std::to_string(extent[k]);
  CAPTURE(which);
  auto to = y.view();
  to = einsum<Spec>(a.view(), b.view());
  CHECK(wrong(false, false, false) == 0);
  to = einsum<Spec>(a.view() * s.view(), b.view());
  CHECK(wrong(true, false, false) == 0);
  to = einsum<Spec>(a.view() * s.view(), b.view() * t.view()) + bias.view();
  CHECK(wrong(true, true, true) == 0);
}

}  // namespace

TEST_CASE("contractions of computed operands, with a consumer, in any layout") {
  Chance chance{7};
  for (int round = 0; round < 40; ++round) {
    INFO("round " << round);
    check<"ij,jk->ik", int, 2, 2, 2>(chance);
    check<"ij,kl->ik", int, 2, 2, 2>(chance);  // each operand has an axis of its own in the sum
    check<"bij,bjk->kbi", short, 3, 3, 3>(chance);
    check<"aci,cbi->ab", short, 3, 3, 2>(chance);
  }
}

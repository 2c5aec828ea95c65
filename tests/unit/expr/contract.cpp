// What contractions mean: every kind of spec against plain loops in double, types, shapes, and constant evaluation.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T, class... I>
auto counted(I... extents) {
  Tensor<T, (void(extents), dyn)...> t(extents...);
  int k = 0;
  for (auto& x : t) x = static_cast<T>((k++ * 7) % 13 - 6);
  return t;
}
/// An element by index tuple; a label beyond the tensor's spec is ignored.
template <class X>
double element(const X& x, const EinsumLabels& l, const index_t (&at)[128]) {
  const Dims e = x.dims();
  index_t offset = 0;
  for (int i = 0; i < l.rank; ++i) offset = offset * e.d[i] + at[l.label[i]];
  return static_cast<double>(x.data()[offset]);
}
/// The largest difference between einsum<Spec> and loops over all index tuples.
template <FixedString Spec, class... X>
double difference(const X&... x) {
  const int ranks[] = {X::rank...};
  const EinsumForm f = parse_einsum(Spec.chars, ranks, static_cast<int>(sizeof...(X)));
  const Dims shapes[] = {x.dims()...};
  const auto result = evaluate(einsum<Spec>(x...));
  // All labels, those of the output first, so that each output element is finished in one go.
  EinsumLabels all = f.out;
  for (int k = 0; k < f.operands; ++k)
    for (int i = 0; i < f.in[k].rank; ++i)
      if (all.find(f.in[k].label[i]) < 0) all.push(f.in[k].label[i]);
  index_t at[128] = {};
  double worst = 0;
  const index_t n = result.size();
  index_t terms = 1;
  for (int i = f.out.rank; i < all.rank; ++i) terms *= einsum_extent(f, shapes, all.label[i]);
  for (index_t o = 0; o < n; ++o) {
    double sum = 0;
    for (index_t t = 0; t < terms; ++t) {
      double product = 1;
      int k = 0;
      ((product *= element(x, f.in[k++], at)), ...);
      sum += product;
      for (int i = all.rank - 1; i >= 0; --i) {
        if (++at[all.label[i]] < einsum_extent(f, shapes, all.label[i])) break;
        at[all.label[i]] = 0;
      }
    }
    const double d = sum - static_cast<double>(result.data()[o]);
    worst = worst > (d < 0 ? -d : d) ? worst : (d < 0 ? -d : d);
  }
  return worst;
}

const auto a = counted<double>(3, 4), b = counted<double>(4, 5), c = counted<double>(5, 2), s = counted<double>(4, 4);
const auto u = counted<double>(4), v = counted<double>(3);
const auto t = counted<double>(2, 3, 4), w = counted<double>(2, 4, 3);

TEST_CASE("einsum of one operand") {
  CHECK(difference<"ij->ij">(a) == 0);
  CHECK(difference<"ij->ji">(a) == 0);
  CHECK(difference<"ij->i">(a) == 0);
  CHECK(difference<"ij->">(a) == 0);
  CHECK(difference<"ii->i">(s) == 0);
  CHECK(difference<"ii">(s) == 0);
  CHECK(difference<"ijk->kj">(t) == 0);
}

TEST_CASE("einsum of two operands") {
  CHECK(difference<"ij,jk->ik">(a, b) == 0);
  CHECK(difference<"ij,jk->ki">(a, b) == 0);
  CHECK(difference<"ij,jk">(a, b) == 0);
  CHECK(difference<"ij,jk->">(a, b) == 0);
  CHECK(difference<"ij,jk->k">(a, b) == 0);
  CHECK(difference<"i,j->ij">(u, v) == 0);
  CHECK(difference<"i,i->">(u, u) == 0);
  CHECK(difference<"i,i->i">(u, u) == 0);
  CHECK(difference<"i,j->">(u, v) == 0);
  CHECK(difference<"ij,j->i">(a, u) == 0);
  CHECK(difference<"ii,i->i">(s, u) == 0);
  CHECK(difference<"ii,jk->kj">(s, b) == 0);
  CHECK(difference<"bij,bjk->bik">(t, w) == 0);
  CHECK(difference<"bij,bjk->ikb">(t, w) == 0);
  CHECK(difference<"bij,bkl->ijkl">(t, w) == 0);
  CHECK(difference<"bij,cjk->bcik">(t, w) == 0);
  CHECK(difference<"bij,bij->">(t, t) == 0);
  CHECK(difference<"bij,bji->ij">(t, w) == 0);
}

TEST_CASE("einsum of more operands, whatever pair comes first") {
  CHECK(difference<"ij,jk,kl->il">(a, b, c) == 0);
  CHECK(difference<"ij,jk,kl->li">(a, b, c) == 0);
  CHECK(difference<"ij,jk,j->ik">(a, b, u) == 0);
  CHECK(difference<"i,j,ij->">(v, u, a) == 0);
  CHECK(difference<"ii,ij,jk,kl->l">(s, s, b, c) == 0);
  Tensor<double, 50, 2> tall = counted<double>(50, 2);
  Tensor<double, 2, 50> wide = counted<double>(2, 50);
  using L = Seq<'i', 'j'>;
  using R = Seq<'j', 'k'>;
  using N = node_of<decltype(tall)&>;
  using M = node_of<decltype(wide)&>;
  using Three = TypeList<Labelled<L, N>, Labelled<R, M>, Labelled<Seq<'k', 'l'>, N>>;
  constexpr auto pair = detail::cheapest_pair<Seq<'i', 'l'>>(static_cast<Three*>(nullptr));
  static_assert(pair.first == 1 && pair.second == 2);
  const Tensor<double, 50, 2> chain = einsum<"ij,jk,kl->il">(tall, wide, tall);
  const Tensor<double, 50, 2> same = matmul(matmul(tall, wide), tall);
  CHECK(sum(chain == same) == 100);
}

TEST_CASE("an ellipsis broadcasts") {
  const auto x = counted<double>(2, 1, 3, 4);
  const auto y = counted<double>(5, 4, 2);
  const auto r = evaluate(einsum<"...ij,...jk->...ik">(x, y));
  CHECK(r.dims() == Dims{4, {2, 5, 3, 2}});
  const auto m = evaluate(matmul(x, y));
  CHECK(sum(r == m) == r.size());
  double direct = 0;
  for (index_t k = 0; k < 4; ++k) direct += x(1, 0, 2, k) * y(3, k, 1);
  CHECK(r(1, 3, 2, 1) == direct);
}

TEST_CASE("matmul follows NumPy's rules for vectors and stacks") {
  CHECK(evaluate(matmul(u, u)).dims().rank == 0);
  CHECK(evaluate(matmul(a, u)).dims() == Dims{1, {3}});
  CHECK(evaluate(matmul(v, a)).dims() == Dims{1, {4}});
  CHECK(evaluate(matmul(t, b)).dims() == Dims{3, {2, 3, 5}});
  CHECK(evaluate(matmul(u, b)).dims() == Dims{1, {5}});
  CHECK(evaluate(matmul(t, w)).dims() == Dims{3, {2, 3, 3}});
  CHECK(evaluate(matmul(t, u)).dims() == Dims{2, {2, 3}});
  const auto p = evaluate(matmul(t, b)), q = evaluate(einsum<"bij,jk->bik">(t, b));
  CHECK(sum(p == q) == p.size());
}

TEST_CASE("relatives of matmul") {
  CHECK(dot(u, u) == evaluate(sum(u * u))());
  const auto o = evaluate(outer(u, v)), e = evaluate(einsum<"i,j->ij">(u, v));
  CHECK(sum(o == e) == 12);
  const auto i = evaluate(inner(t, a)), f = evaluate(einsum<"bij,kj->bik">(t, a));
  CHECK(i.dims() == f.dims());
  CHECK(sum(i == f) == i.size());
  const auto d = evaluate(tensordot<2>(t, counted<double>(3, 4, 2)));
  const auto g = evaluate(einsum<"bij,ijk->bk">(t, counted<double>(3, 4, 2)));
  CHECK(sum(d == g) == d.size());
  CHECK(trace(s) == evaluate(einsum<"ii">(s))());
  CHECK(evaluate(trace(counted<double>(3, 3, 2))).dims() == Dims{1, {2}});
}

TEST_CASE("element types of contractions") {
  static_assert(__is_same(contracted_t<float, double>, double));
  static_assert(__is_same(contracted_t<signed char, signed char>, int));
  static_assert(__is_same(contracted_t<bool, bool>, int));
  static_assert(__is_same(contracted_t<short, unsigned char>, int));
  static_assert(__is_same(contracted_t<half, half>, half));
  static_assert(__is_same(contracted_t<bfloat16, float>, float));
  static_assert(__is_same(contracted_t<signed char, float>, float));
  static_assert(__is_same(contracted_t<long, int>, long));
}

constexpr Tensor<float, 2, 2> m{{1, 2}, {3, 4}};
constexpr Tensor<float, 2> x{5, 6};

TEST_CASE("contractions of static tensors are constant expressions") {
  constexpr Tensor<float, 2, 2> square = matmul(m, m);
  static_assert(square(0, 0) == 7 && square(0, 1) == 10 && square(1, 0) == 15 && square(1, 1) == 22);
  constexpr Tensor<float, 2> y = einsum<"ij,j->i">(m, x) + 1;
  static_assert(y(0) == 18 && y(1) == 40);
  constexpr float d = dot(x, x), tr = trace(m), all = einsum<"ij,jk,kl->">(m, m, m);
  static_assert(d == 61 && tr == 5 && all == 37 + 54 + 81 + 118);
  constexpr Tensor<int, 2> bits = einsum<"ij->i">(Tensor<int, 2, 3>{{1, 0, 1}, {1, 1, 1}});
  static_assert(bits(0) == 2 && bits(1) == 3);
}

TEST_CASE("wrong run-time shapes") {
  CHECK_THROWS_WITH_AS(evaluate(matmul(a, a)), "tenon: matmul: the inner extents differ: [3, 4] and [3, 4]",
                       shape_error);
  CHECK_THROWS_WITH_AS(evaluate(matmul(t, counted<double>(3, 4, 3))),
                       "tenon: matmul: the leading extents do not broadcast: [2, 3, 4] and [3, 4, 3]", shape_error);
  CHECK_THROWS_WITH_AS(evaluate(einsum<"ij,jk">(a, a)),
                       "tenon: einsum: index 'j' has two different extents: [3, 4] and [3, 4]", shape_error);
  CHECK_THROWS_WITH_AS(evaluate(trace(a)), "tenon: trace: the first two extents differ: [3, 4]", shape_error);
  CHECK_THROWS_WITH_AS(evaluate(dot(u, v)), "tenon: dot: the contracted extents differ: [4] and [3]", shape_error);
  CHECK_THROWS_WITH_AS(evaluate(tensordot<1>(a, a)),
                       "tenon: tensordot: the contracted extents differ: [3, 4] and [3, 4]", shape_error);
  static_assert(!matmul_fits<Extents<3, 4>, Extents<3, 4>> && matmul_fits<Extents<3, dyn>, Extents<3, 4>>);
  static_assert(!matmul_fits<Extents<>, Extents<3>>);
}

TEST_CASE("empty operands") {
  const Tensor<double, dyn, dyn> none(3, 0), rows(0, 4);
  const auto zero = evaluate(matmul(none, Tensor<double, dyn, dyn>(0, 5)));
  CHECK(zero.dims() == Dims{2, {3, 5}});
  for (double z : zero) CHECK(z == 0);
  CHECK(evaluate(matmul(rows, b)).dims() == Dims{2, {0, 5}});
  CHECK(evaluate(einsum<"ij,jk->">(rows, b))() == 0);
}

TEST_CASE("16-bit floats of which one operand alone is summed over: only the result is rounded") {
  Tensor<half, dyn, dyn> a(3, 500), b(4, 7);
  for (index_t i = 0; i < a.size(); ++i) a.data()[i] = half(static_cast<float>(i % 37) * 0.37f + 200);
  for (index_t i = 0; i < b.size(); ++i) b.data()[i] = half(static_cast<float>(i % 5) * 0.001f + 0.0003f);
  const Tensor<float, dyn, dyn> x = cast<float>(a), y = cast<float>(b);
  // The sum over j is no finite half.
  const Tensor<half, dyn, dyn> got = einsum<"ij,kl->ik">(a, b), want = cast<half>(einsum<"ij,kl->ik">(x, y));
  CHECK(array_equal(got, want));
  const auto total = [](const auto& u, const auto& v) { return sum(einsum<"ij,kl->ik">(u, v)); };
  const auto [ga, gb] = grad<0, 1>(total)(a, b);
  const auto [gx, gy] = grad<0, 1>(total)(x, y);
  CHECK(array_equal(ga, evaluate(cast<half>(gx))));
  CHECK(array_equal(gb, evaluate(cast<half>(gy))));
}

}  // namespace

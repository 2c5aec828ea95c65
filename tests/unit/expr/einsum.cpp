// Einsum specs as parsed at compile time, and the errors they are refused with.
#include <doctest/doctest.h>
#include <tenon/shape/einsum.hpp>

using namespace tenon;

namespace {

constexpr EinsumForm parse(const char* spec, int a) {
  const int ranks[] = {a};
  return parse_einsum(spec, ranks, 1);
}
constexpr EinsumForm parse(const char* spec, int a, int b) {
  const int ranks[] = {a, b};
  return parse_einsum(spec, ranks, 2);
}
constexpr bool is(const EinsumLabels& l, const char* text) {
  int n = 0;
  for (; text[n]; ++n)
    if (n >= l.rank || l.label[n] != text[n]) return false;
  return n == l.rank;
}

TEST_CASE("letters, spaces, and the explicit output") {
  constexpr EinsumForm f = parse("bhqd, bhkd -> bhqk", 4, 4);
  static_assert(f.error == EinsumError::valid && f.operands == 2);
  CHECK(is(f.in[0], "bhqd"));
  CHECK(is(f.in[1], "bhkd"));
  CHECK(is(f.out, "bhqk"));
  CHECK(is(parse("ij->", 2).out, ""));
  CHECK(is(parse(",i->i", 0, 1).in[0], ""));
}

TEST_CASE("the implicit output is what occurs once, in alphabetical order, capitals first") {
  CHECK(is(parse("ij,jk", 2, 2).out, "ik"));
  CHECK(is(parse("ba", 2).out, "ab"));
  CHECK(is(parse("ii", 2).out, ""));
  CHECK(is(parse("bA,Bc", 2, 2).out, "ABbc"));
}

TEST_CASE("an ellipsis stands for the axes left, labelled from the last") {
  constexpr EinsumForm f = parse("...ij,...jk->...ik", 4, 3);
  static_assert(f.error == EinsumError::valid);
  CHECK(f.in[0].label[0] == -2);
  CHECK(f.in[0].label[1] == -1);
  CHECK(f.in[1].label[0] == -1);
  CHECK(f.out.rank == 4);
  CHECK(f.out.label[0] == -2);
  CHECK(f.out.label[3] == 'k');
  CHECK(parse("...i,i", 2, 1).out.label[0] == -1);
}

TEST_CASE("what is wrong with a spec") {
  CHECK(parse("i1->i", 2).error == EinsumError::character);
  CHECK(parse("ij-ik", 2).error == EinsumError::character);
  CHECK(parse("ij->i,j", 2).error == EinsumError::character);
  CHECK(parse("ij->i->j", 2).error == EinsumError::character);
  CHECK(parse("......i", 1).error == EinsumError::character);
  CHECK(parse("ij", 3).error == EinsumError::rank);
  CHECK(parse("ij,jk", 2).error == EinsumError::operands);
  CHECK(parse("ij", 2, 2).error == EinsumError::operands);
  CHECK(parse("ij->ik", 2).error == EinsumError::unknown);
  CHECK(parse("ij->ii", 2).error == EinsumError::twice);
  CHECK(parse("abcde,fghij", 5, 5).error == EinsumError::axes);
}

TEST_CASE("extents of an index must agree as far as they are known") {
  static_assert(einsum_fits<"ij,jk", Extents<3, 4>, Extents<4, 5>>);
  static_assert(!einsum_fits<"ij,jk", Extents<3, 4>, Extents<3, 5>>);
  static_assert(einsum_fits<"ij,jk", Extents<3, dyn>, Extents<3, 5>>);
  static_assert(!einsum_fits<"ii", Extents<3, 4>>);
  static_assert(!einsum_fits<"ij,jk", Extents<3, 1>, Extents<4, 5>>);
  static_assert(einsum_fits<"...i,...i", Extents<3, 4>, Extents<1, 4>>);
  static_assert(!einsum_fits<"...i,...i", Extents<3, 4>, Extents<2, 4>>);
  static_assert(!einsum_fits<"ij,jk", Extents<3, 4>>);
  const Dims bad[] = {{2, {3, 4}}, {2, {5, 6}}};
  CHECK_THROWS_WITH_AS(check_einsum("einsum", parse("ij,jk", 2, 2), bad),
                       "tenon: einsum: index 'j' has two different extents: [3, 4] and [5, 6]", shape_error);
}

TEST_CASE("a contraction knows where each label is") {
  using S = Contraction<Seq<'i', 'j'>, Seq<'j', 'k'>, Seq<'i', 'k'>>;
  constexpr ContractionLabels l = S::labels();
  CHECK(l.count == 3);
  CHECK(l.label[0] == 'i');
  CHECK(l.a[0] == 0);
  CHECK(l.b[0] == -1);
  CHECK(l.c[0] == 0);
  CHECK(l.label[2] == 'j');
  CHECK(l.a[2] == 1);
  CHECK(l.b[2] == 0);
  CHECK(l.c[2] == -1);
  static_assert(__is_same(extents_from<ContractedDims<S, Extents<3, 4>, Extents<4, dyn>>>, Extents<3, dyn>));
}

}  // namespace

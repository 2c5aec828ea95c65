// The functions under test.
#include "functions.hpp"

#include "list.hpp"

namespace {
using namespace tenon;

template <class Op>
void packs(const float* x, float* y) {
  using V = simd::native<float>;
  for (int i = 0; i < block; i += simd::lanes<V>) simd::store(y + i, Op::value(simd::load<V>(x + i)));
}
template <class Op>
void scalars(const float* x, float* y) {
  for (int i = 0; i < block; ++i) y[i] = Op::value(x[i]);
}
constexpr auto table = test::table_of<Function>(PointwiseCatalogue{}, []<class Op>() {
  return Function{Op::name.c_str(), Op::claim.float_ulp, Op::domain.lo, Op::domain.hi, packs<Op>, scalars<Op>};
});
}  // namespace

const Function* const functions = table.entry;
const int function_count = sizeof(table) / sizeof(Function);
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
const char* const instruction_set = TEXT(TENON_ABI);

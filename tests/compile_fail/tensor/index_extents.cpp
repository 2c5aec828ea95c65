// expect: index notation: an index has two different extents
// expect: Extents<3, ?4>
// expect: Extents<5, ?6>
#include <tenon/tenon.hpp>
#include <tenon/tensor/index.hpp>
using namespace tenon;
void f(Tensor<float, 3, 6>& r, const Tensor<float, 3, 4>& a, const Tensor<float, 5, 6>& b,
       const Tensor<float, 4, 6>& c) {
  Index<'i'> i;
  Index<'j'> j;
  Index<'k'> k;
#ifdef TENON_TWIN
  r(i, k) = a(i, j) * c(j, k);
#else
  r(i, k) = a(i, j) * b(j, k);
#endif
  (void)b, (void)c;
}

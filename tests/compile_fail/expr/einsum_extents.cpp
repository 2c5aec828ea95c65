// expect: einsum: an index has two different extents
// expect: ij,jk->ik|105, 106
// expect: Extents<3, ?4>
// expect: Extents<5, ?6>
#include <tenon/tenon.hpp>
using namespace tenon;
void f(const Tensor<float, 3, 4>& a, const Tensor<float, 5, 6>& b) {
#ifdef TENON_TWIN
  Tensor<float, 3, 5> r = einsum<"ij,kl->ik">(a, b);
#else
  Tensor<float, 3, 6> r = einsum<"ij,jk->ik">(a, b);
#endif
  (void)r;
}

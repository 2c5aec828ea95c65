// expect: einsum: an index of the output is in no operand
#include <tenon/tenon.hpp>
using namespace tenon;
void f(const Tensor<float, 3, 4>& a, const Tensor<float, 4, 6>& b) {
#ifdef TENON_TWIN
  Tensor<float, 3, 6> r = einsum<"ij,jk->ik">(a, b);
#else
  Tensor<float, 3, 6> r = einsum<"ij,jk->il">(a, b);
#endif
  (void)r;
}

// expect: einsum: an operand has not as many axes as the spec has indices
#include <tenon/tenon.hpp>
using namespace tenon;
void f(const Tensor<float, dyn, dyn>& a, const Tensor<float, dyn, dyn>& b) {
#ifdef TENON_TWIN
  Tensor<float, dyn, dyn> r = einsum<"ij,jk->ik">(a, b);
#else
  Tensor<float, dyn, dyn> r = einsum<"bij,jk->ik">(a, b);
#endif
  (void)r;
}

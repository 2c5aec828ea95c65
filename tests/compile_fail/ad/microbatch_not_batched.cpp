// A number has no examples.
// expect: tenon: microbatch: an argument that is taken apart must be a tensor with a first axis
// first_lines: 12
#include <tenon/tenon.hpp>
using namespace tenon;
auto slope(const Tensor<double, dyn>& w, const Tensor<double, dyn, dyn>& x) {
  const auto loss = [](const auto& v, const auto& u, const auto& s) { return s * mean(square(matmul(u, v))); };
#ifdef TENON_TWIN
  return grad(microbatch<1>(4, loss))(w, x, 2.0);
#else
  return grad(microbatch<1, 2>(4, loss))(w, x, 2.0);
#endif
}

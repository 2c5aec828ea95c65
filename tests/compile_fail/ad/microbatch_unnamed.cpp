// Which arguments hold the batch must be said: a model is none of them.
// expect: tenon: microbatch: name the arguments that hold the batch, microbatch<1, 2>\(size, f\)
#include <tenon/tenon.hpp>
using namespace tenon;
auto slope(const Tensor<double, dyn>& w, const Tensor<double, dyn, dyn>& x) {
  const auto loss = [](const auto& v, const auto& u) { return mean(square(matmul(u, v))); };
#ifdef TENON_TWIN
  return grad(microbatch<1>(4, loss))(w, x);
#else
  return grad(microbatch(4, loss))(w, x);
#endif
}

// A gradient is that of a number.
// expect: tenon: record: only a number has a gradient; take jacobian
#include <tenon/ad/replay.hpp>
#include <tenon/tenon.hpp>
using namespace tenon;
auto derivative(const Tensor<double, 2>& x) {
  const auto f = record([](const auto& v) { return v * v; }, x);
#ifdef TENON_TWIN
  return f.jacobian(x);
#else
  return f.grad(x);
#endif
}

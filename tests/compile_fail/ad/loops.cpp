// A step of a loop that is unrolled must not look at values.
// expect: tenon: unrolled_loop: the function branches on the value of a number
#include <tenon/ad/unrolled_loop.hpp>
#include <tenon/tenon.hpp>
using namespace tenon;
Tensor<double, 4> after(const Tensor<double, 4>& start) {
#ifdef TENON_TWIN
  return unrolled_loop([](const auto& x) { return relu(x) * x; })(10, start);
#else
  return unrolled_loop([](const auto& x) { return x > 0 ? x * x : x; })(10, start);
#endif
}

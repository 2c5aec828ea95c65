// A function that is unrolled must not look at values.
// expect: tenon: unrolled_jacobian: the function branches on the value of a number
#include <tenon/tenon.hpp>
using namespace tenon;
double slope(double at) {
#ifdef TENON_TWIN
  return unrolled_jacobian([](const auto& x) { return relu(x) * x; })(at).jacobian;
#else
  return unrolled_jacobian([](const auto& x) { return x > 0 ? x * x : x; })(at).jacobian;
#endif
}

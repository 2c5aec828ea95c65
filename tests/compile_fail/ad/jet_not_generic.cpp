// A function for which there are derivatives of higher order takes any number.
// expect: tenon: taylor: the function cannot be called with jets
#include <tenon/ad/jet.hpp>
#include <tenon/tenon.hpp>
using namespace tenon;
auto third(double x) {
#ifdef TENON_TWIN
  return taylor<3>([](auto v) { return v * v; }, x, 1.0)(3);
#else
  return taylor<3>([](double v) { return v * v; }, x, 1.0)(3);
#endif
}

// A function of numbers that is not generic has no derivative.
// expect: tenon: the function to differentiate cannot be called with rev numbers: make it generic
// first_lines: 12
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
float slope(float at) {
  return grad([](auto x) { return x * x; })(at);
}
#else
float slope(float at) {
  return grad([](float x) { return x * x; })(at);
}
#endif

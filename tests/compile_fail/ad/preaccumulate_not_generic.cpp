// A function that takes numbers of one type only has no derivative.
// expect: tenon: preaccumulate: the function cannot be called with these arguments: make it generic
// first_lines: 15
#include <tenon/tenon.hpp>
using namespace tenon;
double slope(double at) {
  return grad([](auto x) {
#ifdef TENON_TWIN
    return preaccumulate([](auto y) { return y * y; })(x);
#else
    return preaccumulate([](double y) { return y * y; })(x);
#endif
  })(at);
}

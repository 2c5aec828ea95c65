// A class whose members are not to be walked is no argument of a derivative.
// expect: tenon: there is no derivative with respect to this type
// expect: Angle
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
template <class T>
struct Angle {
#ifndef TENON_TWIN
  explicit Angle(T a) : radians(a) {}
#endif
  T radians;
};
auto slope() {
  return jvp([](const auto& a) { return sin(a.radians); }, Angle<double>{2.0}, Angle<double>{1.0}).value;
}

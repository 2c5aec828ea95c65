// The numbers of a struct are variables only if its template argument says so.
// expect: tenon: the numbers of this struct are constants
// expect: Spring
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
template <class T = double>
struct Spring {
  T stiffness;
};
#else
template <class T = void>
struct Spring {
  double stiffness;
};
#endif
auto slope() {
  return grad([](const auto& s) { return s.stiffness * s.stiffness; })(Spring<>{2.0});
}

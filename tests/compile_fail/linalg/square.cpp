// expect: linalg: the matrix must be square, but its last two extents differ
// first_lines: 20
#include <tenon/linalg/solve.hpp>
using namespace tenon;
void f(const Tensor<double, 3, 3>& square, const Tensor<double, 3, 4>& wide) {
#ifdef TENON_TWIN
  Tensor<double, 3, 3> r = evaluate(linalg::inv(square));
  (void)r;
#else
  linalg::inv(wide);
#endif
  (void)square, (void)wide;
}

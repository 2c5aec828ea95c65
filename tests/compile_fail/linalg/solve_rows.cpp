// expect: solve: the right-hand side's rows are not the matrix's
// first_lines: 20
#include <tenon/linalg/solve.hpp>
using namespace tenon;
void f(const Tensor<double, 3, 3>& a, const Tensor<double, 3, 2>& b, const Tensor<double, 4, 2>& c) {
#ifdef TENON_TWIN
  Tensor<double, 3, 2> r = linalg::solve(a, b);
  (void)r;
#else
  linalg::solve(a, c);
#endif
  (void)a, (void)b, (void)c;
}

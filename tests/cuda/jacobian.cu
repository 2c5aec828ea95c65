// Jacobians in the host code of a .cu file, where there are no packs to hold several adjoints.
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

int main() {
  const auto f = [](const auto& x) { return evaluate(x * x * sum(x)); };
  const Tensor<double, dyn, dyn> j = jacobian(f)(Tensor<double, 3>{1, 2, 3});
  // 2 x_i sum(x) on the diagonal, and x_i^2 everywhere.
  double worst = 0;
  for (index_t i = 0; i < 3; ++i)
    for (index_t k = 0; k < 3; ++k) {
      const double x = static_cast<double>(i + 1), difference = j(i, k) - (i == k ? 12 * x : 0) - x * x;
      worst = difference > worst ? difference : -difference > worst ? -difference : worst;
    }
  std::printf("worst difference %g\n", worst);
  return worst < 1e-13 ? 0 : 1;
}

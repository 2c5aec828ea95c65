// The state of a checkpointed loop stays what it is.
// expect: tenon: checkpoint_loop: the step must return a state of the type that it is given
#include <tenon/tenon.hpp>
using namespace tenon;
struct Step {
  auto operator()(double u) const { return Tensor<double, 1>{u}; }
  auto operator()(const Tensor<double, 1>& u) const { return 2 * u(0); }
};
double end(double start) {
#ifdef TENON_TWIN
  return checkpoint_loop(10, start, [](double u) { return u * u; });
#else
  return checkpoint_loop(10, start, Step{});
#endif
}

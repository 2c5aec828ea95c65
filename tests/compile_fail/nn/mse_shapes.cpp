// A loss names itself when the target has another shape than the prediction.
// expect: mse|char *\[|115, 101
// expect: tenon: the shapes of prediction and target do not broadcast
// first_lines: 20
#include <tenon/nn/loss.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_TWIN
float loss(const Tensor<float, 32, 10>& x, const Tensor<float, 32, 10>& y) {
#else
float loss(const Tensor<float, 32, 10>& x, const Tensor<float, 32, 9>& y) {
#endif
  return nn::mse(x, y);
}

// The input's last extent is not the layer's number of inputs.
// expect: nn::Linear<784, 128.*Extents<-1, 64>|Layer = .*Linear<784, 128.*Input = .*Extents<-1, 64>
// expect: tenon: nn::Linear<In, Out>: the last extent of the input is not In
#include <tenon/nn/linear.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

Tensor<float, dyn, 128> hidden(const nn::Linear<784, 128>& layer) {
#ifdef TENON_TWIN
  const Tensor<float, dyn, 784> x(5, 784);
#else
  const Tensor<float, dyn, 64> x(5, 64);
#endif
  return layer(x);
}

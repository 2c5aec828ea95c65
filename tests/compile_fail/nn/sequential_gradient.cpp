// A layer that does not fit is the only error of a gradient through it.
// expect: Linear<100, 10.*Extents<-1, 128>
// expect: tenon: nn::Sequential: the layer at this position does not take what the layers before it give
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
using Net = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;
#else
using Net = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<100, 10>>;
#endif
Net gradient(const Net& net, const Tensor<float, dyn, 784>& x, const Tensor<int, dyn>& labels) {
  return grad([&](const auto& n) { return nn::cross_entropy(n(x), labels); })(net);
}

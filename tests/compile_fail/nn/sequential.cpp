// Layer 2 takes 100 numbers, the layers before it give 128.
// expect: Fits<2, .*Linear<100, 10.*Extents<-1, 128>|Position = 2.*Linear<100, 10.*Extents<-1, 128>
// expect: tenon: nn::Sequential: the layer at this position does not take what the layers before it give
#include <tenon/nn/activation.hpp>
#include <tenon/nn/linear.hpp>
#include <tenon/nn/sequential.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_TWIN
using Net = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;
#else
using Net = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<100, 10>>;
#endif

Tensor<float, dyn, 10> logits(const Net& net, const Tensor<float, dyn, 784>& x) { return net(x); }

// An input of the wrong width is the only error of a gradient through a model of the user's own.
// expect: Linear<100, 10.*Extents<-1, 128>
// expect: tenon: nn::Linear<In, Out>: the last extent of the input is not In
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
constexpr index_t width = 128;
#else
constexpr index_t width = 100;
#endif
template <class T = float>
struct Net {
  nn::Linear<784, 128, T> hidden;
  nn::Linear<width, 10, T> out;
  auto operator()(const auto& x) const { return out(relu(hidden(x))); }
};
Net<> gradient(const Net<>& net, const Tensor<float, dyn, 784>& x, const Tensor<int, dyn>& labels) {
  return grad([&](const auto& n) { return nn::cross_entropy(n(x), labels); })(net);
}

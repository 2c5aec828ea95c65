// A block that is repeated must give the shape that it takes.
// expect: KeepsShape<
// expect: tenon: nn::Repeat: the block does not give the element type and shape that it takes
#include <tenon/nn/linear.hpp>
#include <tenon/nn/repeat.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_TWIN
using Block = nn::Linear<4, 4>;
#else
using Block = nn::Linear<4, 3>;
#endif

auto run(const nn::Repeat<Block>& net, const Tensor<float, dyn, 4>& x) { return evaluate(net(x)); }

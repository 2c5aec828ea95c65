// A recorded function has derivatives of its own; within another derivative it is recorded along.
// expect: tenon: record: a recorded function takes plain numbers and has derivatives of its own
// first_lines: 14
#include <tenon/ad/replay.hpp>
#include <tenon/tenon.hpp>
using namespace tenon;
auto derivative(const Tensor<double, 2>& at) {
  const auto f = [](const auto& x) { return sum(x * x * x); };
#ifdef TENON_TWIN
  return record([&](const auto& x) { return 2 * f(x); }, at).grad(at);
#else
  const auto recorded = record(f, at);
  return grad([&](const auto& x) { return 2 * recorded(x); })(at);
#endif
}

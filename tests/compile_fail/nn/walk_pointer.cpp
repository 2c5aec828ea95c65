// A model that holds a part by pointer would be saved and trained without it.
// expect: NotWalked<
// expect: tenon: a pointer to part of a model .* is not walked
// first_lines: 13
#include <tenon/nn/linear.hpp>
#include <tenon/nn/module.hpp>

using namespace tenon;

struct Net {
#ifdef TENON_TWIN
  nn::Linear<2, 2> shared;
#else
  nn::Linear<2, 2>* shared;
#endif
  nn::Linear<2, 2> own;
};

index_t count(const Net& net) { return nn::parameter_count(net); }

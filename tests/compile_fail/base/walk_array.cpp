// An array as a direct member has no type of its own to walk.
// expect: tenon: cannot walk a type with an array as a direct member
// nvcc: yes
#include <tenon/base/reflect.hpp>

struct Layer {
#ifndef TENON_TWIN
  float weight[3];
#else
  float weight;
#endif
  int stride;
};

auto tie(Layer& layer) { return tenon::tie_members(layer); }

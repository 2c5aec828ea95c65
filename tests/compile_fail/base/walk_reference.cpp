// A reference member is not owned, so it cannot be a parameter.
// expect: tenon: cannot walk a type whose members are references
// nvcc: yes
#include <tenon/base/reflect.hpp>

#ifndef TENON_TWIN
struct Layer {
  int& a;
};
#else
struct Layer {
  int a;
};
#endif

int count = tenon::member_count<Layer>;

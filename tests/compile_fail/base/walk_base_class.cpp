// A base class hides members from structured bindings.
// expect: tenon: cannot walk a type with a base class
// nvcc: yes
#include <tenon/base/reflect.hpp>

#ifndef TENON_TWIN
struct Base {
  int a;
};
struct Layer : Base {
  int b;
};
#else
struct Base {
  int a;
};
struct Layer {
  Base base;
  int b;
};
#endif

int count = tenon::member_count<Layer>;

// A type with a constructor is no aggregate: it has to list its members.
// expect: tenon: cannot walk a type with constructors
// nvcc: yes
#include <tenon/base/reflect.hpp>

#ifndef TENON_TWIN
struct Layer {
  Layer() : a(1) {}
  int a;
};
#else
struct Layer {
  Layer() : a(1) {}
  static auto members(auto& self) { return tenon::named_members(tenon::named<"a">(self.a)); }
  int a;
};
#endif

int count = tenon::member_count<Layer>;

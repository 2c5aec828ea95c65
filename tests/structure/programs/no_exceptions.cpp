// The library without exceptions and RTTI: it is compiled, linked and run, not only parsed.
// flags: -fno-exceptions -fno-rtti
#include <tenon/tenon.hpp>

static_assert(TENON_THROWS == 0);

int main() {
  tenon::Tensor<float, 3> a{1, 2, 3};
  tenon::Tensor<float, 3> b = a * 2 + 1;
  return b(0) == 3 && b(1) == 5 && b(2) == 7 ? 0 : 1;
}

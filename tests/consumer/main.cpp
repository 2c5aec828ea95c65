// A user's first program: it must build outside the tree with nothing but the package found and the header included.
#include <tenon/tenon.hpp>

int main() {
  tenon::Tensor<float, 3> a{1, 2, 3};
  tenon::Tensor<float, 3> b = a * 2 + 1;
  return b(0) == 3 && b(1) == 5 && b(2) == 7 ? 0 : 1;
}

// The embedded profile compiles, and gives what the hosted one gives: fewer operands, smaller buffers, no threads.
// flags: -DTENON_EMBEDDED=1
#include <tenon/tenon.hpp>

static_assert(TENON_EMBEDDED);

int main() {
  using namespace tenon;
  Tensor<float, 40, 50> a;
  Tensor<float, 50, 40> b;
  for (index_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i % 7 - 3);
  for (index_t i = 0; i < b.size(); ++i) b.data()[i] = static_cast<float>(i % 5 - 2);
  const Tensor<float, 40, 50> c = a * 2 + transpose(b);
  const Tensor<float, 40, 40> d = matmul(a, b) + 1;
  const Tensor<float, 40> s = sum<1>(c * c);
  for (index_t i = 0; i < 40; ++i) {
    float total = 0;
    for (index_t j = 0; j < 50; ++j) {
      const float expected = a(i, j) * 2 + b(j, i);
      if (c(i, j) != expected) return 1;
      total += expected * expected;
    }
    if (s(i) != total) return 2;
    for (index_t j = 0; j < 40; ++j) {
      float product = 1;
      for (index_t k = 0; k < 50; ++k) product += a(i, k) * b(k, j);
      if (d(i, j) != product) return 3;
    }
  }
  return 0;
}

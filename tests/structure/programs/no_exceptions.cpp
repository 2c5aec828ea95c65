// The library without exceptions and RTTI: compiled, linked and run, not only parsed. A broken requirement reaches the
// contract handler with its message.
// semantics: [B1] [B2]
// flags: -fno-exceptions -fno-rtti
#include <tenon/tenon.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

static_assert(TENON_THROWS == 0);

namespace {
void handler(const char* message) {
  std::puts(message);
  std::exit(std::strstr(message, "expected 3 rows") != nullptr ? 0 : 1);
}
}  // namespace

int main() {
  tenon::Tensor<float, 3> a{1, 2, 3};
  tenon::Tensor<float, 3> b = a * 2 + 1;
  if (b(0) != 3 || b(1) != 5 || b(2) != 7) return 1;
  tenon::set_contract_handler(handler);
  tenon::expect<tenon::shape_error>(b(0) == 4, "tenon: expected 3 rows");
  return 1;  // the handler does not return
}

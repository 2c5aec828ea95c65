// Links a unit built for AVX2 with one built for AVX-512: each must run its own code.
// semantics: [B3]
#include <cstdio>

int avx2_isa();
int avx512_isa();
void avx2_scale_add(const float* x, const float* y, float* out, long n);
void avx512_scale_add(const float* x, const float* y, float* out, long n);

namespace {

int failures = 0;

void check(bool ok, const char* what) {
  if (ok) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

void check_unit(int isa, int expected, void (*scale_add)(const float*, const float*, float*, long), const char* name) {
  std::printf("%s: vectors of %d bits\n", name, isa);
  check(isa == expected, "a unit runs code compiled for another instruction set");
  constexpr long n = 1003;
  float x[n], y[n], out[n];
  for (long i = 0; i < n; ++i) {
    x[i] = static_cast<float>(i);
    y[i] = static_cast<float>(n - i);
  }
  scale_add(x, y, out, n);
  for (long i = 0; i < n; ++i) check(out[i] == static_cast<float>(n + 2 * i), name);
}

}  // namespace

int main() {
  if (!__builtin_cpu_supports("avx2")) {
    std::puts("SKIPPED structure.two_units: this CPU has no AVX2");
    return 77;
  }
  check_unit(avx2_isa(), 256, avx2_scale_add, "avx2");
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
    std::puts("SKIPPED structure.two_units: this CPU has no AVX-512");
    return failures ? 1 : 77;
  }
  check_unit(avx512_isa(), 512, avx512_scale_add, "avx512");
  return failures ? 1 : 0;
}

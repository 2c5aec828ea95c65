// base/ in device code: 16-bit conversions, promotion, names, references to members, the Philox generator.
#include <tenon/base/contract.hpp>
#include <tenon/base/element.hpp>
#include <tenon/base/reflect.hpp>
#include <tenon/math/philox.hpp>

#include <cstdio>

using namespace tenon;

struct Mixed {
  bfloat16 first;
  half second;
  float third;
};

// The bits of all 65536 values of T after a way through float, and of their squares.
template <class T>
__global__ void round_trip(unsigned short* same, unsigned short* square) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const T x = T::from_bits(static_cast<unsigned short>(i));
  same[i] = T(static_cast<float>(x)).bits;
  square[i] = (x * x).bits;
}

__global__ void describe(Mixed m, char* name, float* values) {
  constexpr auto second = member_name<Mixed, 1>();
  for (int i = 0; i < second.size(); ++i) name[i] = second[i];
  const auto members = tie_aggregate(m);
  get<2>(members) *= 2;
  values[0] = get<0>(members);
  values[1] = get<1>(members);
  values[2] = m.third;
  values[3] = static_cast<promote_t<half, int>>(limits<half>::max());
  values[4] = type_name<Mixed>().size();
  values[5] = static_cast<float>(math::philox4x32({{0, 0, 0, 0}}, {{0, 0}}).word[0] == 0x6627e8d5u);
  expect<index_error>(m.third > 0, "tenon: not reached");
}

int failures = 0;
void check(bool ok, const char* what) {
  if (ok) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

template <class T>
void check_type(const char* name) {
  unsigned short *same, *square;
  cudaMallocManaged(&same, 65536 * sizeof(unsigned short));
  cudaMallocManaged(&square, 65536 * sizeof(unsigned short));
  round_trip<T><<<256, 256>>>(same, square);
  check(cudaDeviceSynchronize() == cudaSuccess, "kernel");
  int wrong = 0;
  for (int i = 0; i < 65536; ++i) {
    const T x = T::from_bits(static_cast<unsigned short>(i));
    const bool nan = static_cast<float>(x) != static_cast<float>(x);
    if (T(static_cast<float>(x)).bits != same[i]) ++wrong;
    if (!nan && (x * x).bits != square[i]) ++wrong;
  }
  check(wrong == 0, name);
  cudaFree(same);
  cudaFree(square);
}

int main() {
  check_type<half>("half is the same on the device");
  check_type<bfloat16>("bfloat16 is the same on the device");
  char* name;
  float* values;
  cudaMallocManaged(&name, 64);
  cudaMallocManaged(&values, 64 * sizeof(float));
  describe<<<1, 1>>>(Mixed{bfloat16(1.5f), half(2.5f), 3.0f}, name, values);
  check(cudaDeviceSynchronize() == cudaSuccess, "kernel");
  check(name[0] == 's' && name[5] == 'd', "member_name");
  check(values[0] == 1.5f && values[1] == 2.5f && values[2] == 6.0f, "tie_aggregate");
  check(values[3] == 65504.0f, "limits");
  check(values[4] == 5, "type_name");
  check(values[5] == 1, "philox");
  if (failures == 0) std::printf("base: all passed on the device\n");
  return failures != 0;
}

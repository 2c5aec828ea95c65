// A kernel that evaluates a pointwise expression by index gives what the host gives. Compiled always, run where a GPU
// is.
#include <tenon/tenon.hpp>

#include <cstdio>
#include <vector>

using namespace tenon;

template <class N>
__global__ void evaluate_by_index(N e, float* out, index_t rows, index_t columns) {
  const index_t k = static_cast<index_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (k < rows * columns) {
    Dims i;
    i.push(k / columns);
    i.push(k % columns);
    out[k] = e.at(i);
  }
}

int main() {
  constexpr index_t rows = 37, columns = 29;
  Tensor<float, dyn, dyn> x(rows, columns);
  Tensor<float, dyn> y(columns);
  for (index_t i = 0; i < rows * columns; ++i) x.data()[i] = 0.01f * static_cast<float>(i) - 3;
  for (index_t i = 0; i < columns; ++i) y(i) = 0.1f * static_cast<float>(i);
  const Tensor<float, dyn, dyn> want = tanh(x * y + row(x, 1)) * exp(-x);

  float *device_x = nullptr, *device_y = nullptr, *device_out = nullptr;
  if (cudaMalloc(&device_x, rows * columns * sizeof(float)) != cudaSuccess) return 1;
  cudaMalloc(&device_y, columns * sizeof(float));
  cudaMalloc(&device_out, rows * columns * sizeof(float));
  cudaMemcpy(device_x, x.data(), rows * columns * sizeof(float), cudaMemcpyHostToDevice);
  cudaMemcpy(device_y, y.data(), columns * sizeof(float), cudaMemcpyHostToDevice);
  TensorView<const float, dyn, dyn> vx(device_x, rows, columns);
  TensorView<const float, dyn> vy(device_y, columns);
  evaluate_by_index<<<(rows * columns + 127) / 128, 128>>>(tanh(vx * vy + row(vx, 1)) * exp(-vx), device_out, rows,
                                                           columns);
  std::vector<float> got(rows * columns);
  if (cudaMemcpy(got.data(), device_out, rows * columns * sizeof(float), cudaMemcpyDeviceToHost) != cudaSuccess)
    return 1;
  for (index_t i = 0; i < rows * columns; ++i) {
    const float error = got[static_cast<size_t>(i)] - want.data()[i];
    const float size = want.data()[i] < 0 ? -want.data()[i] : want.data()[i];
    if (!(error < 1e-5f * (size + 1) && -error < 1e-5f * (size + 1))) {
      std::printf("element %ld: %g on the device, %g on the host\n", static_cast<long>(i),
                  static_cast<double>(got[static_cast<size_t>(i)]), static_cast<double>(want.data()[i]));
      return 1;
    }
  }
  std::printf("device = host for %ld elements\n", static_cast<long>(rows * columns));
  return 0;
}

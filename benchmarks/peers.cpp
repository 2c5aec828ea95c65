// benchmarks/peers.cpp: finds the libraries that are measured beside tenon.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "peers.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#if BENCH_EIGEN
#include <Eigen/Core>
#endif
#if BENCH_GLM
#include <glm/glm.hpp>
#endif
#if BENCH_XSMM
#include <libxsmm.h>
#endif

namespace bench {
namespace {

template <class F>
bool find(void* library, const char* name, F& f) {
  f = reinterpret_cast<F>(dlsym(library, name));
  return f != nullptr;
}

// Opens the first file that there is; nothing it defines is visible to another library.
void add(std::vector<Blas>& all, const char* name, const char* package, std::initializer_list<const char*> files) {
  void* library = nullptr;
  for (const char* file : files)
    if (!library) library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  Blas b;
  b.name = name;
  if (!library || !find(library, "cblas_sgemm", b.sgemm) || !find(library, "cblas_dgemm", b.dgemm) ||
      !find(library, "cblas_sgemv", b.sgemv)) {
    std::fprintf(stderr, "SKIPPED %s: not found (Debian: %s)\n", name, package);
    return;
  }
  find(library, "openblas_set_num_threads", b.set_threads);
  char* (*text)() = nullptr;
  for (const char* function : {"openblas_get_config", "bli_info_get_version_str"})
    if (find(library, function, text)) b.version += text();
  if (find(library, "openblas_get_corename", text)) b.version += std::string(" core ") + text();
  if (const char* kind = std::getenv("BLIS_ARCH_TYPE"); kind && std::string(name) == "blis")
    b.version += std::string(", BLIS_ARCH_TYPE=") + kind;
  all.push_back(std::move(b));
}

}  // namespace

const std::vector<Blas>& blas_libraries() {
  static const std::vector<Blas> all = [] {
    std::vector<Blas> list;
    add(list, "openblas", "libopenblas-dev", {"libopenblas.so.0", "libopenblas.so"});
    add(list, "blis", "libblis-dev", {"libblis.so.4", "libblis.so"});
    return list;
  }();
  return all;
}

#if BENCH_XSMM
// Column-major: the row-major product a b is that of b and a with m and n exchanged.
template <>
SmallProduct<float> xsmm_product(int m, int n, int k) {
  const float one = 1, zero = 0;
  const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  return reinterpret_cast<SmallProduct<float>>(
      libxsmm_smmdispatch(n, m, k, nullptr, nullptr, nullptr, &one, &zero, &flags, &prefetch));
}
template <>
SmallProduct<double> xsmm_product(int m, int n, int k) {
  const double one = 1, zero = 0;
  const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  return reinterpret_cast<SmallProduct<double>>(
      libxsmm_dmmdispatch(n, m, k, nullptr, nullptr, nullptr, &one, &zero, &flags, &prefetch));
}
SumOfProducts xsmm_sum_of_products(int m, int n, int k) {
  const float one = 1, zero = 0;
  const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  return reinterpret_cast<SumOfProducts>(
      libxsmm_smmdispatch_reducebatch_addr(n, m, k, nullptr, nullptr, nullptr, &one, &zero, &flags, &prefetch));
}
#else
template <>
SmallProduct<float> xsmm_product(int, int, int) {
  return nullptr;
}
template <>
SmallProduct<double> xsmm_product(int, int, int) {
  return nullptr;
}
SumOfProducts xsmm_sum_of_products(int, int, int) { return nullptr; }
#endif

std::vector<std::pair<std::string, std::string>> peers() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Blas& b : blas_libraries()) list.emplace_back(b.name, b.version);
#if BENCH_EIGEN
  list.emplace_back("eigen", std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                 std::to_string(EIGEN_MINOR_VERSION));
#else
  std::fprintf(stderr, "SKIPPED eigen: not found (Debian: libeigen3-dev)\n");
#endif
#if BENCH_GLM
  list.emplace_back("glm", std::to_string(GLM_VERSION_MAJOR) + "." + std::to_string(GLM_VERSION_MINOR) + "." +
                               std::to_string(GLM_VERSION_PATCH) + "." + std::to_string(GLM_VERSION_REVISION));
#else
  std::fprintf(stderr, "SKIPPED glm: not found (Debian: libglm-dev)\n");
#endif
#if BENCH_XSMM
  list.emplace_back("libxsmm", std::string(LIBXSMM_VERSION) + ", " + libxsmm_get_target_arch());
#else
  std::fprintf(stderr, "SKIPPED libxsmm: not found (Debian: libxsmm-dev)\n");
#endif
  return list;
}

}  // namespace bench

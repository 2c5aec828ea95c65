// benchmarks/autodiff/peers.cpp: says which libraries for derivatives were found, and their versions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "peers.hpp"

#if BENCH_CERES
#include <ceres/version.h>
#endif

namespace bench {
namespace {

void say(const char* name, const char* version, const char* from) {
  if (version)
    benchmark::AddCustomContext(name, version);
  else
    std::fprintf(stderr, "SKIPPED %s: not found (%s)\n", name, from);
}

const Area area([] {
#if BENCH_CERES
  say("ceres", CERES_VERSION_STRING, "");
#else
  say("ceres", nullptr, "Debian: libceres-dev");
#endif
#if BENCH_ADEPT
  say("adept", ADEPT_VERSION_STR, "");
#else
  say("adept", nullptr, "CMake: TENON_ADEPT_INCLUDE, TENON_ADEPT_LIBRARY");
#endif
#if BENCH_ADOLC
  say("adolc", "found", "");
#else
  say("adolc", nullptr, "Debian: libadolc-dev");
#endif
#if BENCH_CPPAD
  say("cppad", CPPAD_PACKAGE_STRING, "");
#else
  say("cppad", nullptr, "CMake: TENON_CPPAD_INCLUDE, TENON_CPPAD_LIBRARY");
#endif
#if BENCH_CODIPACK
  say("codipack", CODI_VERSION, "");
#else
  say("codipack", nullptr, "CMake: TENON_CODIPACK_INCLUDE");
#endif
#if BENCH_XAD
  say("xad", XAD_VERSION_STRING, "");
#else
  say("xad", nullptr, "CMake: TENON_XAD_INCLUDE, TENON_XAD_LIBRARY");
#endif
#if BENCH_SACADO
  say("sacado", Sacado_Version().c_str(), "");
#else
  say("sacado", nullptr, "Debian: libtrilinos-sacado-dev");
#endif
#if BENCH_AUTODIFF
  say("autodiff", "found", "");
#else
  say("autodiff", nullptr, "CMake: TENON_AUTODIFF_INCLUDE");
#endif
#if !BENCH_HAND
  std::fprintf(stderr, "SKIPPED hand_simd: gradients in AVX-512 (F, BW, DQ, VL), which the flags do not allow\n");
#endif
});

}  // namespace
}  // namespace bench

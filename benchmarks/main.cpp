// benchmarks/main.cpp: registers all cases and runs them; the options are Google Benchmark's, and --threads
// for the cases that run on several cores instead of all others.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstring>

#include "common.hpp"
#include "peers.hpp"

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::AddCustomContext("flags", BENCH_FLAGS);
#if !BENCH_HAND
  std::fprintf(stderr,
               "SKIPPED hand: the hand-written kernels need AVX-512 (F, BW, DQ, VL), which the flags do not allow\n");
#endif
  for (const auto& [name, version] : bench::peers()) benchmark::AddCustomContext(name, version);
  bench::Cores cores = bench::Cores::one;
  if (argc > 1 && std::strcmp(argv[1], "--threads") == 0) {
    cores = bench::Cores::several;
    argv[1] = argv[0], ++argv, --argc;
  }
  for (auto* add : bench::Area::list(cores)) add();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const auto count = benchmark::RunSpecifiedBenchmarks();
  if (count == 0) std::fprintf(stderr, "FAILED: no benchmark has such a name\n");
  return count == 0;
}

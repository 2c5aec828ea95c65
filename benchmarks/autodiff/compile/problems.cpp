// benchmarks/autodiff/compile/problems.cpp: five problems over one library's numbers, to time the compiler.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// run.sh says which library: BENCH_HEADER is what its users include, BENCH_NUMBER its number.
#if defined(BENCH_HEADER)
#include BENCH_HEADER
#endif

#include "../asian.hpp"
#include "../burgers.hpp"
#include "../gmm.hpp"
#include "../lstm.hpp"
#include "../mlp.hpp"

#if !defined(BENCH_NUMBER)
#define BENCH_NUMBER double
#endif

namespace bench {
using Number = BENCH_NUMBER;
template Number asian::price(const asian::Simulation&, const Number*, const double*);
template Number burgers::energy(const burgers::Grid&, const Number*);
template Number gmm::log_posterior(const gmm::Mixture&, const Number*, const double*);
template Number lstm::loss(const lstm::Model&, const Number*, const double*, const double*);
template Number mlp::loss(const mlp::Net&, const Number*, const double*, const double*);
}  // namespace bench

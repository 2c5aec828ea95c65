// tests/exhaustive/functions.hpp: what the two units of the program know of each other: tables of plain functions, as
// each may be compiled for another instruction set.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

/// How many numbers one call takes.
inline constexpr int block = 4096;

/// A function of one float, as it is compiled for the instruction set under test.
struct Function {
  const char* name;
  double claim, lo, hi;                       ///< in ULP; the interval that the claim is documented for
  void (*packs)(const float* x, float* y);    ///< `block` numbers in registers
  void (*scalars)(const float* x, float* y);  ///< and one by one
};
/// The same function in higher precision.
struct Exact {
  const char* name;
  void (*packs)(const float* x, double* y);  ///< `block` numbers: quickly, in double
  int parity;                                ///< 1: even, -1: odd, 0: neither
  long double (*at)(long double x);          ///< by other means; null where there is none
};

extern const Function* const functions;
extern const Exact* const exacts;
extern const int function_count, exact_count;
extern const char* const instruction_set;

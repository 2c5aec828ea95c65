// The training program of examples/digits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define TENON_EXAMPLE_DATA ""
#include "../../../examples/digits/train.cpp"

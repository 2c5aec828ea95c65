// tests/embedded/network.hpp: a small dense network, the same for the library and for plain loops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

inline constexpr int inputs = 4, hidden = 6, outputs = 2;
// All parameters one after the other: weights[hidden][inputs], their biases, weights[outputs][hidden], theirs.
inline constexpr int bias1_at = hidden * inputs, weights2_at = bias1_at + hidden,
                     bias2_at = weights2_at + outputs * hidden, parameters = bias2_at + outputs;

/// y = weights2 tanh(weights1 x + bias1) + bias2.
void forward(const float* p, const float* x, float* y);
/// One step of gradient descent on |y - target|^2; gives the loss before it.
float descend(float* p, const float* x, const float* target, float rate);

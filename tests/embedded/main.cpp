// tests/embedded/main.cpp: the network on a processor without an operating system, against plain loops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <math.h>

#include "network.hpp"

void print(const char* text);

namespace {

struct Plain {
  float h[hidden], y[outputs];
};
Plain plain(const float* p, const float* x) {
  Plain r;
  for (int j = 0; j < hidden; ++j) {
    float a = p[bias1_at + j];
    for (int i = 0; i < inputs; ++i) a += p[j * inputs + i] * x[i];
    r.h[j] = tanhf(a);
  }
  for (int k = 0; k < outputs; ++k) {
    r.y[k] = p[bias2_at + k];
    for (int j = 0; j < hidden; ++j) r.y[k] += p[weights2_at + k * hidden + j] * r.h[j];
  }
  return r;
}
float plain_descend(float* p, const float* x, const float* target, float rate) {
  const Plain r = plain(p, x);
  float loss = 0, slope[hidden] = {};
  for (int k = 0; k < outputs; ++k) {
    const float e = r.y[k] - target[k];
    loss += e * e;
    for (int j = 0; j < hidden; ++j) {
      slope[j] += 2 * e * p[weights2_at + k * hidden + j];
      p[weights2_at + k * hidden + j] -= rate * 2 * e * r.h[j];
    }
    p[bias2_at + k] -= rate * 2 * e;
  }
  for (int j = 0; j < hidden; ++j) {
    const float a = slope[j] * (1 - r.h[j] * r.h[j]);
    for (int i = 0; i < inputs; ++i) p[j * inputs + i] -= rate * a * x[i];
    p[bias1_at + j] -= rate * a;
  }
  return loss;
}
bool near(float a, float b) { return fabsf(a - b) <= 2e-6f; }

}  // namespace

int main() {
  float p[parameters], q[parameters];
  for (int i = 0; i < parameters; ++i) p[i] = q[i] = static_cast<float>((i * 37 + 11) % 29 - 14) / 20;
  const float x[inputs] = {0.5f, -1, 0.25f, 0.75f}, target[outputs] = {0.3f, -0.6f};
  float first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    float y[outputs];
    forward(p, x, y);
    const Plain r = plain(q, x);
    for (int k = 0; k < outputs; ++k)
      if (!near(y[k], r.y[k])) return print("FAILED: the forward pass differs\n"), 1;
    last = descend(p, x, target, 0.05f);
    if (step == 0) first = last;
    if (!near(last, plain_descend(q, x, target, 0.05f))) return print("FAILED: the loss differs\n"), 1;
    for (int i = 0; i < parameters; ++i)
      if (!near(p[i], q[i])) return print("FAILED: a parameter differs after a step\n"), 1;
  }
  if (!(last < first / 10)) return print("FAILED: it does not learn\n"), 1;
  print("20 steps give what plain loops give\n");
  return 0;
}

// tests/unit/exec/prologue.cpp: operands of contractions that are computed while they are packed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>

#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// The largest block that was asked for while it lives.
class LargestBlock {
 public:
  LargestBlock() {
    trim_pool();
    largest = 0;
    set_allocator({[](std::size_t bytes, void*) {
                     if (bytes > largest) largest = bytes;
                     return detail::system_allocate(bytes, nullptr);
                   },
                   [](void* p, std::size_t bytes, void*) { detail::system_deallocate(p, bytes, nullptr); }, nullptr});
  }
  ~LargestBlock() { set_allocator({detail::system_allocate, detail::system_deallocate, nullptr}); }
  std::size_t operator()() const { return largest; }

 private:
  static inline std::size_t largest = 0;
};

template <class T>
Tensor<T, dyn, dyn> numbers(index_t n, index_t m, unsigned seed) {
  Tensor<T, dyn, dyn> x(n, m);
  unsigned state = seed * 2654435761u + 1;
  for (T& v : x) v = static_cast<T>(static_cast<int>((state = state * 1664525u + 1013904223u) >> 28) - 7);
  return x;
}
bool packed(const Plan& p) { return p.temporaries == 0 && p.loops == 1; }

// Numbers are small integers: results are exact, whatever the order of sums.
template <class T, class S>
void check(index_t m, index_t k, index_t n) {
  CAPTURE(m);
  CAPTURE(k);
  CAPTURE(n);
  const auto x = numbers<T>(m, k, 1), w = numbers<T>(k, n, 2), xt = numbers<T>(k, m, 3), wt = numbers<T>(n, k, 4);
  const auto s = numbers<T>(1, k, 5), r = numbers<T>(m, 1, 6), c = numbers<T>(1, n, 7);
  Tensor<S, dyn, dyn> got(m, n), want(m, n);
  const auto same = [&] {
    for (index_t i = 0; i < m * n; ++i)
      if (!(got.data()[i] == want.data()[i])) return false;
    return true;
  };
  const auto run = [&](const auto& a, const auto& b) {
    // Named operands are evaluated.
    const auto ea = evaluate(a), eb = evaluate(b);
    want = matmul(ea, eb);
  };
  run(x * s, w);
  got = matmul(x * s, w);
  CHECK(same());
  run(x, w * c - transpose(s));
  got = matmul(x, w * c - transpose(s));
  CHECK(same());
  if constexpr (!is_floating<T>) return;  // the engine does not look at what is computed
  run(x * r + T(1), w);
  got = matmul(x * r + T(1), w);
  CHECK(same());
  run(transpose(xt) * s, transpose(wt) * c);
  got = matmul(transpose(xt) * s, transpose(wt) * c);
  CHECK(same());
  run(abs(transpose(xt)) + x, w + transpose(wt));
  got = matmul(abs(transpose(xt)) + x, w + transpose(wt));
  CHECK(same());
  // A consumer as well.
  want = matmul(evaluate(x * s), w);
  want = maximum(want + r, c);
  got = maximum(matmul(x * s, w) + r, c);
  CHECK(same());
}

}  // namespace

TEST_CASE("operands that are programs give what they give when they are evaluated first") {
  for (const auto& [m, k, n] : {std::array<index_t, 3>{64, 64, 64},
                                {97, 131, 77},
                                {512, 33, 16},
                                {16, 1100, 40},
                                {70, 1500, 24},
                                {24, 300, 1000},
                                {256, 17, 1024}}) {
    check<float, float>(m, k, n);
    check<double, double>(m, k, n);
  }
}

TEST_CASE("other element types") {
  check<int, int>(97, 131, 77);
  check<short, int>(97, 131, 77);
  const auto narrow = [](auto zero) {
    using T = decltype(zero);
    const auto x = numbers<T>(70, 130, 1), w = numbers<T>(130, 50, 2);
    const auto a = evaluate(x * T(2));
    Tensor<float, dyn, dyn> want = matmul(cast<float>(a), cast<float>(w));
    Tensor<T, dyn, dyn> got = matmul(x * T(2), w);
    CHECK(packed(explain(matmul(x * T(2), w))));
    for (index_t i = 0; i < got.size(); ++i) CHECK(got.data()[i] == static_cast<T>(want.data()[i]));
  };
  narrow(bfloat16{});
  narrow(half{});
}

TEST_CASE("they are not stored") {
  const auto x = numbers<float>(600, 500, 1), w = numbers<float>(500, 40, 2);
  const auto s = numbers<float>(1, 500, 3);
  Tensor<float, dyn, dyn> y(600, 40), z(600, 40);
  {
    const LargestBlock block;
    y = matmul(x * s, w);
    CHECK(block() < 600 * 500);
  }
  {
    const LargestBlock block;
    z = matmul(evaluate(x * s), w);
    CHECK(block() > 600 * 500 * 4);
  }
  CHECK(std::memcmp(y.data(), z.data(), 600 * 40 * sizeof(float)) == 0);
}

TEST_CASE("what would be computed often, or is small, is evaluated first; explain says which") {
  const auto x = numbers<float>(256, 64, 1), w = numbers<float>(64, 128, 2), wide = numbers<float>(64, 4000, 3),
             small = numbers<float>(8, 8, 4);
  const auto s = numbers<float>(1, 64, 5);
  CHECK(packed(explain(matmul(x * s, w))));
  CHECK(packed(explain(gelu(matmul(x * 2, w) + 1))));
  CHECK(packed(explain(matmul(tanh(x), w))));
  CHECK(std::string(explain(matmul(x * s, w)).c_str()).find("multiply(a, b) [256, 64]") != std::string::npos);
  CHECK(explain(matmul(x * s, wide)).temporaries == 1);
  CHECK(explain(matmul(small * 2, small)).temporaries == 1);
  const auto longer = numbers<float>(256, 600, 6), square = numbers<float>(600, 600, 7);  // more than is kept at once
  CHECK(explain(matmul(longer * 2, square)).temporaries == 1);
  CHECK(packed(explain(matmul(longer * 2, numbers<float>(600, 100, 8)))));
  CHECK(array_equal(evaluate(matmul(x * s, wide)), evaluate(matmul(evaluate(x * s), wide))));
  CHECK(array_equal(evaluate(matmul(small * 2, small)), evaluate(matmul(small, small) * 2)));
}

TEST_CASE("batches, several sums, named labels") {
  const auto q = evaluate(reshape<dyn, dyn, dyn>(numbers<float>(240, 24, 1), 6, 40, 24));
  const auto k = evaluate(reshape<dyn, dyn, dyn>(numbers<float>(300, 24, 2), 6, 50, 24));
  const Tensor<float, dyn, dyn, dyn> sq = q * 2 + 1, sk = abs(k);
  CHECK(array_equal(evaluate(einsum<"bqd,bkd->bqk">(q * 2 + 1, abs(k))), evaluate(einsum<"bqd,bkd->bqk">(sq, sk))));
  CHECK(array_equal(evaluate(einsum<"bqd,bkd->qk">(q * 2 + 1, abs(k))), evaluate(einsum<"bqd,bkd->qk">(sq, sk))));
  CHECK(array_equal(evaluate(einsum<"bqd,bkd->qbk">(q * 2 + 1, abs(k))), evaluate(einsum<"bqd,bkd->qbk">(sq, sk))));
  CHECK(array_equal(evaluate(einsum<"bqd,bkd->kq">(q * 2 + 1, k)), evaluate(einsum<"bqd,bkd->kq">(sq, k))));
}

TEST_CASE("sums over what only the other operand has") {
  const auto a = numbers<int>(64, 70, 1), b = numbers<int>(50, 40, 2);
  const Tensor<int, dyn, dyn> a2 = a * 2, b2 = b * 2;
  CHECK(array_equal(evaluate(einsum<"ij,kl->ik">(a * 2, b)), evaluate(einsum<"ij,kl->ik">(a2, b))));
  CHECK(array_equal(evaluate(einsum<"ij,kl->ik">(a, b * 2)), evaluate(einsum<"ij,kl->ik">(a, b2))));
  CHECK(array_equal(evaluate(einsum<"ij,kl->jk">(a * 2, b * 2)), evaluate(einsum<"ij,kl->jk">(a2, b2))));
}

TEST_CASE("a target that a leaf reads is written afterwards") {
  auto x = numbers<float>(400, 400, 1);
  const auto w = numbers<float>(400, 400, 2);
  const Tensor<float, dyn, dyn> want = matmul(evaluate(transpose(x) * 2), w);
  x = matmul(transpose(x) * 2, w);
  CHECK(std::memcmp(x.data(), want.data(), 160000 * sizeof(float)) == 0);
}

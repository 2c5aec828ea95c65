// tenon/math/philox.hpp: the Philox4x32-10 counter-based random number generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pure function from a 128-bit counter and a 64-bit key to four 32-bit words: any element of a random tensor can be
// computed by itself, in any order, on any device, and has the same bits everywhere. Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", 2011; the constants are from its section 4.2 and table 2.
//   philox4x32({0, 0, 0, 0}, {0, 0}).word[0] is 0x6627e8d5.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

/// Four 32-bit words: a counter, or the random bits for one.
struct PhiloxCounter {
  unsigned word[4];
};
/// The key, such as a seed: each gives an independent sequence.
struct PhiloxKey {
  unsigned word[2];
};

/// The random words that belong to a counter and a key.
TENON_FN PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  unsigned c0 = counter.word[0], c1 = counter.word[1], c2 = counter.word[2], c3 = counter.word[3];
  unsigned k0 = key.word[0], k1 = key.word[1];
  for (int round = 0; round < 10; ++round) {
    const unsigned long long p0 = 0xd2511f53ull * c0, p1 = 0xcd9e8d57ull * c2;
    c0 = static_cast<unsigned>(p1 >> 32) ^ c1 ^ k0;
    c2 = static_cast<unsigned>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<unsigned>(p1);
    c3 = static_cast<unsigned>(p0);
    k0 += 0x9e3779b9u;  // the golden ratio, 2^32 / phi
    k1 += 0xbb67ae85u;  // the square root of 3 less 1, times 2^32
  }
  return {{c0, c1, c2, c3}};
}

/// The same for a 64-bit position in the sequence `stream` of the generator with a 64-bit seed.
TENON_FN PhiloxCounter philox4x32(unsigned long long position, unsigned long long stream, unsigned long long seed) {
  return philox4x32(PhiloxCounter{{static_cast<unsigned>(position), static_cast<unsigned>(position >> 32),
                                   static_cast<unsigned>(stream), static_cast<unsigned>(stream >> 32)}},
                    PhiloxKey{{static_cast<unsigned>(seed), static_cast<unsigned>(seed >> 32)}});
}

/// A float in [0, 1): a multiple of 2^-24, from the upper 24 bits of a word.
TENON_FN float uniform_float(unsigned word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
/// A double in [0, 1): a multiple of 2^-53, from the upper 53 bits of two words.
TENON_FN double uniform_double(unsigned high, unsigned low) {
  return static_cast<double>(((static_cast<unsigned long long>(high) << 32) | low) >> 11) * 0x1p-53;
}
/// A float in (0, 1], for the logarithm of the Box-Muller transform.
TENON_FN float positive_uniform_float(unsigned word) { return static_cast<float>((word >> 8) + 1u) * 0x1p-24f; }
/// A double in (0, 1], for the logarithm of the Box-Muller transform.
TENON_FN double positive_uniform_double(unsigned high, unsigned low) {
  return static_cast<double>((((static_cast<unsigned long long>(high) << 32) | low) >> 11) + 1u) * 0x1p-53;
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon

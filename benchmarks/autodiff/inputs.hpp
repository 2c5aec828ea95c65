// benchmarks/autodiff/inputs.hpp: ADBench's own inputs, if the user has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The environment variable TENON_BENCH_DATA names a directory that holds ADBench's `data` as `adbench`.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace bench {

/// The path of one of ADBench's files; empty, and named on stderr as SKIPPED, if it is not there.
inline std::string input(const std::string& name) {
  const char* root = std::getenv("TENON_BENCH_DATA");
  const std::string path = root ? root + ("/adbench/" + name) : "";
  if (root && std::ifstream(path)) return path;
  std::fprintf(stderr, "SKIPPED adbench/%s: not in TENON_BENCH_DATA (%s)\n", name.c_str(), root ? root : "not set");
  return "";
}

/// A text of numbers, read one after the other; a missing one ends the program.
class Numbers {
 public:
  explicit Numbers(const std::string& path) : path_(path), file_(path) {}
  double next() {
    double x = 0;
    if (!(file_ >> x)) {
      std::fprintf(stderr, "FAILED: %s ends too early\n", path_.c_str());
      std::exit(1);
    }
    return x;
  }
  std::size_t count() { return static_cast<std::size_t>(next()); }
  void read(double* to, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) to[i] = next();
  }

 private:
  std::string path_;
  std::ifstream file_;
};

}  // namespace bench

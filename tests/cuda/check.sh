#!/usr/bin/env bash
# Compiles for CUDA, and runs what can run.
#   check.sh headers FOLDER INCLUDE_DIR NVCC HOST_COMPILER     all headers of a folder in one .cu object
#   check.sh program FILE.cu INCLUDE_DIR NVCC HOST_COMPILER    a program, run where a GPU is; else skipped after compiling
set -u
mode=$1 what=$2 include_dir=$3 nvcc=$4
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
compile=("$nvcc" -std=c++20 -ccbin "$5" -I "$include_dir" -O2)
[ -d /usr/include/eigen3 ] && compile+=(-isystem /usr/include/eigen3)

if [ "$mode" = headers ]; then
  # What needs other libraries is not for kernels.
  (cd "$include_dir" && grep -rLE '#include <(tbb/|Eigen/|tenon/linalg/)' --include='*.hpp' "tenon/$what" 2>/dev/null |
    sort | sed 's|.*|#include <&>|') >"$build/all.cu"
  [ -s "$build/all.cu" ] || { echo "SKIPPED cuda.headers.$what: the folder has no header"; exit 77; }
  "${compile[@]}" -c "$build/all.cu" -o "$build/all.o" || { echo "FAILED: nvcc does not compile $what/"; exit 1; }
  echo "nvcc compiles $(wc -l <"$build/all.cu") headers of $what/"
  exit 0
fi

"${compile[@]}" "$what" -o "$build/program" || exit 1
if ! nvidia-smi -L >/dev/null 2>&1; then
  echo "SKIPPED $(basename "$what"): compiled, but there is no GPU to run it on"
  exit 77
fi
"$build/program"

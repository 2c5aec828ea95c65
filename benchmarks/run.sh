#!/usr/bin/env bash
# All benchmarks on a fresh Debian or Ubuntu machine: installs the libraries that tenon is measured against, builds
# below build/, runs everything in one process on one core, repetitions in random order. What is measured on several
# cores (the area `threads`) runs in a second process, not held on one core, and by the time on the clock.
#   benchmarks/run.sh                    all; medians on the terminal
#   benchmarks/run.sh --filter REGEX     those whose name area/case/type/size/library matches
#   benchmarks/run.sh --json FILE        also Google Benchmark's JSON
#   benchmarks/run.sh --report           writes docs/benchmarks.md (with --json FILE and --no-run: from that file)
#   benchmarks/run.sh --arch ARCH        compiled with -march=ARCH, in a folder of its own; peers that choose their code
#                                        at run time are held to the same instructions; the report is
#                                        docs/benchmarks-INSTRUCTIONS.md, docs/benchmarks-avx2.md for haswell
#   benchmarks/run.sh --repetitions N --min-time SECONDS    5 and 0.05 if not said
# A peer that this machine has not is named as SKIPPED. Some are measured only if the environment says so:
#   TENON_EIGEN5_INCLUDE=DIR   Eigen 5 beside Eigen 3.4, from a folder that holds it
#   TENON_BENCH_TORCH=ON       libtorch, which takes long to compile (Debian: libtorch-dev)
#   TENON_ONNXRUNTIME_INCLUDE=DIR, TENON_ONNXRUNTIME_LIBRARY=FILE   ONNX Runtime, where no package has it: a folder with
#                              onnxruntime_c_api.h, and libonnxruntime.so; not with --arch, which it cannot be held to
#   TENON_<NAME>_INCLUDE=DIR, TENON_<NAME>_LIBRARY=FILE   libraries for derivatives, where no package has them: a folder
#                              with their headers, and the library (CODIPACK, SACADO and AUTODIFF have none), of ADEPT,
#                              ADOLC, CPPAD, CODIPACK (codi.hpp), XAD (XAD/XAD.hpp), SACADO (Sacado.hpp) and
#                              AUTODIFF (autodiff/reverse/var.hpp); built with optimisation, or their times mean little
#   TENON_BENCH_DATA=DIR       ADBench's own inputs, from a folder that holds its `data` as `adbench`
set -eu -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/.ci/common.sh"

command="benchmarks/run.sh $*" filter=. json='' report='' arch=native run=yes repetitions=5 min_time=0.05
while [ $# -gt 0 ]; do
  case $1 in
    --filter | --json | --arch | --repetitions | --min-time)
      [ $# -gt 1 ] || { echo "$1 needs a value" >&2; exit 2; }
      case $1 in
        --filter) filter=$2 ;;
        --json) json=$2 ;;
        --arch) arch=$2 ;;
        --repetitions) repetitions=$2 ;;
        --min-time) min_time=$2 ;;
      esac
      shift
      ;;
    --report) report=yes ;;
    --no-run) run='' ;;
    -h | --help) sed -n '2,/^set/s/^# //p' "$0"; exit 0 ;;
    *) echo "unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
json=${json:-$scratch/all.json}

# The widest instructions that -march=ARCH allows, by the name that reports have.
instructions() {
  local macros
  macros=$("$(find_gxx)" -march="$arch" -dM -E -x c++ /dev/null) || { echo "unknown --arch $arch" >&2; return 2; }
  case $macros in
    *__AVX512F__*) echo avx512 ;;
    *__AVX2__*) echo avx2 ;;
    *__AVX__*) echo avx ;;
    *__SSE2__*) echo sse ;;
    *) echo "$arch" ;;
  esac
}
name=benchmarks build=$root/build/benchmarks
if [ "$arch" != native ]; then
  provide g++ || true
  width=$(instructions)
  name=benchmarks-$width build=$root/build/benchmarks-$arch
fi
build=${TENON_BENCH_BUILD:-$build}

# Libraries with code for several machines: the one that is meant, not always the one that they choose.
peers_for() {
  case $1 in
    avx512) export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SkylakeX} BLIS_ARCH_TYPE=${BLIS_ARCH_TYPE:-0} ;;
    avx2) export OPENBLAS_CORETYPE=Haswell BLIS_ARCH_TYPE=3 LIBXSMM_TARGET=hsw DNNL_MAX_CPU_ISA=AVX2 ;;
    avx) export OPENBLAS_CORETYPE=Sandybridge BLIS_ARCH_TYPE=4 LIBXSMM_TARGET=snb DNNL_MAX_CPU_ISA=AVX ;;
    sse) export OPENBLAS_CORETYPE=Nehalem BLIS_ARCH_TYPE=5 LIBXSMM_TARGET=wsm DNNL_MAX_CPU_ISA=SSE41 ;;
  esac
}

if [ -n "$run" ]; then
  peers=()
  for peer in ADEPT ADOLC CPPAD CODIPACK XAD SACADO AUTODIFF ONNXRUNTIME; do
    for place in "TENON_${peer}_INCLUDE" "TENON_${peer}_LIBRARY"; do
      [ -z "${!place:-}" ] || peers+=("-D$place=${!place}")
    done
  done
  [ "$arch" = native ] || peers+=(-DTENON_ONNXRUNTIME_LIBRARY=)  # it chooses its code at run time, come what may
  provide g++ cmake ninja-build libbenchmark-dev libeigen3-dev libopenblas-dev libblis-dev libglm-dev libxsmm-dev \
    libdnnl-dev libxtensor-dev libxsimd-dev libadolc-dev libceres-dev libtrilinos-sacado-dev python3 || true
  # A folder that was configured with another compiler would let CMake forget all that it is told here.
  rm -f "$build/CMakeCache.txt"
  # shellcheck disable=SC2046
  cmake -S "$root" -B "$build" -DCMAKE_CXX_COMPILER="$(type -P "$(find_gxx)")" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE= -DTENON_BUILD_TESTS=OFF -DTENON_BUILD_EXAMPLES=OFF -DTENON_BUILD_BENCHMARKS=ON \
    -DTENON_BENCHMARK_FLAGS="-O2 -march=$arch" ${TENON_EIGEN5_INCLUDE:+"-DTENON_EIGEN5_INCLUDE=$TENON_EIGEN5_INCLUDE"} \
    ${TENON_BENCH_TORCH:+"-DTENON_BENCH_TORCH=$TENON_BENCH_TORCH"} "${peers[@]}" $(generator "$build")
  cmake --build "$build" --parallel "$(parallel_jobs)" --target tenon_bench || {
    echo "FAILED: the benchmarks do not build (they need libbenchmark-dev)" >&2
    exit 1
  }
  if [ "$arch" != native ]; then
    peers_for "$width"
  elif grep -q avx512f /proc/cpuinfo; then
    # Debian's OpenBLAS and BLIS do not know the newer AVX-512 cores and would run at half speed there, or less.
    peers_for avx512
  fi
  # The compiler's seconds for five problems over the numbers of each library: the least of three, as --benchmark_context.
  compile_seconds() {
    local list=',' library header number flag TIMEFORMAT=%U
    while IFS='|' read -r library header number flag; do
      local known=() seconds=()
      if [ "$library" != primal ] && [ "$library" != tenon ]; then
        known=(-isystem "$(sed -n "s/^TENON_${library^^}_INCLUDE:PATH=//p" "$build/CMakeCache.txt")")
        case ${known[1]} in
          '' | *NOTFOUND) continue ;;
          /usr/include) known=() ;;  # the compiler looks there by itself, and later
        esac
      fi
      # shellcheck disable=SC2086
      for _ in 1 2 3; do
        seconds+=("$({ time "$(find_gxx)" -std=c++20 -O2 "-march=$arch" -DNDEBUG ${header:+"-DBENCH_HEADER=<$header>"} \
          "-DBENCH_NUMBER=$number" $flag -I "$root/include" "${known[@]}" -isystem /usr/include/eigen3 -c -o "$scratch/o" \
          "$root/benchmarks/autodiff/compile/problems.cpp" 2>/dev/null || echo failed >&2; } 2>&1)")
      done
      case ${seconds[*]} in
        *failed*) echo "SKIPPED compile seconds of $library: problems.cpp does not compile over its numbers" >&2 ;;
        *) list+="compile_$library=$(printf '%s\n' "${seconds[@]}" | sort -n | head -n 1)," ;;
      esac
    done <<'LIBRARIES'
primal||double|
tenon|tenon/tenon.hpp|tenon::rev<double>|
adept|adept.h|adept::adouble|
adolc|adolc/adolc.h|adouble|
autodiff|autodiff/reverse/var.hpp|autodiff::var|
codipack|codi.hpp|codi::RealReverse|
cppad|cppad/cppad.hpp|CppAD::AD<double>|
sacado|Sacado.hpp|Sacado::Rad::ADvar<double>|-DTRILINOS_NO_CONFIG_H -DHAVE_SACADO_CXX11 -DSACADO_NEW_FAD_DESIGN_IS_DEFAULT
xad|XAD/XAD.hpp|xad::adj<double>::active_type|
LIBRARIES
    printf '%s' "${list%,}"
  }
  compiled=
  [ -z "$report" ] || compiled=$(compile_seconds)
  # Times of a busy machine mislead: the report says how busy it was.
  read -r load _ </proc/loadavg
  echo "-- load average before the run: $load"
  parts=()
  # measure THREADS PROGRAM...: all its cases that the filter names, each library on THREADS threads unless told.
  measure() {
    local threads=$1
    shift
    [ -n "$("$@" --benchmark_filter="$filter" --benchmark_list_tests 2>/dev/null)" ] || return 0
    parts+=("$scratch/$threads.json")
    OPENBLAS_NUM_THREADS=$threads BLIS_NUM_THREADS=$threads OMP_NUM_THREADS=$threads \
      "$@" --benchmark_filter="$filter" --benchmark_out="$scratch/$threads.json" --benchmark_out_format=json \
      --benchmark_repetitions="$repetitions" --benchmark_min_time="$min_time" \
      --benchmark_enable_random_interleaving=true --benchmark_display_aggregates_only=true \
      --benchmark_context=command="$command",load_before="$load""$compiled" | { grep _median || true; } || exit 1
  }
  pin=()
  has_tool taskset && pin=(taskset -c "$(($(nproc) - 1))")
  measure 1 "${pin[@]}" "$build/benchmarks/tenon_bench"
  if [ "$(nproc)" -gt 1 ]; then
    measure 2 "$build/benchmarks/tenon_bench" --threads
  else
    echo "SKIPPED threads: this machine has one core" >&2
  fi
  [ ${#parts[@]} -gt 0 ] || { echo "FAILED: no benchmark has such a name" >&2; exit 1; }
  python3 "$root/benchmarks/report.py" --merge "${parts[@]}" >"$scratch/merged.json"
  cp "$scratch/merged.json" "$json"
fi
if [ -n "$report" ]; then
  has_tool python3 || provide python3 || { echo "FAILED: the report needs python3" >&2; exit 1; }
  python3 "$root/benchmarks/report.py" "$json" >"$scratch/report.md"
  cp "$scratch/report.md" "$root/docs/$name.md"
  echo "-- wrote docs/$name.md"
fi

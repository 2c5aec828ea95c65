#!/usr/bin/env bash
# All benchmarks on a fresh Debian or Ubuntu machine: installs the libraries that tenon is measured against, builds
# below build/, runs everything in one process on one core, repetitions in random order.
#   benchmarks/run.sh                    all; medians on the terminal
#   benchmarks/run.sh --filter REGEX     those whose name area/case/type/size/library matches
#   benchmarks/run.sh --json FILE        also Google Benchmark's JSON
#   benchmarks/run.sh --report           writes docs/benchmarks.md (with --json FILE and --no-run: from that file)
#   benchmarks/run.sh --repetitions N --min-time SECONDS    5 and 0.05 if not said
# A peer that this machine has not is named as SKIPPED. ADBench's own inputs are run as well if TENON_BENCH_DATA names a
# directory that holds its `data` as `adbench`.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/.ci/common.sh"

command="benchmarks/run.sh $*" filter=. json='' report='' run=yes repetitions=5 min_time=0.05
while [ $# -gt 0 ]; do
  case $1 in
    --filter | --json | --repetitions | --min-time)
      [ $# -gt 1 ] || { echo "$1 needs a value" >&2; exit 2; }
      case $1 in
        --filter) filter=$2 ;;
        --json) json=$2 ;;
        --repetitions) repetitions=$2 ;;
        --min-time) min_time=$2 ;;
      esac
      shift
      ;;
    --report) report=yes ;;
    --no-run) run='' ;;
    -h | --help) sed -n '2,11s/^# //p' "$0"; exit 0 ;;
    *) echo "unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$json" ]; then
  json=$(mktemp)
  trap 'rm -f "$json"' EXIT
fi

if [ -n "$run" ]; then
  provide g++ cmake ninja-build libbenchmark-dev libeigen3-dev libopenblas-dev libblis-dev libglm-dev libxsmm-dev \
    libadolc-dev libceres-dev || true
  build=${TENON_BENCH_BUILD:-$root/build/benchmarks}
  # shellcheck disable=SC2046
  cmake -S "$root" -B "$build" -DCMAKE_CXX_COMPILER="$(type -P "$(find_gxx)")" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE= -DTENON_BUILD_TESTS=OFF -DTENON_BUILD_EXAMPLES=OFF -DTENON_BUILD_BENCHMARKS=ON \
    $(generator "$build")
  cmake --build "$build" --parallel "$(parallel_jobs)" --target tenon_bench || {
    echo "FAILED: the benchmarks do not build (they need libbenchmark-dev)" >&2
    exit 1
  }
  # One core, one thread. Debian's OpenBLAS and BLIS do not know AMD's AVX-512 cores and would run at half speed there.
  export OPENBLAS_NUM_THREADS=1 BLIS_NUM_THREADS=1 OMP_NUM_THREADS=1
  if grep -q AuthenticAMD /proc/cpuinfo && grep -q avx512f /proc/cpuinfo; then
    export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SkylakeX} BLIS_ARCH_TYPE=${BLIS_ARCH_TYPE:-0}
  fi
  pin=()
  has_tool taskset && pin=(taskset -c "$(($(nproc) - 1))")
  # Times of a busy machine mislead: the report says how busy it was.
  read -r load _ </proc/loadavg
  echo "-- load average before the run: $load"
  "${pin[@]}" "$build/benchmarks/tenon_bench" --benchmark_filter="$filter" --benchmark_out="$json" \
    --benchmark_out_format=json --benchmark_repetitions="$repetitions" --benchmark_min_time="$min_time" \
    --benchmark_enable_random_interleaving=true --benchmark_display_aggregates_only=true \
    --benchmark_context=command="$command",load_before="$load" | { grep _median || true; } || exit 1
fi
if [ -n "$report" ]; then
  has_tool python3 || provide python3 || { echo "FAILED: the report needs python3" >&2; exit 1; }
  python3 "$root/benchmarks/report.py" "$json" >"$root/docs/benchmarks.md.new"
  mv "$root/docs/benchmarks.md.new" "$root/docs/benchmarks.md"
  echo "-- wrote docs/benchmarks.md"
fi

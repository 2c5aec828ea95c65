#!/usr/bin/env bash
# The main example on a fresh Debian or Ubuntu machine: installs what is missing, builds, trains a network on real
# handwritten digits, then loads what it learned in a second program that only does inference.
#   examples/run.sh                 the 1797 8x8 digits that come with tenon
#   examples/run.sh --data DIR      the MNIST idx files (gzip) in DIR
# All arguments go to the training program (also --epochs N, --seeds N). It leaves digits.svg, digits.safetensors and digits.txt in the current directory.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/.ci/common.sh"

provide g++ cmake ninja-build zlib1g-dev || {
  echo "FAILED: the example needs these packages: ${missing[*]}" >&2
  exit 1
}
case ${1-} in -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
program=digits_train
for argument in "$@"; do [ "$argument" = --data ] && program=digits_train_mnist; done
build=$root/build/examples
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2046
{ (cd "$root" && cmake --preset examples -DCMAKE_CXX_COMPILER="$(type -P "$(find_gxx)")" $(generator "$build")) &&
  cmake --build "$build" --parallel "$(parallel_jobs)" --target $program digits_infer; } >"$log" 2>&1 || {
  cat "$log"
  echo "FAILED: the example does not build" >&2
  exit 1
}
rm -f digits.txt
"$build/examples/$program" "$@"
"$build/examples/digits_infer"
# The figure of the run is training's: it stands last, after what the second program says.
[ ! -e digits.txt ] || tail -n 1 digits.txt

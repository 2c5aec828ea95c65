#!/usr/bin/env bash
# All tests on a fresh Debian or Ubuntu machine: installs what is missing, builds below build/, runs ctest.
#   tests/run.sh                        g++, release
#   tests/run.sh --compiler clang++-19  another compiler (may be given more than once)
#   tests/run.sh --sanitize             sanitizers (clang 19, else g++): addresses and undefined behaviour in a checked
#                                       build, then races in the tests of threads
#   tests/run.sh --all                  g++, clang 19 and the sanitizers
#   tests/run.sh ... -- -R unit.shape   what follows -- goes to ctest
# The status is 0 only if everything that was asked for was built and passed; parts that this machine cannot run are
# named as SKIPPED. CMAKE_BUILD_PARALLEL_LEVEL limits the parallel jobs.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
. .ci/common.sh

compilers=() sanitize="" all="" ctest_arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --compiler)
      [ $# -gt 1 ] || { echo "--compiler needs a name" >&2; exit 2; }
      compilers+=("$2")
      shift
      ;;
    --sanitize) sanitize=yes ;;
    --all) all=yes ;;
    --) shift; ctest_arguments=("$@"); break ;;
    -h | --help) sed -n '2,10s/^# //p' "$0"; exit 0 ;;
    *) echo "unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

packages=(g++ cmake ninja-build doctest-dev libeigen3-dev nlohmann-json3-dev zlib1g-dev libtbb-dev time)
for name in "${compilers[@]}"; do [ "$name" = clang++-19 ] && packages+=(clang-19); done
[ -n "$all$sanitize" ] && packages+=(clang-19 libclang-rt-19-dev)
[ -n "$all" ] && packages+=(g++-aarch64-linux-gnu qemu-user)
[ -n "$all" ] && packages+=(gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm)
provide "${packages[@]}" || true

gxx=$(find_gxx) || { echo "FAILED: no g++ of version 12 or newer"; exit 1; }
have cmake || { echo "FAILED: no cmake of version 3.22 or newer"; exit 1; }
have ninja-build || { echo "FAILED: neither ninja nor make"; exit 1; }
status=0 summary=()
for package in "${missing[@]}"; do
  echo "-- not available here: $package"
  if [ "$package" = doctest-dev ]; then
    summary+=("FAILED: the unit tests cannot be built without doctest (doctest-dev)")
    status=1
  fi
done
if [ -n "$all" ]; then
  compilers+=("$gxx")
  if have clang-19; then
    compilers+=(clang++-19)
  else
    summary+=("SKIPPED clang++-19: clang 19 is neither installed nor to be had from this machine's packages")
  fi
  sanitize=yes
fi
[ ${#compilers[@]} -gt 0 ] || [ -n "$sanitize" ] || compilers=("$gxx")

run() {  # run NAME PRESET COMPILER [TEST]: all tests, or one of unit/
  local name=$1 build="build/$1" result=0 configure target=() only=() folders=""
  # clang compiles every folder for the sanitizers; optimised, those that tell most for their time.
  [ -n "$all" ] && [ "$2" = clang-release ] && have libclang-rt-19-dev && folders="unit.base;unit.math;unit.simd;property"
  [ $# -gt 3 ] && target=(--target "test_unit_$4") only=(-R "^unit\\.$4\$")
  printf '\n==== %s: configure\n' "$name"
  rm -f "$build/ctest.xml"
  # shellcheck disable=SC2207
  configure=(cmake --preset "$2" -B "$build" -DCMAKE_CXX_COMPILER="$3" -DTENON_TEST_FOLDERS="$folders" $(generator "$build"))
  if ! "${configure[@]}"; then
    summary+=("$name: FAILED to configure")
    status=1
    return
  fi
  printf '\n==== %s: build\n' "$name"
  # Goes on past errors: what does not build is a failed test below, beside the results of all others.
  local keep_going=-k
  grep -q '^CMAKE_GENERATOR:.*=Ninja' "$build/CMakeCache.txt" && keep_going=-k0
  cmake --build "$build" --parallel "$(parallel_jobs)" "${target[@]}" -- $keep_going || { echo "FAILED: $name does not build completely"; result=1; }
  printf '\n==== %s: ctest\n' "$name"
  local launcher=()
  # g++'s AddressSanitizer and ThreadSanitizer cannot start under some kernels' address-space randomisation.
  [[ $2 =~ san ]] && setarch -R true 2>/dev/null && launcher=(setarch -R)
  "${launcher[@]}" ctest --test-dir "$build" --output-on-failure --no-tests=error --no-label-summary --output-junit "$root/$build/ctest.xml" \
    --parallel "$(parallel_jobs)" "${only[@]}" "${ctest_arguments[@]}" || result=1
  local verdict=passed tests=0 failed=0 skipped=0
  [ -e "$build/ctest.xml" ] && read -r tests failed skipped < <(counts "$build/ctest.xml")
  [ $result -eq 0 ] && [ "$failed" -eq 0 ] || verdict=FAILED status=1
  summary+=("$name: $verdict ($tests tests, $failed failed, $skipped skipped)")
}

for name in "${compilers[@]}"; do
  path=$(type -P "$name") || { summary+=("$name: FAILED: there is no such compiler here"); status=1; continue; }
  preset=gcc-release
  [[ $(basename "$name") == clang* ]] && preset=clang-release
  run "$(basename "$name")" $preset "$path"
done
# clang compiles sanitized code in a fraction of g++'s time.
if [ -n "$sanitize" ]; then
  compiler=$(type -P "$gxx")
  have libclang-rt-19-dev && compiler=$(type -P clang++-19)
  run sanitize asan-ubsan "$compiler"
  # Only its own tests: a choice given after -- is one among those of the other build. (oneTBB itself is not compiled
  # for it, and left out.)
  [ ${#ctest_arguments[@]} -gt 0 ] || run sanitize-threads tsan "$compiler" threads
fi

printf '\n==== tests/run.sh\n'
printf '%s\n' "${summary[@]}"
exit $status

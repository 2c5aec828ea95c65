# shellcheck shell=bash
# Sourced by tests/run.sh, examples/run.sh and .ci/run: finds what a machine has and installs what is missing.
#   provide PACKAGE...   installs those Debian packages whose probe fails; afterwards `missing` lists what still is
#   find_gxx             prints a g++ of at least version 12
#   generator DIR        prints the CMake arguments that choose Ninja for a fresh build folder
#   parallel_jobs        prints how many to run at once: CMAKE_BUILD_PARALLEL_LEVEL, or one a processor
#   counts FILE          prints "tests failed skipped" of a report that ctest wrote with --output-junit

has_tool() { type -P "$1" >/dev/null; }
has_header() {
  local cxx
  cxx=$(find_gxx || type -P clang++-19) || return 1
  printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" | "$cxx" -E -I /usr/include/eigen3 -x c++ - >/dev/null 2>&1
}

find_gxx() {
  local name version
  for name in g++ g++-12 g++-13 g++-14 g++-15; do
    has_tool $name || continue
    version=$($name -dumpversion) || continue
    [ "${version%%.*}" -ge 12 ] && { echo $name; return 0; }
  done
  return 1
}

# Whether what a package is wanted for is there, whoever installed it.
have() {
  case $1 in
    g++ | g++-12) find_gxx >/dev/null ;;
    cmake) has_tool cmake && [ "$(printf '3.22\n%s\n' "$(cmake --version | sed -n '1s/[^0-9]*//p')" | sort -V | head -1)" = 3.22 ] ;;
    ninja-build) has_tool ninja || has_tool make ;;
    clang-19) has_tool clang++-19 ;;
    libclang-rt-19-dev) echo 'int main() {}' | clang++-19 -fsanitize=address,undefined -x c++ -o /dev/null - >/dev/null 2>&1 ;;
    clang-format-14) has_tool clang-format-14 ;;
    time) type -P time >/dev/null ;;
    doctest-dev) has_header doctest/doctest.h ;;
    libeigen3-dev) has_header Eigen/Core ;;
    nlohmann-json3-dev) has_header nlohmann/json.hpp ;;
    zlib1g-dev) has_header zlib.h ;;
    *) dpkg -s "$1" >/dev/null 2>&1 ;;
  esac
}

# apt_install PACKAGE...: 1 if a package cannot be had, 2 if nothing can be installed here.
apt_updated=
apt_install() {
  local as_root=() log options=(-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
  has_tool apt-get || { echo "-- apt-get not found; please install: $*"; return 2; }
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || { echo "-- not root; please run: sudo apt-get install $*"; return 2; }
    as_root=(sudo)
  fi
  log=$(mktemp)
  if [ -z "$apt_updated" ]; then
    apt_updated=yes
    echo "-- apt-get update"
    "${as_root[@]}" apt-get "${options[@]}" update >"$log" 2>&1 || { echo "-- apt-get update failed:"; tail -3 "$log"; }
  fi
  echo "-- apt-get install $*"
  if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y --no-install-recommends "$@" \
    >"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    echo "-- apt-get install $* failed:"
    tail -3 "$log"
    rm -f "$log"
    return 1
  fi
}

missing=()
provide() {
  local package wanted=()
  missing=()
  for package in "$@"; do have "$package" || wanted+=("$package"); done
  [ ${#wanted[@]} -gt 0 ] || return 0
  apt_install "${wanted[@]}"
  # One package that this release does not know must not keep the others out.
  if [ $? -eq 1 ] && [ ${#wanted[@]} -gt 1 ]; then
    for package in "${wanted[@]}"; do apt_install "$package"; done
  fi
  hash -r
  for package in "${wanted[@]}"; do have "$package" || missing+=("$package"); done
  # Where the release's own g++ is too old, a newer one may stand beside it.
  if [[ " ${missing[*]-} " == *" g++ "* ]] && has_tool g++ && apt_install g++-12; then provide "$@"; fi
  [ ${#missing[@]} -eq 0 ]
}

generator() {
  [ -e "$1/CMakeCache.txt" ] || ! has_tool ninja || echo "-G Ninja"
}
parallel_jobs() { echo "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"; }
counts() {
  # A test whose executable was not built counts as skipped there. It has failed.
  tr '\n' ' ' <"$1" | awk '
    function attribute(name) { match($0, " " name "=\"[0-9]+\""); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) }
    { gsub(/\t/, " "); unbuilt = gsub(/<skipped message="Unable to find executable"/, "")
      print attribute("tests"), attribute("failures") + unbuilt, attribute("skipped") - unbuilt }'
}

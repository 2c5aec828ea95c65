#!/usr/bin/env bash
# What compiling costs: including each umbrella header alone, and the fixed corpus beside this script, next to
# Eigen/Dense where it is found. Prints processor seconds and peak memory, and their ratio to Eigen/Dense.
#   run.sh [--compiler C] [--repeat N] [--max-seconds S] [--max-megabytes M] [FILTER]
# Each figure is the least of N runs (1). A corpus file may name variants: lines `// variant: NAME FLAGS`, one unit each.
# With limits the status is 1 when a unit passes one of them; it is 1 whenever a unit does not compile.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
compiler=g++ repeat=1 max_seconds="" max_megabytes="" filter=""
while [ $# -gt 0 ]; do
  case $1 in
    --compiler) compiler=$2; shift ;;
    --repeat) repeat=$2; shift ;;
    --max-seconds) max_seconds=$2; shift ;;
    --max-megabytes) max_megabytes=$2; shift ;;
    -h | --help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    -*) echo "unknown option $1" >&2; exit 2 ;;
    *) filter=$1 ;;
  esac
  shift
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c++20 -O2 -march=native -DNDEBUG -I "$root/include" -I "$root/tests")
[ -d /usr/include/eigen3 ] && flags+=(-isystem /usr/include/eigen3)
has_eigen=1
echo '#include <Eigen/Dense>' | "$compiler" "${flags[@]}" -M -x c++ - >/dev/null 2>&1 || has_eigen=0
[ $has_eigen = 1 ] || echo "SKIPPED the comparison: Eigen/Dense not found (Debian: libeigen3-dev)"
gnu_time=$(type -P time) || echo "SKIPPED peak memory: /usr/bin/time not found (Debian: time)"

# once NAME FLAGS...: compiles one unit and prints "seconds kilobytes"; kilobytes is 0 where it cannot be measured.
once() {
  if [ -n "$gnu_time" ]; then
    "$gnu_time" -q -f '%U %S %M' -o "$work/usage" "$compiler" "${flags[@]}" "$@" -c -o "$work/unit.o" 2>"$work/log" || return 1
    awk '{ printf "%.2f %d\n", $1 + $2, $3 }' "$work/usage"
  else
    local TIMEFORMAT='%U %S'
    { time "$compiler" "${flags[@]}" "$@" -c -o "$work/unit.o" 2>"$work/log" || echo failed >"$work/failed"; } 2>"$work/usage"
    [ ! -e "$work/failed" ] || { rm "$work/failed"; return 1; }
    awk '{ printf "%.2f 0\n", $1 + $2 }' "$work/usage"
  fi
}

failed=0 eigen="0 0"
measure() {  # measure NAME FLAGS...: one row of the table
  local name=$1 best="" result i
  shift
  [[ "$name" == *"$filter"* || "$name" == Eigen/Dense ]] || return 0
  for ((i = 0; i < repeat; ++i)); do
    result=$(once "$@") || { printf '%-44s does not compile\n' "$name"; head -20 "$work/log"; failed=1; return; }
    best=$(printf '%s\n%s\n' "$result" "${best:-$result}" | awk 'NR == 1 { s = $1; m = $2 }
      { if ($1 < s) s = $1; if ($2 < m) m = $2 } END { print s, m }')
  done
  [ "$name" = Eigen/Dense ] && eigen=$best
  awk -v name="$name" -v eigen="$eigen" -v ms="$max_seconds" -v mm="$max_megabytes" '{
    split(eigen, e, " "); mb = $2 / 1024
    printf "%-44s %8.2f %8s", name, $1, $2 ? sprintf("%.0f", mb) : "-"
    if (e[1] > 0) printf "   %6.2fx %7s", $1 / e[1], e[2] ? sprintf("%.2fx", $2 / e[2]) : "-"
    over = (ms != "" && $1 > ms) || (mm != "" && mb > mm)
    print over ? "   over the limit" : ""
    exit over
  }' <<<"$best" || failed=1
}
include() {  # include NAME: a unit that only includes <NAME>
  echo "#include <$1>" >"$work/include.cpp"
  measure "$1" "$work/include.cpp"
}

echo "$("$compiler" --version | head -1), -O2, least of $repeat"
printf '%-44s %8s %8s   %16s\n' "translation unit" "seconds" "MB" "against Eigen"
: >"$work/empty.cpp"
[ $has_eigen = 1 ] && include Eigen/Dense
measure "(empty)" "$work/empty.cpp"
for header in "$root"/include/tenon/*.hpp; do
  name=$(basename "$header")
  case $name in
    '*.hpp' | cuda.hpp) continue ;;
  esac
  include "tenon/$name"
done
for unit in "$here"/corpus/*.cpp; do
  [ -e "$unit" ] || continue
  name=$(basename "$unit" .cpp)
  variants=$(sed -n 's|^// variant: *||p' "$unit")
  if [ -z "$variants" ]; then
    measure "$name" "$unit"
  else
    while read -r variant options; do
      # shellcheck disable=SC2086
      measure "$name $variant" "$unit" $options
    done <<<"$variants"
  fi
done
exit $failed

#!/usr/bin/env bash
# The include graph against layers.txt: allowed layers, no cycle, known folders, existing files; libm and intrinsics
# only in math/ and simd/; nothing costly behind tenon.hpp.
#   layering.sh INCLUDE_DIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$1" || exit 1
files=$(find tenon -name '*.hpp' | sort)
[ -n "$files" ] || { echo "no headers in $1/tenon"; exit 1; }

# shellcheck disable=SC2086
problems=$(awk '
  function folder(path,  part) { split(path, part, "/"); return path ~ /^tenon\/[^\/]+\// ? part[2] : "" }
  function allow(a, b,  k, parent, n) {
    if ((a, b) in allowed) return
    allowed[a, b] = 1
    n = split(direct[b], parent, " ")
    for (k = 1; k <= n; ++k) allow(a, parent[k])
  }
  function visit(f,  k, n, next_file, trail_before) {
    state[f] = 1; trail_before = trail; trail = trail " -> " f
    n = split(graph[f], next_file, " ")
    for (k = 1; k <= n; ++k) {
      if (state[next_file[k]] == 1) print "cycle:" substr(trail, 4) " -> " next_file[k]
      else if (!state[next_file[k]]) visit(next_file[k])
    }
    state[f] = 2; trail = trail_before
  }
  function reach(f, how,  k, n, next_file) {
    if (reached[f]++) return
    how = how " -> " f
    for (k = 1; k <= forbidden_count; ++k)
      if (index(f, forbidden[k]) == 1 && (forbidden[k] ~ /\/$/ || f == forbidden[k]))
        print "tenon/tenon.hpp must not reach " f ":" substr(how, 4)
    n = split(graph[f] " " outside[f], next_file, " ")
    for (k = 1; k <= n; ++k) reach(next_file[k], how)
  }
  FILENAME ~ /layers\.txt$/ {
    if ($0 ~ /^#/ || $0 == "") next
    if ($0 ~ /^tenon.hpp excludes:/) { sub(/^[^:]*:/, ""); forbidden_count = split($0, forbidden, " "); next }
    name = $1; sub(/:$/, "", name); $1 = ""; direct[name] = $0; folders[name] = 1; next
  }
  FNR == 1 {
    if (!ready++) for (a in folders) allow(a, a)
    from = folder(FILENAME); exists[FILENAME] = 1; order[++count] = FILENAME
    if (from != "" && !(from in folders)) print FILENAME ": the folder " from "/ is not in layers.txt"
  }
  /^[ \t]*#[ \t]*include/ {
    where = FILENAME ":" FNR
    if (match($0, /"[^"]*"/)) { print where ": " $0 ": include as <tenon/...>"; next }
    if (!match($0, /<[^>]*>/)) next
    path = substr($0, RSTART + 1, RLENGTH - 2)
    if (path !~ /^tenon\//) {
      outside[FILENAME] = outside[FILENAME] " " path
      if (path ~ /^(cmath|math\.h|cfenv|fenv\.h|arm_neon\.h|arm_sve\.h|.*intrin\.h)$/ && from != "math" && from != "simd" && from != "train" && from != "io")
        print where ": <" path "> belongs to math/ and simd/"
      next
    }
    graph[FILENAME] = graph[FILENAME] " " path; used[path] = where
    to = folder(path)
    if (from == "") next
    if (to == "") print where ": a folder must not include the umbrella <" path ">"
    else if (!((from, to) in allowed)) print where ": " from "/ must not include <" path ">"
  }
  END {
    for (f in used) if (!(f in exists)) print used[f] ": <" f "> does not exist"
    for (k = 1; k <= count; ++k) if (!state[order[k]]) visit(order[k])
    if ("tenon/tenon.hpp" in exists) reach("tenon/tenon.hpp", "")
  }' "$here/layers.txt" $files)

if [ -n "$problems" ]; then
  printf '%s\n' "$problems"
  exit 1
fi
echo "$(wc -w <<<"$files") headers keep to their layers"

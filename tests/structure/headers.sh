#!/usr/bin/env bash
# Compiles headers alone (`each`: one after the other, none may warn) or together (`all`: one unit that includes them).
#   headers.sh each|all INCLUDE_DIR FOLDER COMPILER [FLAGS...]     FOLDER: a folder of include/tenon, or . for its root
# Headers that need an absent optional library, and CUDA's own, are skipped by name.
set -u
mode=$1 include_dir=$2 folder=$3
shift 3
compile=("$@" -std=c++20 -I "$include_dir" -fsyntax-only -fdiagnostics-color=never)
[ -d /usr/include/eigen3 ] && compile+=(-isystem /usr/include/eigen3)
cd "$include_dir/tenon" || exit 1
if [ "$folder" = . ]; then
  mode=each  # umbrellas of different profiles need not go together
  mapfile -t headers < <(find . -maxdepth 1 -name '*.hpp' -printf '%P\n' | sort)
else
  mapfile -t headers < <(find "$folder" -name '*.hpp' | sort)
fi
failed=0 compiled=0 skipped=0

try() {  # try NAME TEXT: compiles TEXT
  local output
  if output=$(printf '%s\n' "$2" | "${compile[@]}" -x c++ - 2>&1); then
    compiled=$((compiled + 1))
  elif grep -qE "fatal error: '?(nlohmann|zlib|Eigen|unsupported/Eigen|tbb|mpi|nccl)[a-zA-Z/_.]*'?(:| file not found)" <<<"$output"; then
    echo "SKIPPED $1: $(grep -m1 -oE 'fatal error: .*' <<<"$output")"
    skipped=$((skipped + 1))
  else
    printf 'FAILED %s\n%s\n' "$1" "$(head -40 <<<"$output")"
    failed=1
  fi
}

includes=
for header in "${headers[@]}"; do
  case $header in
    */cuda/* | cuda.hpp)
      echo "SKIPPED $header: CUDA headers are compiled by the cuda tests"
      skipped=$((skipped + 1))
      continue
      ;;
  esac
  [ "$mode" = each ] && try "$header" "#include <tenon/$header>"
  # Together with others an absent library would hide what those say.
  library=$(grep -m1 -oE '#include <(tbb)/[a-z_./]*>' "$header" || true)
  if [ "$mode" = all ] && [ -n "$library" ] && ! "${compile[@]}" -x c++ - <<<"$library" >/dev/null 2>&1; then
    echo "SKIPPED $header: needs $library"
    skipped=$((skipped + 1))
    continue
  fi
  includes+="#include <tenon/$header>"$'\n'
done
[ "$mode" = all ] && [ -n "$includes" ] && try "$folder" "$includes"
[ $failed -ne 0 ] || echo "compiled: $compiled, skipped: $skipped"
[ $failed -eq 0 ] && [ $compiled -eq 0 ] && exit 77
exit $failed

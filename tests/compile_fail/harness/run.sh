#!/usr/bin/env bash
# The harness must be able to fail: the good case passes, and each bad_*.cpp is refused for the reason it names.
#   run.sh COMPILER
set -u
here=$(cd "$(dirname "$0")" && pwd)
failed=0
"$here/../check.sh" "$here/good.cpp" "$1" || { echo "good.cpp was refused"; failed=1; }
for file in "$here"/bad_*.cpp; do
  reason=$(sed -n 's|^// refused: *||p' "$file")
  if output=$("$here/../check.sh" "$file" "$1" 2>&1); then
    echo "$(basename "$file") was accepted"
    failed=1
  elif ! grep -qF -e "$reason" <<<"$output"; then
    printf '%s was refused, but not because "%s":\n%s\n' "$(basename "$file")" "$reason" "$output"
    failed=1
  fi
done
[ $failed -eq 0 ] && echo "the harness accepts what it must and refuses what it must"
exit $failed

#!/usr/bin/env bash
# The structure checks must be able to fail: a small tree of headers passes, and each planted fault is found and named.
#   harness.sh COMPILER
set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

header() {  # header PATH CODE: writes a header that keeps to the conventions
  mkdir -p "$(dirname "$tree/tenon/$1")"
  printf '// tenon/%s: a header of this test.\n// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n#pragma once\n%s\n' \
    "$1" "$2" >"$tree/tenon/$1"
}
in_abi() { printf 'namespace tenon {\ninline namespace TENON_ABI {\n%s\n}\n}\n' "$1"; }
fresh() {
  rm -rf "$tree/tenon"
  header base/config.hpp "#define TENON_ABI v0
$(in_abi 'using index = long;')"
  header shape/extents.hpp "#include <tenon/base/config.hpp>
$(in_abi 'inline index rank(index n) { return n; }')"
  header tenon.hpp "#include <tenon/shape/extents.hpp>"
}
expect() {  # expect TEXT CHECK...: the check fails and says TEXT; an empty TEXT: it passes
  local text=$1 output status
  shift
  output=$("$@" 2>&1)
  status=$?
  if [ -z "$text" ] && [ $status -ne 0 ]; then
    printf 'refused a sound tree: %s\n%s\n' "$*" "$output"
    failed=1
  elif [ -n "$text" ] && { [ $status -ne 1 ] || ! grep -qF -e "$text" <<<"$output"; }; then
    printf 'did not find "%s" (status %d):\n%s\n' "$text" $status "$output"
    failed=1
  fi
}
layering=("$here/layering.sh" "$tree")
conventions=("$here/conventions.sh" "$tree")
alone=("$here/headers.sh" each "$tree" shape "$compiler" -Wall -Wextra -Wconversion -Werror)
no_exceptions=("$here/headers.sh" all "$tree" shape "$compiler" -fno-exceptions -fno-rtti)

fresh
expect "" "${layering[@]}"
expect "" "${conventions[@]}"
expect "" "${alone[@]}"
expect "" "${no_exceptions[@]}"

fresh; header base/up.hpp "#include <tenon/shape/extents.hpp>"
expect "tenon/base/up.hpp:4: base/ must not include <tenon/shape/extents.hpp>" "${layering[@]}"
fresh; header shape/a.hpp "#include <tenon/shape/b.hpp>"; header shape/b.hpp "#include <tenon/shape/a.hpp>"
expect "cycle:" "${layering[@]}"
fresh; header odd/a.hpp "#include <tenon/base/config.hpp>"
expect "the folder odd/ is not in layers.txt" "${layering[@]}"
fresh; header shape/a.hpp "#include <tenon/base/none.hpp>"
expect "<tenon/base/none.hpp> does not exist" "${layering[@]}"
fresh; header shape/a.hpp '#include "extents.hpp"'
expect "include as <tenon/...>" "${layering[@]}"
fresh; header shape/a.hpp "#include <tenon/tenon.hpp>"
expect "must not include the umbrella" "${layering[@]}"
fresh; header shape/a.hpp "#include <immintrin.h>"
expect "<immintrin.h> belongs to math/ and simd/" "${layering[@]}"
fresh; header shape/extents.hpp "#include <iostream>"
expect "tenon/tenon.hpp must not reach iostream" "${layering[@]}"
fresh; header tenon.hpp "#include <tenon/io/npy.hpp>"; header io/npy.hpp ""
expect "tenon/tenon.hpp must not reach tenon/io/npy.hpp" "${layering[@]}"

fresh; mv "$tree/tenon/shape/extents.hpp" "$tree/tenon/shape/renamed.hpp"
expect "tenon/shape/renamed.hpp: line 1 is not" "${conventions[@]}"
fresh; sed -i 2d "$tree/tenon/shape/extents.hpp"
expect "line 2 is not the SPDX line" "${conventions[@]}"
fresh; sed -i '2a // 1\n// 2\n// 3\n// 4\n// 5\n// 6\n// 7\n// 8\n// 9\n// 10\n// 11\n// 12\n// 13' "$tree/tenon/shape/extents.hpp"
expect "13 comment lines" "${conventions[@]}"
fresh; sed -i '/#pragma/d' "$tree/tenon/shape/extents.hpp"
expect "is not #pragma once" "${conventions[@]}"
fresh; header shape/a.hpp "namespace tenon { struct Extents; }"
expect "tenon/shape/a.hpp: declares something outside" "${conventions[@]}"

fresh; header shape/a.hpp "inline tenon::index f();"
expect "FAILED shape/a.hpp" "${alone[@]}"
fresh; header shape/a.hpp "inline int narrow(long x) { return x; }"
expect "FAILED shape/a.hpp" "${alone[@]}"
fresh; header shape/a.hpp "inline void f() { throw 1; }"
expect "FAILED shape" "${no_exceptions[@]}"
fresh; header shape/a.hpp "#include <typeinfo>
inline const char* f(int& x) { return typeid(x).name(); }"
expect "FAILED shape" "${no_exceptions[@]}"

# Two units that share an inline function without the ABI namespace.
echo 'inline int shared() { return 1; } int (*NAME)() = shared;' >"$tree/unit.cpp"
for name in first second; do "$compiler" -DNAME=$name -c "$tree/unit.cpp" -o "$tree/$name.o"; done
expect "shared()" "$here/two_units/symbols.sh" "$tree/first.o" "$tree/second.o"

[ $failed -eq 0 ] && echo "every planted fault is found"
exit $failed

#!/usr/bin/env bash
# No function may have one name in units built for different instruction sets: the linker would keep only one of them.
#   symbols.sh OBJECT OBJECT
set -u
weak() { nm --defined-only "$1" | awk '$(NF - 1) ~ /^[WVu]$/ { print $NF }' | sort; }
for object in "$@"; do
  [ "$(weak "$object" | wc -l)" -gt 0 ] || { echo "$object shares nothing; this test has nothing to compare"; exit 1; }
done
# The compiler's own helpers, which hold no vector code.
shared=$(comm -12 <(weak "$1") <(weak "$2") | grep -vE '^(DW\.ref\.|__clang_call_terminate|__cxx_)' | c++filt)
[ -z "$shared" ] && { echo "the units share no function"; exit 0; }
printf 'both units define:\n%s\n' "$shared"
exit 1

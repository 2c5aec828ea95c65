#!/usr/bin/env bash
# A small network and its gradient on a microcontroller: compiled for a Cortex-M4 without exceptions and RTTI, linked
# without memory from a heap, and run under emulation. Prints how many bytes the code takes.
#   check.sh INCLUDE_DIR TESTS_DIR
set -u
include=$1 here=$2/embedded
compiler=$(type -P arm-none-eabi-g++) ||
  { echo "SKIPPED embedded: no compiler for Cortex-M (Debian: gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib)"; exit 77; }
echo '#include <new>' | "$compiler" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null ||
  { echo "SKIPPED embedded: no C++ library for Cortex-M (Debian: libstdc++-arm-none-eabi-newlib)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
processor=(-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
flags=(-std=c++20 "${processor[@]}" -DNDEBUG -DTENON_EMBEDDED=1 -fno-exceptions -fno-rtti -ffunction-sections
  -fdata-sections -Wall -Wextra -Werror -Wno-psabi -I"$include")
failed=0
size_of() { arm-none-eabi-size "$1" | awk 'NR == 2 { print $1 + $2 }'; }
for unit in network main cortex_m; do
  "$compiler" "${flags[@]}" -O2 -c "$here/$unit.cpp" -o "$work/$unit.o" || { echo "FAILED: $unit.cpp"; exit 1; }
done
"$compiler" "${processor[@]}" -nostartfiles -T "$here/cortex_m.ld" -Wl,--gc-sections "$work"/{network,main,cortex_m}.o \
  -o "$work/program" || { echo "FAILED: it does not link"; exit 1; }
heap=$(arm-none-eabi-nm -C "$work/program" |
  grep -E ' (_?(malloc|free|calloc|realloc)(_r)?|_sbrk.*|operator (new|delete).*|__cxa_.*|_Unwind_.*|__gxx_personality.*|typeinfo .*)$')
[ -z "$heap" ] || { printf 'FAILED: linked with a heap, exceptions or RTTI:\n%s\n' "$heap"; failed=1; }
for entry in forward descend; do  # what one function takes, and all that it calls
  symbol=$(arm-none-eabi-nm "$work/network.o" | awk -v name="${#entry}$entry" '$2 == "T" && $3 ~ "^_Z" name { print $3 }')
  arm-none-eabi-ld --gc-sections -e "$symbol" --unresolved-symbols=ignore-all "$work/network.o" -o "$work/$entry" || failed=1
  echo "$entry: $(size_of "$work/$entry") bytes"
done
echo "the program, with plain loops, the C library's tanh and what starts it: $(size_of "$work/program") bytes"
if type -P qemu-system-arm >/dev/null; then
  timeout 60 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting-config \
    enable=on,target=native -kernel "$work/program" </dev/null || { echo "FAILED: the program"; failed=1; }
else
  echo "SKIPPED embedded: compiled, not run: no emulator of Cortex-M (Debian: qemu-system-arm)"
  [ $failed -ne 0 ] || failed=77
fi
exit $failed

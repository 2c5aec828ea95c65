#!/usr/bin/env bash
# snippets.sh must be able to fail: a sound page passes, and each planted fault is found and named.
#   harness.sh COMPILER
set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/include/tenon/tensor"
echo 'namespace tenon { template <int A, int B> struct Same { static_assert(A == B, "tenon: they differ"); }; }' \
  >"$tree/include/tenon/tenon.hpp"
: >"$tree/include/tenon/tensor/print.hpp"
failed=0

page() { cat >"$tree/page.md"; }
expect() {  # expect TEXT: the page is refused with TEXT; an empty TEXT: it is accepted
  local output status
  output=$("$here/snippets.sh" "$tree/page.md" "$compiler" "$tree/include" 2>&1)
  status=$?
  if [ -z "$1" ] && [ $status -ne 0 ]; then
    printf 'refused a sound page:\n%s\n' "$output"
    failed=1
  elif [ -n "$1" ] && { [ $status -eq 0 ] || ! grep -qF -e "$1" <<<"$output"; }; then
    printf 'did not find "%s" (status %d):\n%s\n' "$1" $status "$output"
    failed=1
  fi
}

page <<'E1'
Text, and a block that is not C++:
```sh
make it so
```
<!-- snippet: declarations -->
```cpp
int twice(int x) { return 2 * x; }
```
```cpp
#include <string>
int a = twice(4);
std::cout << a << std::string("!") << "\n";
```
<!-- output -->
```text
8!
```
<!-- snippet: fresh -->
```cpp
int a = 1;
```
<!-- snippet: throws -->
```cpp
if (a) throw std::runtime_error("one");
```
<!-- output -->
```text
one
```
<!-- snippet: unit -->
```cpp
int answer() { return 42; }
```
<!-- snippet: program -->
```cpp
#include <cstdio>
int main() { std::puts("done"); }
```
<!-- output -->
```text
done
```
<!-- snippet: fails -->
```cpp
Same<1, 2> same;
```
<!-- output: other 1 -->
```text
...
: error: tenon: they differ
```
E1
expect ""

page <<<$'```cpp\nint a = "a";\n```'
expect "page.md:2"
page <<<$'<!-- snippet: unit -->\n```cpp\nint f() { return "a"; }\n```'
expect "page.md:2: the snippet does not compile"
page <<<$'```cpp\nstd::cout << 1;\n```\n<!-- output -->\n```text\n2\n```'
expect "prints something else"
page <<<$'```cpp\nstd::cout << 1;\n```\nText.\n<!-- output -->\n```text\n1\n2\n```'
expect "prints something else"
page <<<$'<!-- snippet: program -->\n```cpp\nint main() { return 3; }\n```'
expect "the program fails"
page <<<$'```cpp\nthrow 3;\n```'
expect "its program fails"
page <<<$'<!-- snippet: throws -->\n```cpp\nint a = 3;\n```'
expect "nothing was thrown"
page <<<$'<!-- snippet: fails -->\n```cpp\nint a = 3;\n```'
expect "compiles, and must not"
page <<<$'<!-- snippet: fails -->\n```cpp\nSame<1, 2> s;\n```\n<!-- output: other 1 -->\n```text\nerror: tenon: they fit\n```'
expect "the compiler does not say: tenon: they fit"
name="g++ $("$compiler" -dumpversion | cut -d. -f1)"
[[ $("$compiler" --version | head -1) == *clang* ]] && name="clang++ $("$compiler" -dumpversion | cut -d. -f1)"
page <<<$'<!-- snippet: fails -->\n```cpp\nSame<1, 2> s;\n```\n<!-- output: '"$name"$' -->\n```text\nthis line is not there\n```'
expect "the compiler does not say (here): this line is not there"
page <<<$'<!-- snippet: compiles -->\n```cpp\nint a = 3;\n```'
expect "unknown directive: compiles"
page <<<$'<!-- snippet: program -->\nText.\n```cpp\nint a = 3;\n```'
expect "no cpp block follows the directive"
page <<<$'1. A list\n   ```cpp\n   int a = 3;\n   ```'
expect "must not be indented"
page <<<$'```c++\nint a = 3;\n```'
expect 'fence C++ as ```cpp'
page <<<$'```cpp\nint a = 3;'
expect "a fence is not closed"

[ $failed -eq 0 ] && echo "all planted faults were found"
exit $failed

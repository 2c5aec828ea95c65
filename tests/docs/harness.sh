#!/usr/bin/env bash
# The checks of pages must be able to fail: what is sound passes, and each planted fault is found and named.
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


# ---- links.sh ----
judge() {  # judge TEXT COMMAND...: the command fails with TEXT; an empty TEXT: it succeeds
  local output status text=$1
  shift
  output=$("$@" 2>&1)
  status=$?
  if { [ -z "$text" ] && [ $status -ne 0 ]; } || { [ -n "$text" ] && { [ $status -eq 0 ] || ! grep -qF -e "$text" <<<"$output"; }; }; then
    printf 'expected "%s" (status %d):\n%s\n' "$text" $status "$output"
    failed=1
  fi
}
printf '# A page\n\n## Two words: `code`\n\n```sh\n# [no](link)\n```\n' >"$tree/other.md"
links() { page; judge "$1" "$here/links.sh" "$tree/page.md"; }
links "" <<<'[a](other.md) [b](other.md#two-words-code) [c](#own) [d](include) [e](https://example.org/x) `[f](nowhere)`
## Own'
links "the link leads nowhere: missing.md" <<<'[a](other.md) and [b](missing.md)'
links "no such heading: other.md#three-words" <<<'[a](other.md#three-words)'
links "no such heading: #own" <<<'[a](#own)'
links "no such heading: other.md#nolink" <<<'[a](other.md#nolink)'

# ---- semantics_ids.sh ----
mkdir -p "$tree/unit" "$tree/structure"
rules() { page; judge "$1" "$here/semantics_ids.sh" "$tree/page.md" "$tree/unit" "$tree/structure"; }
tests() { cat >"$tree/unit/a.cpp"; }
sound=$'- **[A1]** One.\n- **[A2]** Two,\n  see [A9].\n- **[B1]** Three.'
echo '// semantics: [B1]' >"$tree/structure/b.cpp"
tests <<<$'TEST_CASE("[A1] one") {}\n  TEST_CASE("[A2][A1] two") {}'
rules "" <<<"$sound"
rules "[A3] of $tree/page.md has no test" <<<"$sound"$'\n- **[A3]** Four.'
rules "[A2] has a test, but is not on" <<<$'- **[A1]** One.\n- **[B1]** Three.'
rules "[A1] is there twice" <<<"$sound"$'\n- **[A1]** Four.'
rules "a rule without an id" <<<"$sound"$'\n- Four.'
tests <<<$'TEST_CASE("[A1] one") {}\nTEST_CASE("two [A2]") {}'
rules "a test without an id" <<<"$sound"
rules "[A2] of $tree/page.md has no test" <<<"$sound"
tests <<<$'TEST_CASE("[A1] one") {}\nTEST_CASE("[A2] two") {}'
: >"$tree/structure/b.cpp"
rules "[B1] of $tree/page.md has no test" <<<"$sound"
rules "no rules" <<<'Text.'

[ $failed -eq 0 ] && echo "all planted faults were found"
exit $failed

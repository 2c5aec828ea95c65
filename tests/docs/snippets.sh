#!/usr/bin/env bash
# Compiles and runs the C++ of a page: every block fenced as ```cpp.
#   snippets.sh PAGE.md COMPILER INCLUDE_DIR [FLAGS...]
# A page is one program: its blocks are the statements of main(), one after the other, behind
#   #include <tenon/tenon.hpp>, <tenon/tensor/print.hpp>, <iostream> and `using namespace tenon;`
# and #include lines in a block are moved to the top. A comment on the line before a block (not seen in the rendered
# page) says otherwise:
#   <!-- snippet: fresh -->         begins a new scope: names may be used again
#   <!-- snippet: declarations -->  stands before main()
#   <!-- snippet: program -->       a file of its own with a main(), compiled and run
#   <!-- snippet: unit -->          a file of its own without main(), only compiled
#   <!-- snippet: throws -->        statements that throw; what() is printed
#   <!-- snippet: fails -->         statements (a program of their own) that do not compile
# A block fenced as ```text after such a block is what it prints, if a comment says so:
#   <!-- output -->                 of a snippet that runs: exactly this
#   <!-- output: g++ 12 -->         of one that fails: these lines in this order, others (line "...") left out.
#                                   Each may be a part of its line. Line numbers and the namespace TENON_ABI are not
#                                   compared. With another compiler than the one named, only what follows "tenon: "
#                                   must be there.
# Status 0: all is as the page says.
set -u
export LC_ALL=C
page=$1 compiler=$2 include_dir=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c++20 -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-but-set-variable -Wno-unused-value
  -Wno-unused-parameter -Wno-unused-local-typedefs -fdiagnostics-color=never -I "$include_dir" "$@")
[ -d /usr/include/eigen3 ] && flags+=(-isystem /usr/include/eigen3)
if grep -qE '#include <(Eigen/|tenon/linalg/|tenon/ad/eigen.hpp)' "$page" &&
  ! echo '#include <Eigen/Core>' | "$compiler" "${flags[@]}" -fsyntax-only -x c++ - 2>/dev/null; then
  echo "SKIPPED $page: Eigen not found (Debian: libeigen3-dev)"
  exit 77
fi

# ---- take the page apart: $work/{includes,declarations,body}, $work/N.cpp, $work/N.kind, $work/N.expected* ----
awk -v work="$work" -v page="$page" '
  function problem(text) { print page ":" FNR ": " text; failed = 1 }
  function start(kind,    file) {
    ++n; last_kind = kind
    print kind > (work "/" n ".kind"); close(work "/" n ".kind")
    print FNR > (work "/" n ".line"); close(work "/" n ".line")
    if (kind == "declarations") return work "/declarations"
    if (kind == "program" || kind == "unit" || kind == "fails") return work "/" n ".cpp"
    return work "/body"
  }
  function finish() {
    if (last_kind == "throws") print "tenon_page::nothing(); } catch (const std::exception& e) { tenon_page::caught(e); }" > target
    if (last_kind == "fails") print "}" > target
  }
  /^[ \t]+```cpp/ { problem("a cpp block must not be indented") }
  /^[ \t]*```(c\+\+|C\+\+|cxx|CPP)/ { problem("fence C++ as ```cpp, so that it is compiled") }
  !fence && /^<!-- snippet: .* -->$/ { directive = $3; next }
  !fence && /^<!-- output.* -->$/ { output = $0; sub(/^<!-- output:? */, "", output); sub(/ *-->$/, "", output); wanted = 1; next }
  !fence && /^```cpp[ \t]*$/ {
    if (directive == "") directive = "statements"
    if (directive !~ /^(statements|fresh|declarations|program|unit|throws|fails)$/) problem("unknown directive: " directive)
    fence = "cpp"; target = start(directive)
    if (directive == "fresh") print "}\n{" > target
    if (directive == "statements" || directive == "fresh" || directive == "throws") print "tenon_page::mark(" n ");" > target
    if (directive == "throws") print "try {" > target
    if (directive == "fails") {
      print "#include <tenon/tenon.hpp>\nusing namespace tenon;\nint main() {\n#line 1 \"example.cpp\"" > target
    } else {
      print "#line " FNR + 1 " \"" page "\"" > target
    }
    directive = ""; next
  }
  !fence && /^```text/ && wanted {
    if (!n) problem("an output without a snippet")
    name = output; gsub(/[^a-z0-9+]/, "_", name)
    fence = "output"; target = work "/" n ".expected" (output == "" ? "" : "." name)
    printf "" > target
    wanted = 0; next
  }
  !fence && /^```/ { fence = "other"; directive = ""; wanted = 0; next }
  fence && /^```[ \t]*$/ {
    if (fence == "cpp") finish()
    if (fence == "output") close(target)
    fence = ""; next
  }
  fence == "cpp" && last_kind !~ /^(program|unit|fails)$/ && /^#include/ { print > (work "/includes"); print "" > target; next }
  fence == "cpp" || fence == "output" { print > target; next }
  !fence && /[^ \t]/ { if (directive != "") problem("no cpp block follows the directive"); directive = ""; wanted = 0 }
  END {
    if (fence) problem("a fence is not closed")
    print n + 0 > (work "/count")
    exit failed
  }' "$page" || exit 1
count=$(cat "$work/count")
if [ "$count" -eq 0 ]; then
  echo "$page: no C++"
  exit 0
fi

failures=0 checked=0 outputs=0
fail() {  # fail N TEXT...: names the snippet by its line in the page
  printf '%s:%s: %s\n' "$page" "$(cat "$work/$1.line")" "$2"
  failures=$((failures + 1))
}
compare() {  # compare N ACTUAL: against what the page says the snippet prints
  [ -e "$work/$1.expected" ] || return 0
  outputs=$((outputs + 1))
  if ! diff -u --label "$page" --label "what it prints" <(sed 's/[ \t]*$//' "$work/$1.expected") \
    <(sed 's/[ \t]*$//' "$2" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}') >"$work/diff"; then
    fail "$1" "the snippet prints something else"
    cat "$work/diff"
  fi
}

# ---- the page's own program ----
if [ -e "$work/body" ] || [ -e "$work/declarations" ]; then
  touch "$work/includes" "$work/declarations" "$work/body"
  {
    printf '#include <tenon/tenon.hpp>\n#include <tenon/tensor/print.hpp>\n\n#include <exception>\n#include <iostream>\n'
    sort -u "$work/includes"
    cat <<'CODE'
using namespace tenon;
namespace tenon_page {
[[maybe_unused]] void mark(int n) { std::cout << "\n@@" << n << "@@\n" << std::flush; }
[[maybe_unused]] void nothing() { std::cout << "nothing was thrown\n"; }
[[maybe_unused]] void caught(const std::exception& e) { std::cout << e.what() << "\n"; }
}  // namespace tenon_page
CODE
    cat "$work/declarations"
    printf 'int main() {\n{\n'
    cat "$work/body"
    printf '}\n}\n'
  } >"$work/page.cpp"
  if ! "$compiler" "${flags[@]}" "$work/page.cpp" -o "$work/page" >"$work/log" 2>&1; then
    head -40 "$work/log"
    echo "$page: its statements do not compile"
    failures=$((failures + 1))
  elif ! (cd "$work" && ./page >"$work/printed" 2>"$work/errors"); then
    tail -20 "$work/printed" "$work/errors"
    echo "$page: its program fails"
    failures=$((failures + 1))
  else
    for ((n = 1; n <= count; ++n)); do
      case $(cat "$work/$n.kind") in
        statements | fresh | throws)
          awk -v from="@@$n@@" '$0 == from { on = 1; next } /^@@[0-9]+@@$/ { on = 0 } on' "$work/printed" >"$work/$n.printed"
          compare $n "$work/$n.printed"
          grep -qx 'nothing was thrown' "$work/$n.printed" && fail $n "nothing was thrown"
          checked=$((checked + 1))
          ;;
        declarations) checked=$((checked + 1)) ;;
      esac
    done
  fi
fi

# ---- files of their own ----
named() {  # named NAME: whether the compiler is the one that an output names, such as g++_12
  local version
  version=$("$compiler" --version | head -1)
  case $1 in
    g++_*) [[ $version != *clang* && $("$compiler" -dumpversion) == "${1#g++_}"* ]] ;;
    clang++_*) [[ $version == *"clang version ${1#clang++_}."* ]] ;;
    *) false ;;
  esac
}
plain() { sed -E -e "s|$include_dir/||g" -e 's/:[0-9]+(:[0-9]+)?([:,]|$)/\2/g' -e 's/v0_[a-z0-9_]+:://g' -e 's/^ *[0-9]* *\|/|/' -e 's/[ \t]+$//'; }
for ((n = 1; n <= count; ++n)); do
  case $(cat "$work/$n.kind") in
    program | unit)
      target=(-c -o "$work/$n.o")
      [ "$(cat "$work/$n.kind")" = program ] && target=(-o "$work/$n")
      if ! "$compiler" "${flags[@]}" "$work/$n.cpp" "${target[@]}" >"$work/log" 2>&1; then
        head -40 "$work/log"
        fail $n "the snippet does not compile"
      elif [ "$(cat "$work/$n.kind")" = program ]; then
        if (cd "$work" && "./$n" >"$work/$n.printed" 2>&1); then
          compare $n "$work/$n.printed"
        else
          tail -20 "$work/$n.printed"
          fail $n "the program fails"
        fi
      fi
      checked=$((checked + 1))
      ;;
    fails)
      if "$compiler" "${flags[@]}" -fsyntax-only "$work/$n.cpp" >"$work/log" 2>&1; then
        fail $n "the snippet compiles, and must not"
      fi
      plain <"$work/log" >"$work/said"
      for expected in "$work/$n".expected.*; do
        [ -e "$expected" ] || continue
        outputs=$((outputs + 1))
        if named "${expected##*.expected.}"; then
          plain <"$expected" | awk -v said="$work/said" '
            { want[++k] = $0 }
            END {
              i = 1
              while ((getline line < said) > 0) { while (i <= k && want[i] == "...") ++i; if (i <= k && index(line, want[i])) ++i }
              while (i <= k && want[i] == "...") ++i
              if (i <= k) { print want[i]; exit 1 }
            }' >"$work/missing" || { fail $n "the compiler does not say (here): $(cat "$work/missing")"; head -30 "$work/log"; }
        else
          sed -n 's/.*\(tenon: [^"'"'"']*\).*/\1/p' "$expected" | sort -u | while read -r text; do
            grep -qF -e "$text" "$work/said" || echo "$text"
          done >"$work/missing"
          [ ! -s "$work/missing" ] || { fail $n "the compiler does not say: $(cat "$work/missing")"; head -30 "$work/log"; }
        fi
      done
      checked=$((checked + 1))
      ;;
  esac
done

[ $failures -eq 0 ] || { echo "FAILED $page: $failures of $count snippets"; exit 1; }
echo "$page: $checked snippets compile, $outputs outputs are as printed"

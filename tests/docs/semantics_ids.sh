#!/usr/bin/env bash
# Every line "- **[A1]** ..." of the page of semantics has a test of that id, and every test an id of the page.
#   semantics_ids.sh PAGE.md UNIT_DIR [OTHER_DIR...]
# In UNIT_DIR a test is a TEST_CASE("[A1] ..."), and each must begin with its ids. Files in the other directories, which
# are no doctests, say what they test in a comment line of its own: // semantics: [A1] [A2]
set -u
export LC_ALL=C
page=$1 unit=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
problem() { printf '%s\n' "$1"; failed=1; }
ids() { grep -oE '\[[A-Z]+[0-9]+\]'; }

sed -nE 's/^- \*\*(\[[^]]*\])\*\*.*/\1/p' "$page" | sort >"$work/all_of_page"
sort -u "$work/all_of_page" >"$work/page"
while read -r id; do problem "$page: $id is there twice"; done < <(uniq -d "$work/all_of_page")
# A rule without an id, or with a malformed one, would escape.
while read -r line; do problem "$page:$line: a rule without an id"; done \
  < <(grep -nE '^- ' "$page" | grep -vE '^[0-9]+:- \*\*\[[A-Z]+[0-9]+\]\*\* ' | cut -c1-60)

grep -rhoE --include='*.cpp' 'TEST_CASE(_TEMPLATE)?\("[^"]*"' "$unit" >"$work/cases"
while read -r case; do problem "$unit: a test without an id: $case"; done < <(grep -vE '\("(\[[A-Z]+[0-9]+\] ?)+' "$work/cases")
{
  sed -E 's/.*\("((\[[A-Z]+[0-9]+\] ?)*).*/\1/' "$work/cases" | ids
  [ $# -eq 0 ] || grep -rhE '^// semantics: ' "$@" | ids
} | sort -u >"$work/tests"
while read -r id; do problem "$id of $page has no test"; done < <(comm -23 "$work/page" "$work/tests")
while read -r id; do problem "$id has a test, but is not on $page"; done < <(comm -13 "$work/page" "$work/tests")
[ -s "$work/page" ] || problem "$page: no rules"

[ $failed -ne 0 ] || echo "$page: $(wc -l <"$work/page") rules have tests"
exit $failed

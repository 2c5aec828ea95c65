#!/usr/bin/env bash
# Every relative link of pages leads to a file or folder, and its #anchor to a heading there. Links to the web are not
# followed.
#   links.sh PAGE.md...
set -u
export LC_ALL=C
failed=0 count=0
# A heading's anchor: lower case, without punctuation, spaces as hyphens.
anchors() {
  awk '/^```/ { fence = !fence } !fence && /^#+ / { sub(/^#+ +/, ""); print }' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g'
}
for page in "$@"; do
  while read -r link; do
    case $link in http://* | https://* | mailto:*) continue ;; esac
    count=$((count + 1))
    file=${link%%#*} target=$page
    [ -z "$file" ] || target=$(dirname "$page")/$file
    if [ ! -e "$target" ]; then
      echo "$page: the link leads nowhere: $link"
      failed=1
    elif [[ $link == *"#"* ]] && ! anchors "$target" | grep -qxF -e "${link#*#}"; then
      echo "$page: no such heading: $link"
      failed=1
    fi
  done < <(awk '/^```/ { fence = !fence } !fence' "$page" | sed 's/`[^`]*`//g' | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//')
done
[ $failed -ne 0 ] || echo "$count links lead somewhere"
exit $failed

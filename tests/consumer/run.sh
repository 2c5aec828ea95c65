#!/usr/bin/env bash
# Builds and runs a project outside the tree that uses tenon in one of three ways.
#   run.sh installed|subdirectory|fetched SOURCE_DIR BUILD_DIR COMPILER GENERATOR
# installed: tenon is installed to a fresh prefix, and the project sees that prefix only.
set -eu
how=$1 source=$2 build=$3 compiler=$4
here=$(cd "$(dirname "$0")" && pwd)
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT
mkdir "$outside/project"
cp "$here/main.cpp" "$here/$how/CMakeLists.txt" "$outside/project/"

settings=(-G "$5" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release)
if [ "$how" = installed ]; then
  cmake --install "$build" --prefix "$outside/prefix" >/dev/null
  (cd "$outside/prefix" && find . -type f | grep -v '/include/tenon/' | sort)
  if grep -rlF -e "$source" "$outside/prefix"; then
    echo "the installed files above name the source directory"
    exit 1
  fi
  settings+=(-DCMAKE_PREFIX_PATH="$outside/prefix")
else
  settings+=(-DTENON_SOURCE="$source")
fi
cmake -S "$outside/project" -B "$outside/build" "${settings[@]}" >"$outside/log" 2>&1 || { cat "$outside/log"; exit 1; }
cmake --build "$outside/build"
"$outside/build/consumer"
echo "a project with tenon $how builds and runs"

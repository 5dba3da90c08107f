#!/bin/sh
# test.sh BUILD SOURCE CC SANITIZERS: installs into a temporary prefix, builds the example controller
# with pkg-config alone, and runs it.
set -eu

build=$1 source=$2 cc=$3 sanitizers=$4
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >"$prefix/log" || { cat "$prefix/log"; exit 1; }
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
"$cc" ${sanitizers:+-fsanitize=$sanitizers} "$source/docs/examples/quota-controller/main.c" \
	-o "$prefix/quota-controller" $(pkg-config --cflags --libs gitops)
"$prefix/quota-controller" --help 2>&1 | grep -q -- --leader-election-lease-duration
for program in gitops gitops-apiserver source-controller kustomize-controller helm-controller \
	notification-controller; do
	"$prefix/bin/$program" --help >/dev/null 2>&1 || { echo "$program --help failed"; exit 1; }
done
"$prefix/bin/gitops" check --kubeconfig /nonexistent 2>&1 | grep -q nonexistent
echo "installed, built, ran"

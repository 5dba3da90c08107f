#!/bin/sh
# Holds scalars.yaml against what kubectl prints for scalars.json today, in both of its printers.
#   KUBECTL=/path/to/kubectl tests/text/oracle.sh tests/data/text
set -eu

data=$1
kubectl=${KUBECTL:-$(command -v kubectl || true)}
if [ -z "$kubectl" ]; then
	echo "SKIP: no kubectl (set KUBECTL)"
	exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$data/scalars.json" "$dir/scalars.json"
echo 'resources: [scalars.json]' >"$dir/kustomization.yaml"

"$kubectl" kustomize "$dir" >"$dir/kustomize.yaml"
cmp "$dir/kustomize.yaml" "$data/scalars.yaml"
"$kubectl" label --local -f "$dir/scalars.json" -o yaml oracle=x |
	sed '/^  labels:$/d; /^    oracle: x$/d' >"$dir/printed.yaml"
cmp "$dir/printed.yaml" "$data/scalars.yaml"

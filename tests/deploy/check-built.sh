#!/bin/sh
# Builds deploy/ with the real kubectl and checks the result:  check-built.sh PYTHON SOURCE VERSION
set -eu

python=$1 source=$2 version=$3
cached=${XDG_CACHE_HOME:-$HOME/.cache}/gitops-oracles/bin/kubectl
kubectl=${KUBECTL:-$(command -v kubectl || echo "$cached")}
command -v "$kubectl" >/dev/null || { echo "skipped: no kubectl; set KUBECTL to one"; exit 77; }

built=$(mktemp)
trap 'rm -f "$built"' EXIT
for folder in crds rbac policies controllers .; do
	"$kubectl" kustomize "$source/deploy/$folder" >"$built"
done
"$python" "$source/tests/deploy/manifests.py" built "$version" "$built"

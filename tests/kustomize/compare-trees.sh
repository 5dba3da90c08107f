#!/bin/sh
# Builds every kustomization below the folders with kubectl and with ours; the bytes must be the
# same:  compare-trees.sh GITOPS FOLDER...
set -eu

gitops=$1
shift
cached=${XDG_CACHE_HOME:-$HOME/.cache}/gitops-oracles/bin/kubectl
kubectl=${KUBECTL:-$(command -v kubectl || echo "$cached")}
command -v "$kubectl" >/dev/null || { echo "skipped: no kubectl; set KUBECTL to one"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$@" -type f \( -name kustomization.yaml -o -name kustomization.yml -o -name Kustomization \) \
	>"$work/files"
same=0 all=0
while read -r file; do
	dir=$(dirname "$file")
	all=$((all + 1))
	theirs=0 ours=0
	"$kubectl" kustomize "$dir" >"$work/theirs" 2>/dev/null || theirs=1
	"$gitops" kustomize "$dir" >"$work/ours" 2>"$work/err" || ours=1
	if [ "$theirs" != "$ours" ] || { [ "$ours" = 0 ] && ! cmp -s "$work/theirs" "$work/ours"; }; then
		echo "differs: $dir $(head -c 300 "$work/err")"
		diff "$work/theirs" "$work/ours" | head -20
	else
		same=$((same + 1))
	fi
done <"$work/files"
echo "$same of $all kustomizations the same"
[ "$all" -gt 0 ] && [ "$same" = "$all" ]

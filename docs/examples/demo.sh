#!/usr/bin/env bash
# The demo: a real Git repository is reconciled into a Kubernetes API, and a commit rolls out.
#
#   docs/examples/demo.sh [BIN]     BIN is the folder of the programs (build/bin)
#
# Serves docs/examples/fleet from a real Git server on loopback, runs `gitops up`, and shows: all
# objects becoming ready, a commit rolled out, an app deleted.  Everything lives in a temporary folder
# and ends with the script, also on Ctrl-C.  With KEEP=1 it stays up until Ctrl-C.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:-$here/../../build/bin}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/gitops-demo.XXXXXX")
export KUBECONFIG=$work/kubeconfig GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export PATH=$bin:$PATH
server_pid='' up_pid=''

# Debian's interpreter is the one that python3-yaml is for.
python=python3
[[ -x /usr/bin/python3 ]] && python=/usr/bin/python3

clean_up() {
	trap '' INT TERM
	[[ -n $up_pid ]] && kill -TERM "$up_pid" 2>/dev/null && wait "$up_pid" 2>/dev/null || true
	[[ -n $server_pid ]] && kill -TERM "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'echo; echo "interrupted"; exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
	printf '$ %s\n' "$*"
	"$@"
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }
commit() { git -C "$work/fleet" -c user.name=Demo -c user.email=demo@example.com commit -qam "$1"; }

say '1. A Git repository with a small fleet, served over smart HTTP'
git init -q --bare -b main "$work/git/fleet.git"
git init -q -b main "$work/fleet"
cp -r "$here/fleet/." "$work/fleet/"
git -C "$work/fleet" add -A
git -C "$work/fleet" -c user.name=Demo -c user.email=demo@example.com commit -qm 'The fleet'
"$python" "$here/../../tests/support/git_http.py" --root "$work/git" --ready "$work/url" >/dev/null &
server_pid=$!
for _ in $(seq 100); do [[ -s $work/url ]] && break || sleep 0.05; done
[[ -s $work/url ]] || { echo 'the Git server did not start' >&2; exit 1; }
url=$(<"$work/url")/fleet.git
git -C "$work/fleet" push -q "$url" main
echo "$url"
(cd "$here/fleet" && find clusters infrastructure apps -maxdepth 2 -type d | sort | sed 's/^/  /')

say '2. An API server and the controllers on this machine'
printf '$ gitops up\n'
gitops up --data "$work/data" --kubeconfig "$KUBECONFIG" --report-fd 3 3>"$work/ready" >"$work/up.out" 2>"$work/up.err" &
up_pid=$!
until [[ -s $work/ready ]]; do
	kill -0 "$up_pid" 2>/dev/null || { cat "$work/up.err" >&2; exit 1; }
	sleep 0.02
done
grep '^ready' "$work/up.out"

say '3. From Git into the cluster: infrastructure, then staging, then production'
run gitops create source git fleet --url="$url" --branch=main --interval=1m
run gitops create kustomization fleet --source=GitRepository/fleet --path=clusters/demo --prune --wait
echo
run gitops get all -A

say '4. A commit rolls out'
sed -i 's/newTag: 1.4.0/newTag: 1.5.0/' "$work/fleet/apps/staging/kustomization.yaml"
git -C "$work/fleet" --no-pager diff -U0 | tail -n 2
commit 'Storefront 1.5.0 in staging'
git -C "$work/fleet" push -q "$url" main
start=$(now_ms)
gitops reconcile source git fleet 2>/dev/null
"$python" "$here/demo_wait.py" "$KUBECONFIG" staging storefront registry.example.com/storefront:1.5.0
echo "push to applied: $(($(now_ms) - start)) ms"
run gitops reconcile kustomization apps-staging

say '5. An app removed from Git is removed from the cluster'
sed -i '/base\/orders/d' "$work/fleet/apps/staging/kustomization.yaml"
commit 'No orders in staging'
git -C "$work/fleet" push -q "$url" main
run gitops reconcile kustomization apps-staging --with-source
run gitops events --for Kustomization/apps-staging

say "done"
if [[ ${KEEP:-} ]]; then
	echo "export KUBECONFIG=$KUBECONFIG"
	echo 'Press Ctrl-C to stop everything.'
	wait "$up_pid"
fi

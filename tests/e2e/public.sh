#!/usr/bin/env bash
# Objects as kustomize-controller applies them, beside what the real kubectl makes of the same folder.
#
#   public.sh TREE PATH [PATH...]
#
# TREE is a work tree of a public repository, for example of stefanprodan/podinfo (PATH kustomize) or
# fluxcd/flux2-kustomize-helm-example (PATHs clusters/staging, infrastructure/controllers, ...).  Each
# PATH is applied by a Kustomization and then by `kubectl kustomize | kubectl apply --server-side` on
# another server; the differences are printed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export GITOPS_BIN=${GITOPS_BIN:-$here/../../build/bin}
exec python3 "$here/same_as_kubectl.py" "$@"

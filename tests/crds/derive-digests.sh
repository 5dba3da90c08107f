#!/bin/sh
# Prints the digests of released CRDs, for tests/data/crds/digests.
#
#	derive-digests.sh FOLDER...
#
# A FOLDER holds CRD files as a controller's release has them, for example
# config/crd/bases of its Go module, which `go mod download -json
# github.com/fluxcd/source-controller@v1.9.6` puts into the module cache.
set -eu

[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }

echo "# SHA-256 of each released CRD without prose; made by tests/crds/derive-digests.sh from:"
for folder; do
	printf '#   %s\n' "$(printf '%s' "$folder" | grep -o '[^/]*@v[^/]*' || basename "$folder")"
done
"$(dirname "$0")/crds.py" digest "$@" | LC_ALL=C sort -k 2

#!/bin/sh
# test.sh BIN: the libraries that a program must not need, and the calls that it must not make.
# What only some objects need is not paid for by all; and no controller starts a program.
set -eu

bin=$1 failed=0

# PROGRAM LIBRARY...: none of these is among those the program itself asks for.
without() {
	program=$1
	shift
	needed=$(readelf -d "$bin/$program" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
	for library in "$@"; do
		if printf '%s\n' "$needed" | grep -q "^$library\.so"; then
			echo "$program needs $library"
			failed=1
		fi
	done
}

# Neither by itself nor through the library that hides the call.
starts_nothing() {
	calls=$(nm -D --undefined-only "$bin/$1" | awk '{print $NF}' | sed 's/@.*//' |
		grep -xE 'fork|vfork|clone|execl|execlp|execle|execv|execvp|execvpe|execve|fexecve|system|popen|posix_spawn|posix_spawnp|uv_spawn' || true)
	if [ -n "$calls" ]; then
		echo "$1 calls $calls"
		failed=1
	fi
}

without gitops libcurl libssl libuv libgit2 libssh libsqlite3 libnghttp2
without gitops-apiserver libgit2 libssh
without source-controller libsqlite3
without kustomize-controller libgit2 libssh libsqlite3
without helm-controller libgit2 libssh libsqlite3
without notification-controller libgit2 libssh libsqlite3
for program in source-controller kustomize-controller helm-controller notification-controller; do
	starts_nothing "$program"
done
[ "$failed" = 0 ] && echo 'every program needs and calls what it may'
exit "$failed"

// Writes the golden archive of the tar tests with Go's archive/tar, the way Flux's controllers use
// it: "go run golden.go > ../data/archive/golden.tar".  The entries are those of test_tar.c.
package main

import (
	"archive/tar"
	"os"
	"strings"
	"time"
)

func main() {
	long := strings.Repeat("d", 60)
	entries := []struct {
		name string
		mode int64
		body string
	}{
		{".", 0o750, ""},
		{"a", 0o750, ""},
		{"a/b.txt", 0o600, "hello\n"},
		{"a/run.sh", 0o700, "#!/bin/sh\n"},
		{"a/empty", 0o600, ""},
		{"a/block", 0o600, strings.Repeat("x", 512)},
		{long + "/" + long + "/f.yaml", 0o600, "long: split\n"},
		{long + "/" + long, 0o750, ""},
		{strings.Repeat("n", 101), 0o600, "no slash to split at\n"},
		{strings.Repeat("n", 100), 0o600, "just fits\n"},
		{"p/" + strings.Repeat("q", 120), 0o600, "base too long\n"},
		{strings.Repeat("d/", 90) + "deep", 0o600, "many\n"},
		{strings.Repeat("e", 99) + "/" + strings.Repeat("f", 101), 0o600, "cut at a slash\n"},
		{strings.Repeat("g", 155) + "/" + strings.Repeat("h", 100), 0o600, "exact\n"},
		{"caf\u00e9/men\u00fc.yaml", 0o600, "utf: 8\n"},
		{"\u00fc", 0o750, ""},
	}
	w := tar.NewWriter(os.Stdout)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.mode == 0o750 {
			h.Typeflag = tar.TypeDir
		}
		h.ModTime, h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}, time.Time{}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		w.Write([]byte(e.body))
	}
	w.Close()
}

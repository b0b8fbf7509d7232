package language

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// SecretsDir is the folder of the state directory where each secret is a file.
const SecretsDir = "secrets"

// SecretVariable is the environment variable that may hold a secret.
func SecretVariable(name string) string {
	return "ORAC_SECRET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// findSecret looks for secrets in the real world. stateDir may be "".
func (o Options) findSecret(name, stateDir string) (string, error) {
	variable := SecretVariable(name)
	if v, ok := o.Env(variable); ok {
		return v, nil
	}
	looked := []string{variable}
	if dir, ok := o.Env("CREDENTIALS_DIRECTORY"); ok {
		text, err := o.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return strings.TrimRight(string(text), "\r\n"), nil
		}
		looked = append(looked, "a systemd credential ("+Reason(err)+")")
	} else {
		looked = append(looked, "a systemd credential")
	}
	if stateDir != "" {
		text, err := o.secretFile(stateDir, name)
		if err == nil {
			return strings.TrimRight(string(text), "\r\n"), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", unusable{fmt.Sprintf("the file of the secret %q cannot be used: %s", name, Reason(err))}
		}
		looked = append(looked, "a file in the state directory")
	}
	return "", fmt.Errorf("there is no secret %q: neither %s", name, strings.Join(looked, " nor "))
}

// errUnusable is the error for a secret that exists but cannot be read.
var errUnusable = errors.New("unusable")

type unusable struct{ why string }

func (u unusable) Error() string        { return u.why }
func (u unusable) Is(target error) bool { return target == errUnusable }

// errOpenSecret is the error for a secret that other users can read as well.
var errOpenSecret = errors.New("other users may read it; make it private with chmod 600")

// readSecretFile reads a secret of a state directory. It follows no link on the way, and checks the file after opening it: only
// its owner may read it, and the owner must be this user or root.
func readSecretFile(stateDir, name string) ([]byte, error) {
	root, err := os.OpenRoot(stateDir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file := filepath.Join(SecretsDir, name)
	var seen fs.FileInfo
	for _, part := range []string{".", SecretsDir, file} {
		if seen, err = root.Lstat(part); err != nil {
			return nil, err
		}
		path := filepath.Join(stateDir, part)
		if owner, ok := seen.Sys().(*syscall.Stat_t); !ok || owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
			return nil, fmt.Errorf("%s belongs to another user; run orac as that user, or change the owner with chown", path)
		}
		if part == file && !seen.Mode().IsRegular() || part != file && !seen.IsDir() {
			return nil, fmt.Errorf("%s is a link or another kind of file; put the real file or folder in its place", path)
		}
	}
	f, err := root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !os.SameFile(seen, info):
		return nil, errors.New("it was replaced while it was being opened; try again")
	case info.Mode().Perm()&0o077 != 0:
		return nil, errOpenSecret
	}
	return io.ReadAll(io.LimitReader(f, maxInputFile+1))
}

// stateDir returns the state directory where secrets are looked for; "" while it is not known.
func (e *evaluator) stateDir() string {
	if e.opts.StateDir != "" {
		return e.opts.StateDir
	}
	at := e.lang.Folder
	if w := e.opts.Within; w != nil { // a different state directory is a different place to read from
		for _, b := range w.Blocks {
			if v := b.Attrs[at.Attribute].Value; b.Type == at.Block && !v.IsNull() {
				return w.Resolve(v.AsString())
			}
		}
		return ""
	}
	n := e.nodes[Address(at.Block.Key())]
	for _, other := range e.order {
		if n == nil && other.types == at.Block {
			n = other
		}
	}
	if n == nil || n.state == visiting { // the folder itself is being evaluated
		return ""
	}
	e.resolve(n)
	v, ok := n.out.Attrs[at.Attribute]
	if !ok || v.Value.IsNull() {
		return ""
	}
	dir := v.Value.AsString()
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e.dir, dir)
}

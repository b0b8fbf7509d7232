package runbook

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Options is the world that a runbook is evaluated in. The zero value is the
// real one.
type Options struct {
	// Vars holds values of variables by name, as --var gives them. A variable
	// that is not in it is taken from ORAC_VAR_name by Env.
	Vars map[string]string

	// Spare tells of a name in Vars that the file need not declare it, because
	// another one does; nil: every one must be declared.
	Spare func(name string) bool

	// Env looks up an environment variable; nil is the process's environment.
	Env func(name string) (string, bool)

	// Secret gives a secret by name. Nil looks in Env for ORAC_SECRET_NAME (upper
	// case, - as _), then for the file NAME in the directory that Env's
	// CREDENTIALS_DIRECTORY names, which is where systemd puts credentials, then for
	// the file secrets/NAME in the state directory, which nobody but its owner may read.
	Secret func(name string) (string, error)

	// StandIns tells that what Secret gives stands in for the real ones, as in a simulation: its form is not checked.
	StandIns bool

	// StateDir is the state directory whose secrets are meant; "" is the one that the
	// runbook declares.
	StateDir string

	// ReadFile reads a file that file() names, and the runbook itself; nil is the
	// real file system. More than 1 MiB, or 256 KiB of runbook, is refused.
	ReadFile func(path string) ([]byte, error)

	// Open opens a file that an attribute names, a sound or a model, for
	// Runbook.Inputs; nil is the real file system.
	Open func(path string) (fs.File, error)

	// Named are files that attributes name as they were when somebody looked before, by name: a file that is
	// in it is not looked at again.
	Named map[string]Input

	// Within, if it is set, keeps the evaluation to what another runbook reads already: an expression that reads from the
	// machine (env(), file(), secret(), a variable's environment, directly or by what it refers to) is evaluated only if the
	// same expression, with all that it refers to, stands at the same place there. Nothing else is read, and nothing that it
	// would have read is evaluated: it is an error that is Forbidden. An attribute that Keeps its secret may name another.
	Within *Document

	// Context ends the evaluation when whoever asked for it has gone; nil: it runs to its end. What it may cost is bounded in
	// any case.
	Context context.Context

	// HashKey is the key of the hashes in Runbook.Inputs that stand for secrets. Hashes
	// can be compared only under the same key; nil is a random one of this process.
	HashKey []byte

	// secretFile reads a secret of a state directory: by ReadFile, where that is given.
	secretFile func(stateDir, name string) ([]byte, error)
}

// Load reads, evaluates and validates the runbook at path. When there are errors
// among the Diagnostics the Runbook is nil; warnings come beside one.
func Load(path string, opts Options) (*Runbook, Diagnostics) {
	rb := &Runbook{}
	return rb.of(runbooks.Load(path, opts, rb))
}

// Read reads a runbook as Load does. The Diagnostics are nil when that went well.
func Read(path string, opts Options) ([]byte, Diagnostics) { return runbooks.Read(path, opts) }

// Parse is Load for text that has been read already; filename stands in
// diagnostics, and its directory is what relative paths are relative to.
func Parse(src []byte, filename string, opts Options) (*Runbook, Diagnostics) {
	rb := &Runbook{}
	return rb.of(runbooks.Parse(src, filename, opts, rb))
}

// of completes a runbook with the document that it was built from; nil when there is none.
func (rb *Runbook) of(d *Document, found Diagnostics) (*Runbook, Diagnostics) {
	if d == nil {
		return nil, found
	}
	rb.Document = *d
	return rb, found
}

// Read reads a file as Load does. The Diagnostics are nil when that went well.
func (l *Language) Read(path string, opts Options) ([]byte, Diagnostics) {
	src, err := opts.WithDefaults().ReadFile(path)
	if err == nil {
		return src, nil
	}
	p := &problems{lang: l, src: &source{name: path}}
	hint := "Check the file and its permissions."
	if errors.Is(err, fs.ErrNotExist) {
		hint = cmp.Or(l.Missing, "Check its name.")
	}
	p.fail("", hcl.Range{Filename: path}, "cannot read the "+l.Noun+": "+reason(err), hint)
	return nil, p.sorted()
}

// parse gives the syntax tree, when the text has one.
func (p *problems) parse() (*hclsyntax.Body, bool) {
	if !p.check() {
		return nil, false
	}
	file, diags := hclsyntax.ParseConfig(p.src.bytes, p.src.name, hcl.InitialPos)
	if diags.HasErrors() {
		p.src.hideSecretLines()
		for _, d := range diags {
			place := hcl.Range{Filename: p.src.name}
			if d.Subject != nil {
				place = *d.Subject
			}
			p.fail("", place, lowerFirst(d.Summary), d.Detail)
			if strings.Contains(d.Summary, "multi-line string") {
				break // after a missing quote all text reads as quotes and all quotes as text
			}
		}
		return nil, false
	}
	return file.Body.(*hclsyntax.Body), true
}

// WithDefaults gives the options with the real world where nothing else is said.
func (o Options) WithDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.secretFile == nil {
		o.secretFile = readSecretFile
		if read := o.ReadFile; read != nil {
			o.secretFile = func(stateDir, name string) ([]byte, error) { return read(filepath.Join(stateDir, SecretsDir, name)) }
		}
	}
	if o.ReadFile == nil {
		o.ReadFile = readLimited
	}
	if o.Open == nil {
		o.Open = openRegular
	}
	if o.HashKey == nil {
		o.HashKey = processKey()
	}
	return o
}

// maxInputFile bounds what file() reads.
const maxInputFile = 1 << 20

// readLimited reads a regular file, and of a larger one only as much as shows
// that it is too large.
func readLimited(path string) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxInputFile+1))
}

// reason is an error of the file system without the operation and the path.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

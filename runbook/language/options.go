package language

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Options is the world in which a file is evaluated. The zero value is the real one.
type Options struct {
	// Vars holds values of variables by name, as --var sets them. Env supplies the others, as
	// ORAC_VAR_name.
	Vars map[string]string

	// Spare tells whether Vars may hold a name that this file does not declare, because another
	// file does. Nil: the file must declare every name.
	Spare func(name string) bool

	// Env looks up an environment variable; nil is the process's environment.
	Env func(name string) (string, bool)

	// Secret returns a secret by name. Nil looks in Env for ORAC_SECRET_NAME (upper case, - as _),
	// then for the file NAME in the directory that CREDENTIALS_DIRECTORY of Env names, where
	// systemd puts credentials, then for the file secrets/NAME in the state directory, which only
	// its owner may read.
	Secret func(name string) (string, error)

	// StandIns says that Secret returns stand-ins instead of the real secrets, as in a simulation: their form is not
	// checked.
	StandIns bool

	// StateDir is the state directory in which secrets are looked up; "" is the one that the
	// file declares (Vocabulary.Folder).
	StateDir string

	// ReadFile reads the file itself, and those that file() names; nil is the real file system. A file
	// of more than 1 MiB, or of more than 256 KiB to evaluate, is refused.
	ReadFile func(path string) ([]byte, error)

	// Open opens a file that an attribute names, such as a sound or a model, for Document.Inputs;
	// nil is the real file system.
	Open func(path string) (fs.File, error)

	// Named holds what an earlier look found at files that attributes name, by name. These files are not
	// looked at again.
	Named map[string]Input

	// Within, if set, limits the evaluation to what another document reads already. An expression that reads from the machine
	// (env(), file(), secret(), a variable's environment, directly or by what it refers to) is evaluated only if the other
	// document has the same expression, with everything that it refers to, at the same place. Otherwise the expression is not
	// evaluated and reads nothing: that is an error, which is Forbidden. An attribute that Keeps its secret may name a
	// different secret.
	Within *Document

	// Context ends the evaluation when its caller has given up; nil lets it run to its end. Its cost is bounded in any case.
	Context context.Context

	// HashKey is the key of the hashes that replace secrets in Document.Inputs. Hashes can be
	// compared only under the same key; nil is a random key of this process.
	HashKey []byte

	// KeyOf returns the HashKey for a file of which only the text says where its state directory is. It is called once, when
	// everything has been evaluated without an error. Nil: HashKey is the key.
	KeyOf func(stateDir string) []byte

	// secretFile reads a secret of a state directory, by ReadFile if that is set.
	secretFile func(stateDir, name string) ([]byte, error)
}

// WithDefaults returns the options with the real world in place of everything that is not set.
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

// maxInputFile bounds the bytes that file() reads.
const maxInputFile = 1 << 20

// readLimited reads a regular file. Of one that is too large, it reads only as much as shows that.
func readLimited(path string) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxInputFile+1))
}

// Reason returns an error of the file system without the operation and the path.
func Reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

package runbook

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// InputKind says where a runbook has a value from.
type InputKind string

// The kinds. A named file is one that an attribute names: a sound, a model.
const (
	InputVariable InputKind = "variable" // given by Options.Vars or ORAC_VAR_name; a default is part of the text
	InputEnv      InputKind = "env"
	InputFile     InputKind = "file" // read by file()
	InputSecret   InputKind = "secret"
	InputNamed    InputKind = "named file"
)

// Input is one thing outside its text that a runbook depends on. It holds no
// secret, and can be kept and shown.
type Input struct {
	Kind InputKind `json:"kind"`

	// Name is the variable's, the secret's, or the file's as the runbook writes it.
	// A name that was itself fetched by env() or file() is a keyed hash in brackets.
	Name string `json:"name"`

	// Missing says that it was asked for and was not there or could not be used,
	// which try() and can() make a value of.
	Missing bool `json:"missing,omitempty"`

	// Hash is the SHA-256 of the value in hexadecimal; when Keyed, its HMAC with
	// Options.HashKey, from which a short secret cannot be guessed without the key.
	Hash  string `json:"hash,omitempty"`
	Keyed bool   `json:"keyed,omitempty"`

	// Value is that of a variable, or of a file() in public attributes, unless it has
	// reached a secret one as well; all others are Keyed.
	Value string `json:"value,omitempty"`

	// Size, in bytes, is that of a named file; Modified, in ns since 1970, stands for
	// the Hash of one that is too large to be read.
	Size     int64 `json:"size,omitempty"`
	Modified int64 `json:"modified_ns,omitempty"`
}

// Kept reports whether Value is what the runbook was evaluated with.
func (i Input) Kept() bool {
	return !i.Missing && !i.Keyed && (i.Kind == InputVariable || i.Kind == InputFile)
}

// Inputs is everything that a runbook was made of. As JSON it holds no secret.
type Inputs struct {
	Source string  `json:"source"` // SHA-256 of the runbook's text
	List   []Input `json:"list"`   // by kind, then name
}

// Hash is one SHA-256 over all of them, in hexadecimal. Two evaluations with the
// same Options.HashKey give the same hash exactly if nothing that they depended
// on differs; where the runbook's file lies is not part of it.
func (in Inputs) Hash() string {
	list := slices.Clone(in.List)
	sortInputs(list)
	h := sha256.New()
	feed(h, "orac inputs 1", in.Source)
	for _, i := range list {
		feed(h, string(i.Kind), i.Name, fmt.Sprint(i.Missing, i.Keyed, i.Size, i.Modified), i.Hash)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SameButSecrets tells whether two evaluations of one text differ in nothing but what is Keyed: secrets and what has reached
// secret attributes, of which a generation keeps no value.
func (in Inputs) SameButSecrets(other Inputs) bool {
	public := func(all Inputs) []Input {
		list := slices.DeleteFunc(slices.Clone(all.List), func(i Input) bool { return i.Keyed })
		sortInputs(list)
		return list
	}
	return in.Source == other.Source && slices.Equal(public(in), public(other))
}

func sortInputs(list []Input) {
	slices.SortFunc(list, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hash, b.Hash))
	})
}

// inputs are what a runbook was made of, with the files that are still to be
// looked at.
type inputs struct {
	fetched Inputs
	named   func() []Input
	get     func() Inputs
}

func newInputs(fetched Inputs, named func() []Input) *inputs {
	in := &inputs{fetched: fetched, named: named}
	in.get = sync.OnceValue(func() Inputs {
		out := Inputs{Source: in.fetched.Source, List: slices.Concat(in.fetched.List, in.named())}
		sortInputs(out.List)
		return out
	})
	return in
}

// feed hashes texts so that no two lists of them look alike: each with its length before it.
func feed(h hash.Hash, texts ...string) {
	for _, s := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
}

func plainHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// keyedHash is the HMAC-SHA256 (RFC 2104) of a value. Kind and name are part of
// it, so that equal values of different names cannot be told to be equal.
func keyedHash(key []byte, kind InputKind, name, value string) string {
	h := hmac.New(sha256.New, key)
	feed(h, "orac input value 1", string(kind), name, value)
	return hex.EncodeToString(h.Sum(nil))
}

// processKey is the key of callers that keep no hashes beyond the process.
var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // it never fails: the process ends when the system has no random numbers
	return key
})

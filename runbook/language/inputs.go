package language

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

// InputKind says where a value comes from.
type InputKind string

// The kinds. A named file is a file that an attribute names: a sound, a model.
const (
	InputVariable InputKind = "variable" // given by Options.Vars or ORAC_VAR_name; a default is part of the text
	InputEnv      InputKind = "env"
	InputFile     InputKind = "file" // read by file()
	InputSecret   InputKind = "secret"
	InputNamed    InputKind = "named file"
)

// Input is one thing outside its text that a file depends on. It holds no secret, and may be
// kept and shown.
type Input struct {
	Kind InputKind `json:"kind"`

	// Name is the name of the variable or secret, or of the file as the text writes it. A name
	// that itself came from env() or file() is a keyed hash in brackets.
	Name string `json:"name"`

	// Missing says that the input was asked for and was absent or unusable; try() and can() turn
	// that into a value.
	Missing bool `json:"missing,omitempty"`

	// Hash is the SHA-256 of the value in hexadecimal. When Keyed, it is the HMAC with
	// Options.HashKey: without the key nobody can guess a short secret from it.
	Hash  string `json:"hash,omitempty"`
	Keyed bool   `json:"keyed,omitempty"`

	// Value is kept for a variable, and for a file() in public attributes, unless it has reached a
	// secret attribute as well. All others are Keyed.
	Value string `json:"value,omitempty"`

	// Size, in bytes, and Modified, in ns since 1970, belong to a named file. Modified replaces the
	// Hash of a file that is too large to read.
	Size     int64 `json:"size,omitempty"`
	Modified int64 `json:"modified_ns,omitempty"`
}

// Kept reports whether Value is the value that the file was evaluated with.
func (i Input) Kept() bool {
	return !i.Missing && !i.Keyed && (i.Kind == InputVariable || i.Kind == InputFile)
}

// Inputs is everything that a file was made of. Its JSON holds no secret.
type Inputs struct {
	Source string  `json:"source"` // SHA-256 of the text
	List   []Input `json:"list"`   // by kind, then name
}

// Hash returns one SHA-256 over all of them, in hexadecimal. Two evaluations with the same
// Options.HashKey return the same hash exactly if everything that they depend on is equal. The
// place of the file does not count.
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

// SameButSecrets tells whether two evaluations of one text differ only in Keyed inputs: secrets, and values that have
// reached secret attributes. A generation keeps no value of these.
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

// inputs is what a file was made of, with the files that still have to be read.
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

// feed hashes each text with its length before it, so that no two lists of texts give the same
// bytes.
func feed(h hash.Hash, texts ...string) {
	for _, s := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
}

// TextHash returns the SHA-256 of a text in hexadecimal: how Inputs name the text that they belong to.
func TextHash[T ~string | ~[]byte](text T) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// keyedHash returns the HMAC-SHA256 (RFC 2104) of a value. It includes the kind and the name, so
// that nobody can see that two names have equal values.
func keyedHash(key []byte, kind InputKind, name, value string) string {
	h := hmac.New(sha256.New, key)
	feed(h, "orac input value 1", string(kind), name, value)
	return hex.EncodeToString(h.Sum(nil))
}

// processKey is the key for callers that keep no hashes after the process ends.
var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // it never fails: the process ends when the system has no random numbers
	return key
})

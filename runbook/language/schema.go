package language

import (
	"cmp"
)

// Kind is the sort of value that an attribute accepts. It decides how the value is written,
// checked, normalised and described.
type Kind int

// The kinds. A reference names another block; its normal form is an Address.
const (
	String     Kind = iota // text
	Enum                   // one of Attribute.Values
	Path                   // a file's path, relative to the file that names it
	URL                    // http or https, without a password in it
	Int                    // a whole number
	Float                  // a number
	Bool                   // true or false
	Duration               // text with a unit: "500ms", "2s", "30d"
	ByteSize               // text with a unit: "250MiB"
	Ref                    // one block whose type is in Attribute.Refs
	Refs                   // a list of different such blocks
	Strings                // a list of text
	Ints                   // a whole number, or a list of different ones
	Map                    // text by name
	Keyword                // one of Attribute.Values, without quotes
	Any                    // any value; locals and the default of a variable
	Numbers                // numbers by name; the names are Attribute.Values
	Expression             // true or false, evaluated later with the words of Attribute.Sees: see Deferred
	Code                   // an expression of another file, kept as text
	CodeMap                // such expressions by name
	RefLists               // a list of different blocks, some of them in lists of their own; the normal form is a list of lists
	RefMap                 // blocks by name; the normal form is a map of addresses
	TextLists              // lists of text by name
	Values                 // text, numbers, truths, and lists and maps of them, by name; the normal form is an object
)

// Secrecy says what an attribute does with a marked value.
type Secrecy int

// Public refuses secret(), and shows what env() and file() return; references to it keep their
// mark. SecretAllowed keeps any value as a Secret, even a literal. SecretOnly refuses literals.
const (
	Public Secrecy = iota
	SecretAllowed
	SecretOnly
)

// Effect is what a changed attribute does to the running component.
type Effect string

// InPlace hands the new value to the running component, and Restart replaces the component.
const (
	InPlace Effect = "in place"
	Restart Effect = "restart"
	// NextStart: the value takes effect when the process starts again.
	NextStart Effect = "next start"
)

// Capability says what power over the machine an attribute grants to the people who write it. Every attribute of the registry
// states one. Judge uses it to decide what an admin of the network may put into force, and the table in web/SECURITY.md is made
// from it.
type Capability string

// The capabilities.
const (
	Tunes   Capability = "tunes"   // only how the appliance behaves
	Admits  Capability = "admits"  // who may do what with the appliance
	Reaches Capability = "reaches" // an address that ORAC sends to
	Fetches Capability = "fetches" // a file from the catalogue, an https URL, or a path
	Proves  Capability = "proves"  // a credential: ORAC shows it to others, or checks others with it
	Reads   Capability = "reads"   // a file, by its path
	Writes  Capability = "writes"  // a file or folder, by its path
	Runs    Capability = "runs"    // a command, as ORAC's user
	Opens   Capability = "opens"   // a port, or an existing port to more clients
	Trusts  Capability = "trusts"  // gives admins of the network all of these
)

// Attribute describes one attribute of a block. The zero value of every field except Name, Kind,
// OnChange and Doc means "nothing special".
//
// Default, Min, Max and Example are written as a user writes them, without the quotes of text: "2s", "0.3", "true",
// "general"; a list is written like JSON. Unit says what a bare number counts.
type Attribute struct {
	Name     string
	Kind     Kind
	Gives    Capability // "" where nobody judges changes
	OnChange Effect
	Doc      string // one sentence or two
	Unit     string
	Default  string
	Min, Max string // inclusive; for Ints, of each number; not for Strings, Refs and RefLists
	TooLow   string // how to fix a number below Min; "": by the range
	Required bool
	NonEmpty bool // a list that must have an element; written Ints always need one
	Secret   Secrecy
	Values   []string // of an Enum or a Keyword; the allowed elements of Strings; the names of Numbers
	Refs     []string // types, or keys of types that have variants, that a reference may name
	Sees     *Words   // for an Expression; for a URL or String, the words that its text may name: see Template
	Pattern  *Pattern
	Expect   string // what Pattern demands, in words: "64 hexadecimal digits"
	Example  string // an HCL expression

	// TCP says that a URL may begin with tcp://, and then names a port.
	TCP bool

	// Keeps says that the secret which the attribute names stays inside ORAC: nothing sends it, shows it or runs with it.
	// Options.Within therefore lets the attribute name another one, as secret("NAME").
	Keeps bool

	// Vouches says that the attribute decides who may answer at the addresses of its block, so that a credential reaches the
	// right server.
	Vouches bool

	// NoWider tells whether a text of an attribute that Opens admits nobody new compared with the text before; nil: every other
	// text does.
	NoWider func(was, is string) bool

	// SecretKeys finds the names of a Map whose texts must not be literals, as in an attribute that
	// is SecretOnly; nil when there are none.
	SecretKeys *Pattern

	// Reads tells whether a value names a file whose content is part of the meaning of the document;
	// nil when no value does.
	Reads func(value string) bool

	// DefaultFrom returns a default that depends on the block's name; DefaultDoc says it in words.
	DefaultFrom func(name string) string
	DefaultDoc  string
}

// BlockType describes one type of block, or one variant of a type.
type BlockType struct {
	Type     string // the word that opens the block
	Variant  string // the fixed first label; "" if the type has no variants
	Named    bool   // whether it has a name as its (last) label
	Single   bool   // at most one in its parent
	Required bool   // at least one in the file
	Optional bool   // for a Single one: if it is not written there is none, instead of one with defaults
	FreeForm bool   // attributes may have any name; Attributes[0] describes them all
	Doc      string
	Example  string // HCL; the body of one block

	Label       *Pattern // what its name may be; nil: namePattern
	LabelExpect string   // what Label demands, in words

	Attributes []Attribute
	Nested     []*BlockType // each Single and without a name
	Rules      []Rule

	// Slot returns the place that a block of this type is built into, in the value that the
	// language builds: a pointer to a struct, or to a slice of structs. It is nil for blocks that
	// belong to the language itself. Variants may share one struct; fields that a variant does not
	// have keep their zero value. See Into.
	Slot func(any) any

	// binds is the first word of references to blocks of the language itself: "local" for every
	// attribute, "var" for the block; "" for all other types.
	binds string
}

// Rule is a condition on several attributes of one block. It is checked when all of Uses are valid
// by themselves.
type Rule struct {
	Uses  []string // attributes it reads; a broken rule points at the first one that is written
	Doc   string   // the condition; the summary of its diagnostic
	Hint  string   // how to fix it
	Holds func(Given) bool
}

// namePattern is what a block may be called.
var namePattern = Match(`^[a-z][a-z0-9_-]{0,62}$`)

const nameExpect = "a lower-case letter, then at most 62 lower-case letters, digits, _ or -"

// Key returns the block's type as addresses begin with it: "model", "device.microphone".
func (t *BlockType) Key() string {
	if t.Variant == "" {
		return t.Type
	}
	return t.Type + "." + t.Variant
}

// Header returns the line that opens the block: `device "microphone" "NAME"`.
func (t *BlockType) Header() string {
	h := t.Type
	if t.Variant != "" {
		h += ` "` + t.Variant + `"`
	}
	if t.Named {
		h += ` "NAME"`
	}
	return h
}

// Attribute finds an attribute by name; nil when there is none.
func (t *BlockType) Attribute(name string) *Attribute {
	for i := range t.Attributes {
		if t.Attributes[i].Name == name || t.FreeForm {
			return &t.Attributes[i]
		}
	}
	return nil
}

// NestedType finds a nested block type by name; nil when there is none.
func (t *BlockType) NestedType(name string) *BlockType {
	for _, n := range t.Nested {
		if n.Type == name {
			return n
		}
	}
	return nil
}

// MayBeCalled tells whether a block of the type may have that name.
func (t *BlockType) MayBeCalled(name string) bool { return t.label().MatchString(name) }

// label returns what the names of the type's blocks must match.
func (t *BlockType) label() *Pattern {
	if t.Label != nil {
		return t.Label
	}
	return namePattern
}

// NameRule returns what the name of a block of the type must match, and the same in words.
func (t *BlockType) NameRule() (pattern, words string) {
	return t.label().String(), cmp.Or(t.LabelExpect, nameExpect)
}

package language

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// A text from the network is evaluated in a child process of the same program, which can be killed. The child returns the value
// instead of the text: it is packed there and unpacked here, and nothing is evaluated again.

// packed is how the result of an evaluation crosses a pipe. It contains secrets, so it must never be written
// to a file or a log.
type packed struct {
	Whole     bool          `json:"whole"` // whether there is a document
	File      string        `json:"file"`
	Dir       string        `json:"dir"`
	Variables []string      `json:"variables"`
	Blocks    []packedBlock `json:"blocks"`
	Inputs    Inputs        `json:"inputs"`
	Bounds    packedBounds  `json:"bounds"`
	Hidden    [][2]int      `json:"hidden"` // from, to: bytes of the text that must not be shown
	Problems  []packedFound `json:"problems"`
}

type packedBlock struct {
	Address Address               `json:"address"`
	Type    string                `json:"type"` // the key of the block's type; for a nested block, its word
	Written bool                  `json:"written"`
	Range   hcl.Range             `json:"range"`
	Attrs   map[string]packedAttr `json:"attrs"`
	Nested  []packedBlock         `json:"nested"`
}

type packedAttr struct {
	Value   json.RawMessage   `json:"value"`
	Secret  bool              `json:"secret"`
	Default bool              `json:"default"`
	Outside bool              `json:"outside"`
	Range   hcl.Range         `json:"range"`
	Secrets map[string]string `json:"secrets,omitempty"`
}

// packedBounds is what an evaluation within the bounds of a document needs from that document.
type packedBounds struct {
	Dir     string    `json:"dir"`
	Readers []Reader  `json:"readers"`
	Asked   []Reading `json:"asked"`
}

type packedFound struct {
	Severity  Severity  `json:"severity"`
	Summary   string    `json:"summary"`
	Detail    string    `json:"detail"`
	Subject   hcl.Range `json:"subject"`
	Address   Address   `json:"address"`
	Forbidden bool      `json:"forbidden"`
}

// Pack writes the result of Parse for another process. The document is nil if there is none.
func Pack(d *Document, problems Diagnostics) ([]byte, error) {
	p := packed{}
	for _, f := range problems {
		p.Problems = append(p.Problems, packedFound{f.Severity, f.Summary, f.Detail, f.Subject, f.Address, f.Forbidden})
		if f.source != nil {
			p.Hidden = f.source.hiddenPieces()
		}
	}
	if d != nil {
		p.Whole, p.File, p.Dir, p.Variables = true, d.File, d.Dir, d.Variables
		p.Inputs, p.Bounds, p.Hidden = d.inputs.fetched, d.bounds(), d.source.hiddenPieces()
		var err error
		if p.Blocks, err = packBlocks(d.Blocks); err != nil {
			return nil, err
		}
	}
	return json.Marshal(p)
}

// hiddenPieces returns the pieces of the text that must not be shown.
func (s *source) hiddenPieces() (list [][2]int) {
	for i := range s.hidden {
		switch {
		case !s.hidden[i]:
		case i > 0 && s.hidden[i-1]:
			list[len(list)-1][1] = i + 1
		default:
			list = append(list, [2]int{i, i + 1})
		}
	}
	return list
}

func packBlocks(blocks []Block) ([]packedBlock, error) {
	out := make([]packedBlock, 0, len(blocks))
	for _, b := range blocks {
		p := packedBlock{Address: b.Address, Type: b.Type.Key(), Written: b.Written, Range: b.Range, Attrs: map[string]packedAttr{}}
		for name, a := range b.Attrs {
			value, err := ctyjson.Marshal(a.Value, b.Type.Attribute(name).valueType())
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", b.Address, name, err)
			}
			packed := packedAttr{Value: value, Secret: a.Secret, Default: a.Default, Outside: a.outside, Range: a.Range}
			for key, s := range a.secrets {
				if packed.Secrets == nil {
					packed.Secrets = map[string]string{}
				}
				packed.Secrets[key] = s.Reveal()
			}
			p.Attrs[name] = packed
		}
		var err error
		if p.Nested, err = packBlocks(b.Nested); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Unpack reads what Pack has written in another process into value, as Parse would have done it. Files that attributes name are
// read here, as opts says, when Inputs is called.
func (l *Vocabulary) Unpack(data, text []byte, filename string, opts Options, value any) (*Document, Diagnostics, error) {
	var p packed
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, nil, fmt.Errorf("cannot read what was evaluated: %w", err)
	}
	src := &source{name: filename, bytes: text}
	for _, piece := range p.Hidden {
		src.hide(piece[0], piece[1])
	}
	var problems Diagnostics
	for _, f := range p.Problems {
		problems = append(problems, Diagnostic{Severity: f.Severity, Summary: f.Summary, Detail: f.Detail, Subject: f.Subject, Address: f.Address, Forbidden: f.Forbidden, source: src})
	}
	if !p.Whole {
		return nil, problems, nil
	}
	if p.Inputs.Source != TextHash(text) {
		return nil, nil, fmt.Errorf("what was evaluated is a different text")
	}
	d := &Document{File: p.File, Dir: p.Dir, Variables: p.Variables, source: src, readers: p.Bounds.open()}
	for _, b := range p.Blocks {
		t := l.BlockType(b.Type)
		if t == nil {
			return nil, nil, fmt.Errorf("what was evaluated has a block of the type %q", b.Type)
		}
		block, err := b.unpack(t)
		if err != nil {
			return nil, nil, err
		}
		d.Blocks = append(d.Blocks, block)
		d.put(value, block)
	}
	opts = opts.WithDefaults()
	d.inputs = newInputs(p.Inputs, func() []Input { return d.namedFiles(d.Blocks, opts) })
	return d, problems, nil
}

func (p packedBlock) unpack(t *BlockType) (Block, error) {
	out := Block{Address: p.Address, Type: t, Written: p.Written, Range: p.Range, Attrs: map[string]Attr{}}
	for i := range t.Attributes {
		at := &t.Attributes[i]
		packed, ok := p.Attrs[at.Name]
		if !ok {
			return out, fmt.Errorf("what was evaluated lacks %s.%s", p.Address, at.Name)
		}
		value, err := ctyjson.Unmarshal(packed.Value, at.valueType())
		if err != nil {
			return out, fmt.Errorf("what was evaluated has no such %s.%s: %w", p.Address, at.Name, err)
		}
		a := Attr{Value: value, Secret: packed.Secret, Default: packed.Default, outside: packed.Outside, Range: packed.Range}
		for key, s := range packed.Secrets {
			if a.secrets == nil {
				a.secrets = map[string]Secret{}
			}
			a.secrets[key] = NewSecret(s)
		}
		out.Attrs[at.Name] = a
	}
	for _, n := range p.Nested {
		nt := t.NestedType(n.Type)
		if nt == nil {
			return out, fmt.Errorf("what was evaluated has a block %s in %s", n.Type, p.Address)
		}
		nested, err := n.unpack(nt)
		if err != nil {
			return out, err
		}
		out.Nested = append(out.Nested, nested)
	}
	return out, nil
}

// put builds a block into its slot.
func (d *Document) put(value any, b Block) {
	slot := reflect.ValueOf(b.Type.Slot(value)).Elem()
	if slot.Kind() != reflect.Slice {
		d.fill(slot, b)
		return
	}
	el := reflect.New(slot.Type().Elem()).Elem()
	d.fill(el, b)
	slot.Set(reflect.Append(slot, el))
}

// PackBounds writes what Options.Within needs of a document, for another process.
func (d *Document) PackBounds() ([]byte, error) { return json.Marshal(d.bounds()) }

// UnpackBounds reads what PackBounds has written: a document that can only be used for Options.Within.
func UnpackBounds(data []byte) (*Document, error) {
	var p packedBounds
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("cannot read the list of permitted reads: %w", err)
	}
	return &Document{Dir: p.Dir, readers: p.open()}, nil
}

func (d *Document) bounds() packedBounds {
	p := packedBounds{Dir: d.Dir, Readers: d.Readers()}
	for id := range d.readers.fetched {
		p.Asked = append(p.Asked, Reading{id.kind, id.name})
	}
	return p
}

func (p packedBounds) open() *readers {
	r := &readers{at: map[readerKey]bool{}, fetched: map[inputID]bool{}, list: func() []Reader { return p.Readers }}
	for _, reader := range p.Readers {
		key := readerKey{addr: reader.Address, attr: reader.Attribute}
		if text, err := hex.DecodeString(reader.Text); err == nil && len(text) == len(key.text) {
			key.text = [32]byte(text)
			r.at[key] = true
		}
	}
	for _, a := range p.Asked {
		r.fetched[inputID{a.Kind, a.Name}] = true
	}
	return r
}

package api

import (
	"slices"
	"strings"
	"unicode"

	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/schema"
)

// BlockList holds the blocks that the runbook's file declares, and those that it may declare.
type BlockList struct {
	File   string         `json:"file"`
	Hash   string         `json:"hash" doc:"Hash of the file: send it as base of an edit."`
	Blocks []BlockSummary `json:"blocks" doc:"In the order of the file, then the blocks that exist once and are not written."`
	Types  []TypeSummary  `json:"types" doc:"In the order of the reference."`
}

type BlockSummary struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Written bool   `json:"written" doc:"false: the defaults hold."`
	Line    int    `json:"line"`
}

type TypeSummary struct {
	Type    string `json:"type" doc:"Key of the type, such as model or device.microphone."`
	Doc     string `json:"doc"`
	Addable bool   `json:"addable" doc:"Whether another one may be added, under a name."`
}

// BlockForm is a block, written or not, with everything that can be set in it.
type BlockForm struct {
	Address    string      `json:"address" doc:"Address of the block; of a new block only its type."`
	Type       string      `json:"type"`
	Doc        string      `json:"doc"`
	File       string      `json:"file"`
	Hash       string      `json:"hash" doc:"Hash of the file: send it as base of an edit."`
	Written    bool        `json:"written"`
	Line       int         `json:"line"`
	Named      bool        `json:"named"`
	Name       string      `json:"name_pattern,omitempty" doc:"The pattern that a name must match."`
	NameWords  string      `json:"name_words,omitempty"`
	Sections   []Section   `json:"sections" doc:"The block, then the blocks nested in it."`
	ReferredBy []Reference `json:"referred_by" doc:"The blocks that refer to it and would miss it."`
	MayJoin    []Joinable  `json:"may_join" doc:"For a new block: the lists that may name it. Most blocks do nothing until another block names them."`
}

// Joinable is a list of blocks that can take one more.
type Joinable struct {
	Block     string   `json:"block"`
	Attribute string   `json:"attribute"`
	Names     []string `json:"names" doc:"The names in the list."`
}

type Section struct {
	Address string  `json:"address"`
	Title   string  `json:"title" doc:"Type of a nested block; empty for the block itself."`
	Doc     string  `json:"doc"`
	Written bool    `json:"written"`
	Line    int     `json:"line"`
	Fields  []Field `json:"fields"`
}

// Field is an attribute with what the file says about it.
type Field struct {
	Name     string   `json:"name"`
	Doc      string   `json:"doc"`
	Takes    string   `json:"takes" doc:"What it accepts, in words."`
	Unit     string   `json:"unit,omitempty"`
	Default  string   `json:"default,omitempty"`
	Min      string   `json:"min,omitempty"`
	Max      string   `json:"max,omitempty"`
	Example  string   `json:"example" doc:"An expression."`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`
	Restarts bool     `json:"restarts" doc:"Whether a change restarts the component."`
	Written  bool     `json:"written"`
	Line     int      `json:"line"`
	Text     string   `json:"text" doc:"The written expression, byte for byte."`
	Control  string   `json:"control" doc:"The kind of input: text, number, choice, list, or code for an expression that is none of these."`
	Value    string   `json:"value" doc:"For text, number and choice: what is written, without quotes."`
	Quoted   bool     `json:"quoted" doc:"Whether value is a text: send it as text in an operation, else as expression."`
	Values   []string `json:"values,omitempty" doc:"For choice and list: the possible values."`
	Chosen   []string `json:"chosen,omitempty" doc:"For list: the written values."`
}

type Reference struct {
	Block     string `json:"block"`
	Attribute string `json:"attribute"`
	Line      int    `json:"line"`
}

func getBlocks(c *Call, _ schema.None) (BlockList, error) {
	file, list, err := c.outlines()
	if err != nil {
		return BlockList{}, err
	}
	out := BlockList{File: file.File, Hash: file.Hash}
	for _, o := range list {
		out.Blocks = append(out.Blocks, BlockSummary{string(o.Address), o.Type.Key(), o.Written, o.Line})
	}
	for _, t := range runbook.Registry {
		if t.Slot != nil {
			out.Types = append(out.Types, TypeSummary{t.Key(), t.Doc, t.Named && !t.Single})
		}
	}
	return out, nil
}

// outlines returns the blocks of the runbook's file, as far as it can be parsed.
func (c *Call) outlines() (file RunbookText, list []edit.Outline, err error) {
	if file, err = getRunbook(c, schema.None{}); err != nil {
		return file, nil, err
	}
	if list, err = edit.Outlines([]byte(file.Source)); err != nil {
		return file, nil, schema.Because(schema.InvalidRunbook, err, "The file cannot be read as blocks: correct its text first.")
	}
	return file, list, nil
}

type BlockInput struct {
	Address string `path:"address" check:"pattern=node"`
}

func getBlock(c *Call, in BlockInput) (BlockForm, error) {
	file, list, err := c.outlines()
	if err != nil {
		return BlockForm{}, err
	}
	for _, o := range list {
		if o.Address == runbook.Address(in.Address) {
			f := formOf(o, file, list)
			for _, r := range edit.Referrers([]byte(file.Source), o.Address) {
				f.ReferredBy = append(f.ReferredBy, Reference{string(r.Block), r.Attribute, r.Place.Start.Line})
			}
			return f, nil
		}
	}
	return BlockForm{}, schema.Fail(schema.NotFound, "There is no such block.")
}

type TypeInput struct {
	Type string `path:"type" check:"pattern=node"`
}

func getType(c *Call, in TypeInput) (BlockForm, error) {
	file, list, err := c.outlines()
	if err != nil {
		return BlockForm{}, err
	}
	t := runbook.Vocabulary.BlockType(in.Type)
	if t == nil {
		return BlockForm{}, schema.Fail(schema.NotFound, "There is no such type of block.")
	}
	f := formOf(edit.BlankOutline(t, runbook.Address(in.Type)), file, list)
	for _, o := range list {
		for i := range o.Type.Attributes {
			at := &o.Type.Attributes[i]
			w, written := o.Attrs[at.Name]
			switch {
			case at.Kind != language.Refs && at.Kind != language.RefLists || !slices.Contains(at.Refs, t.Type) && !slices.Contains(at.Refs, t.Key()):
			case !o.Written || written && !isList(w):
			default:
				j := Joinable{Block: string(o.Address), Attribute: at.Name, Names: []string{}}
				for _, a := range w.Names {
					j.Names = append(j.Names, string(a))
				}
				f.MayJoin = append(f.MayJoin, j)
			}
		}
	}
	return f, nil
}

// isList tells whether an attribute is a list of plain references only.
func isList(w edit.Written) bool { return w.Names != nil && strings.HasPrefix(w.Text, "[") }

func formOf(o edit.Outline, file RunbookText, all []edit.Outline) BlockForm {
	f := BlockForm{
		Address: string(o.Address), Type: o.Type.Key(), Doc: o.Type.Doc, File: file.File, Hash: file.Hash,
		Written: o.Written, Line: o.Line, Named: o.Type.Named, ReferredBy: []Reference{}, MayJoin: []Joinable{},
	}
	if f.Named {
		f.Name, f.NameWords = o.Type.NameRule()
	}
	var add func(o edit.Outline, title string)
	add = func(o edit.Outline, title string) {
		s := Section{Address: string(o.Address), Title: title, Doc: o.Type.Doc, Written: o.Written, Line: o.Line, Fields: []Field{}}
		for i := range o.Type.Attributes {
			s.Fields = append(s.Fields, fieldOf(&o.Type.Attributes[i], o, all))
		}
		f.Sections = append(f.Sections, s)
		for _, n := range o.Nested {
			add(n, strings.TrimPrefix(title+"."+n.Type.Type, "."))
		}
	}
	add(o, "")
	return f
}

// fieldOf returns how to ask for an attribute: by a simple control if what is written is simple enough, otherwise as an
// expression.
func fieldOf(at *language.Attribute, o edit.Outline, all []edit.Outline) Field {
	w, written := o.Attrs[at.Name]
	f := Field{
		Name: at.Name, Doc: at.Doc, Takes: at.How(), Unit: at.Unit, Default: at.Default, Min: at.Min, Max: at.Max, Example: at.Like(),
		Required: at.Required, Secret: at.Secret != language.Public, Restarts: at.OnChange == language.Restart,
		Written: written, Line: w.Line, Text: w.Text, Control: "code",
	}
	if f.Default == "" {
		f.Default = at.DefaultDoc
	}
	simple := !written || w.Simple && !strings.ContainsFunc(w.Plain, unicode.IsControl)
	switch {
	case at.Secret == language.SecretOnly: // never as text, which would be refused
	case at.Kind == language.Bool && simple:
		f.Control, f.Values, f.Value = "choice", []string{"true", "false"}, w.Plain
	case (at.Kind == language.Int || at.Kind == language.Ints || at.Kind == language.Float) && simple && !strings.HasPrefix(w.Text, `"`):
		f.Control, f.Value = "number", w.Plain
	case at.Kind == language.Enum && (!written || slices.Contains(at.Values, w.Plain)):
		f.Control, f.Values, f.Value, f.Quoted = "choice", at.Values, w.Plain, true
	case at.Kind.Quoted() && at.Kind != language.Enum && simple && (!written || strings.HasPrefix(w.Text, `"`)):
		f.Control, f.Value, f.Quoted = "text", w.Plain, true
	case at.Kind == language.Ref && (!written || len(w.Names) == 1 && w.Text == string(w.Names[0])):
		f.Control, f.Values = "choice", addresses(all, at.Refs, w.Names)
		if written {
			f.Value = w.Text
		}
	case (at.Kind == language.Refs || at.Kind == language.RefLists) && (!written || isList(w)):
		f.Control, f.Values = "list", addresses(all, at.Refs, w.Names)
		for _, a := range w.Names {
			f.Chosen = append(f.Chosen, string(a))
		}
	}
	if f.Control == "code" {
		f.Value = w.Text
	}
	return f
}

// addresses returns the blocks that a reference may name, and those that it already names.
func addresses(all []edit.Outline, types []string, named []runbook.Address) []string {
	out := []string{}
	for _, o := range all {
		if slices.Contains(types, o.Type.Type) || slices.Contains(types, o.Type.Key()) {
			out = append(out, string(o.Address))
		}
	}
	for _, a := range named {
		if !slices.Contains(out, string(a)) {
			out = append(out, string(a))
		}
	}
	return out
}

package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
	"orac/web/api"
)

// blockForm is a block of the runbook as a form, made from the registry.
type blockForm struct {
	Address  string
	Title    string
	Doc      string
	Written  bool
	Base     string
	Sections []section
	Wrong    string
}

// section is a block, or one that is nested in it.
type section struct {
	Title, Doc string
	Fields     []field
}

// field is an attribute as a control. Its value is what is in the file, or empty; what stays as it was is not touched.
type field struct {
	ID, Name, Doc    string
	Control          string // text, number, choice, code
	Value, Was       string // Was: when the form was made
	Default, Hint    string
	Values           []string // of a choice
	Min, Max         string
	Secret, Restarts bool

	block     runbook.Address
	attribute string
	quoted    bool // what is written stands in quotes in the file
}

type blocksData struct {
	File   string
	Groups []blockGroup
	Wrong  string
}

type blockGroup struct {
	Doc    string
	Name   string
	Blocks []runbook.Block
}

// blocks lists what the file declares, and what it leaves at its defaults.
func (c *Console) blocks(call *api.Call) error {
	file, err := api.Invoke[api.RunbookText](call, "runbook", nil)
	if err != nil {
		return err
	}
	d := blocksData{File: file.File}
	rb, _ := call.Server.App().Check(file.Source)
	if rb == nil {
		d.Wrong = "The file has problems: mend them in its text first."
	} else {
		for _, b := range rb.Blocks {
			if n := len(d.Groups); n == 0 || d.Groups[n-1].Name != b.Type.Type {
				d.Groups = append(d.Groups, blockGroup{Name: b.Type.Type, Doc: b.Type.Doc})
			}
			g := &d.Groups[len(d.Groups)-1]
			g.Blocks = append(g.Blocks, b)
		}
	}
	return c.show(call, http.StatusOK, "blocks", view{Title: "Runbook, block by block", Nav: "/runbook", Data: d})
}

// formOf finds a block of the file and makes its form.
func formOf(call *api.Call) (blockForm, api.RunbookText, error) {
	file, err := api.Invoke[api.RunbookText](call, "runbook", nil)
	if err != nil {
		return blockForm{}, file, err
	}
	rb, _ := call.Server.App().Check(file.Source)
	if rb == nil {
		return blockForm{}, file, api.Fail(api.InvalidRunbook, "The file has problems: mend them in its text first.")
	}
	address := call.R.PathValue("address")
	b, ok := rb.Block(runbook.Address(address))
	if !ok {
		return blockForm{}, file, api.Fail(api.NotFound, "There is no such block.")
	}
	f := blockForm{Address: address, Title: address, Doc: b.Type.Doc, Written: b.Written, Base: file.Hash}
	f.add(b, b.Address, "", file.Source, rb)
	return f, file, nil
}

func (f *blockForm) add(b runbook.Block, address runbook.Address, title, source string, rb *runbook.Runbook) {
	s := section{Title: title}
	if title != "" {
		s.Doc = b.Type.Doc
	}
	for i := range b.Type.Attributes {
		if b.Type.FreeForm {
			break
		}
		s.Fields = append(s.Fields, fieldOf(&b.Type.Attributes[i], b, address, source, rb))
	}
	f.Sections = append(f.Sections, s)
	for _, n := range b.Nested {
		f.add(n, address+"."+runbook.Address(n.Type.Type), n.Type.Type, source, rb)
	}
}

func fieldOf(at *runbook.Attribute, b runbook.Block, address runbook.Address, source string, rb *runbook.Runbook) field {
	f := field{
		ID: string(address) + "." + at.Name, Name: at.Name, Doc: at.Doc, Control: "code", Hint: at.Unit, Default: firstOf(at.Default, at.DefaultDoc),
		Secret: at.Secret != runbook.Public, Restarts: at.OnChange == runbook.Restart, block: address, attribute: at.Name, Min: at.Min, Max: at.Max,
	}
	a, text := b.Attrs[at.Name], ""
	if !a.Default && a.Range.End.Byte > a.Range.Start.Byte && a.Range.End.Byte <= len(source) {
		text = source[a.Range.Start.Byte:a.Range.End.Byte]
	}
	f.Value = text
	simple := text == "" || text == literal(a.Value)
	switch {
	case f.Secret || !simple && at.Kind != runbook.Ref:
	case at.Kind == runbook.Bool:
		f.Control, f.Values = "choice", []string{"true", "false"}
	case at.Kind == runbook.Int || at.Kind == runbook.Float:
		f.Control = "number"
	case at.Kind == runbook.Enum:
		f.Control, f.Values, f.quoted = "choice", at.Values, true
	case at.Kind == runbook.String, at.Kind == runbook.Path, at.Kind == runbook.URL, at.Kind == runbook.Duration, at.Kind == runbook.ByteSize:
		f.Control, f.quoted = "text", true
	case at.Kind == runbook.Ref:
		if list := addresses(rb, at.Refs); text == "" || contains(list, text) {
			f.Control, f.Values = "choice", list
		}
	}
	if f.quoted && text != "" {
		f.Value = a.Value.AsString()
	}
	f.Was = f.Value
	return f
}

// literal is how a simple value is written.
func literal(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() || !v.Type().IsPrimitiveType() {
		return ""
	}
	return string(hclwrite.TokensForValue(v).Bytes())
}

// addresses are the blocks that a reference may name.
func addresses(rb *runbook.Runbook, types []string) (list []string) {
	for _, b := range rb.Blocks {
		if contains(types, b.Type.Type) || contains(types, b.Type.Key()) {
			list = append(list, string(b.Address))
		}
	}
	return list
}

func contains(list []string, s string) bool {
	for _, el := range list {
		if el == s {
			return true
		}
	}
	return false
}

func (c *Console) block(call *api.Call) error {
	f, _, err := formOf(call)
	if err != nil {
		return err
	}
	return c.showBlock(call, http.StatusOK, f)
}

func (c *Console) showBlock(call *api.Call, status int, f blockForm) error {
	return c.show(call, status, "block", view{Title: f.Title, Nav: "/runbook", Data: f})
}

// saveBlock puts what was changed into the text, every other byte as it was, and shows the plan of it.
func (c *Console) saveBlock(call *api.Call) error {
	f, file, err := formOf(call)
	if err != nil {
		return err
	}
	if err := call.R.ParseForm(); err != nil {
		return api.Fail(api.InvalidInput, "The form cannot be read.")
	}
	text, changed := []byte(file.Source), 0
	for i := range f.Sections {
		for j := range f.Sections[i].Fields {
			at := &f.Sections[i].Fields[j]
			given, ok := call.R.PostForm[at.ID]
			was := call.R.PostFormValue("was." + at.ID)
			if !ok || len(given) != 1 || lf(given[0]) == lf(was) || strings.TrimSpace(given[0]) == "" {
				continue // what it was when the form was shown
			}
			changed++
			at.Value = lf(given[0])
			expression := at.Value
			if at.quoted {
				expression = literal(cty.StringVal(expression))
			}
			fresh, err := runbook.Edit(text, at.block, at.attribute, expression)
			var wrong *runbook.EditError
			if errors.As(err, &wrong) {
				f.Wrong += fmt.Sprintf("%s: %s. %s\n", at.Name, wrong.Summary, wrong.Hint)
				continue
			}
			if err != nil {
				return err
			}
			text = fresh
		}
	}
	if changed == 0 {
		f.Wrong = "Nothing was changed."
	}
	if f.Wrong != "" {
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	e := editor{File: file.File, Source: string(text), Base: call.R.PostFormValue("base"), Edited: true}
	found, err := api.Invoke[api.Findings](call, "validate", api.SourceInput{Source: e.Source})
	if err != nil {
		return err
	}
	if !found.OK {
		for _, p := range found.Problems {
			f.Wrong += p.Summary + ". " + p.Detail + "\n"
		}
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	return c.showPlan(call, http.StatusOK, e, file, "")
}

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

package console

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"orac/web/api"
	"orac/web/schema"
)

// blockForm is a block of the runbook as a form, built from the registry.
type blockForm struct {
	api.BlockForm
	editor
	New       bool
	Name      string // of a new block
	Joins     []join // lists that a new block may be put into
	Sections  []section
	Filled    []filled
	Lead      string // what the error is about
	Wrong     []string
	Unplanned string // the text with the error, to be carried into the editor; "" if there is none
}

// section is a block or one nested in it.
type section struct {
	api.Section
	Main, More []field // required attributes, and all others
}

// field is an attribute as a control.
type field struct {
	api.Field
	ID, Doc string
	Value   string   // what is shown: the file's value, or what was submitted before
	Was     string   // the value when the form was made: a value that did not change is not touched
	Chosen  []string // of a list
	Must    bool
}

// filled is a value that a link has put into a control.
type filled struct {
	Name, Value, Was string
	Expression       bool // the file has an expression there, which stays
}

// join is a list of blocks that a new block may be put into.
type join struct {
	api.Joinable
	Chosen bool
}

// ID returns the name of its control.
func (j join) ID() string { return j.Block + "." + j.Attribute }

type blocksData struct {
	File   string
	Groups []blockGroup
	Wrong  string
}

type blockGroup struct {
	Name, Doc string
	Addable   bool
	Blocks    []api.BlockSummary
}

// blocks lists what the file declares, what it leaves at its defaults, and what could be added.
func (c *Console) blocks(call *api.Call) error {
	file, err := api.OpRunbook.Call(call, schema.None{})
	if err != nil {
		return err
	}
	d := blocksData{File: file.File}
	list, err := api.OpBlocks.Call(call, schema.None{})
	switch {
	case err != nil && schema.ProblemOf(err).Code == schema.InvalidRunbook:
		d.Wrong = schema.ProblemOf(err).Detail
	case err != nil:
		return err
	}
	for _, t := range list.Types {
		g := blockGroup{Name: t.Type, Doc: t.Doc, Addable: t.Addable}
		for _, b := range list.Blocks {
			if b.Type == t.Type {
				g.Blocks = append(g.Blocks, b)
			}
		}
		d.Groups = append(d.Groups, g)
	}
	return c.show(call, http.StatusOK, "blocks", view{Data: d})
}

func (c *Console) block(call *api.Call) error {
	f, err := c.formOf(call)
	if err != nil {
		return err
	}
	f.fillIn(call.R.URL.Query())
	return c.showBlock(call, http.StatusOK, f)
}

// fillIn puts the numbers of a link into the controls of the block itself: a suggestion for a person to plan. It accepts
// only numbers, so that no link can put words into a form.
func (f *blockForm) fillIn(query url.Values) {
	for s, at := range f.fields {
		value := query.Get(at.Name)
		number, expression := at.Control == "number", at.Control == "code" && at.Min != ""
		if s.Address != f.Address || !number && !expression || len(value) > 20 || value == at.Value {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			continue
		}
		f.Filled = append(f.Filled, filled{at.Name, value, firstOf(at.Value, at.Default), expression})
		if number {
			at.Value = value
		}
	}
}

// formOf makes the form of the block that a request names, as it is in the file.
func (c *Console) formOf(call *api.Call) (f blockForm, err error) {
	f.BlockForm, err = api.OpBlock.Call(call, api.BlockInput{Address: call.R.PathValue("address")})
	if err != nil {
		return f, err
	}
	return f, c.fill(call, &f)
}

// fill completes a form with its controls and the text that it edits.
func (c *Console) fill(call *api.Call, f *blockForm) error {
	file, err := api.OpRunbook.Call(call, schema.None{})
	if err != nil {
		return err
	}
	f.editor = editor{File: file.File, Source: file.Source, Base: file.Hash, Began: file.Source}
	for _, j := range f.MayJoin {
		f.Joins = append(f.Joins, join{Joinable: j})
	}
	for _, s := range f.BlockForm.Sections {
		out := section{Section: s}
		for _, at := range s.Fields {
			el := field{Field: at, ID: s.Address + "." + at.Name, Doc: at.Doc, Value: at.Value, Was: at.Value, Chosen: at.Chosen}
			el.Must = f.New && at.Required && s.Title == "" && at.Control != "list"
			if at.Control == "list" {
				el.Was = strings.Join(at.Chosen, " ")
			}
			if f.New && !at.Required {
				out.More = append(out.More, el)
			} else {
				out.Main = append(out.Main, el)
			}
		}
		f.Sections = append(f.Sections, out)
	}
	return nil
}

// fields iterates over all controls of the form.
func (f *blockForm) fields(yield func(*section, *field) bool) {
	for i := range f.Sections {
		s := &f.Sections[i]
		for _, list := range [][]field{s.Main, s.More} {
			for j := range list {
				if !yield(s, &list[j]) {
					return
				}
			}
		}
	}
}

// Asks tells whether the form of a new block has required fields besides its name.
func (f blockForm) Asks() bool { return len(f.Sections) > 0 && len(f.Sections[0].Main) > 0 }

// Pattern returns the pattern of a name in the syntax of browsers, which want a hyphen in a class
// escaped.
func (f blockForm) Pattern() string { return strings.ReplaceAll(f.BlockForm.Name, "-]", `\-]`) }

// Single tells whether the block has no name and exists once; its defaults hold if it is not
// written.
func (f blockForm) Single() bool { return !f.Named }

// Has tells whether a block is chosen in a list.
func (f field) Has(address string) bool { return slices.Contains(f.Chosen, address) }

func (c *Console) showBlock(call *api.Call, status int, f blockForm) error {
	title := f.Address
	if f.New {
		title = "A new " + strings.ReplaceAll(f.Type, ".", " ")
	}
	return c.show(call, status, "block", view{Title: title, Data: f})
}

// saveBlock puts the changes into the text, leaves every other byte as it was, and shows the plan.
func (c *Console) saveBlock(call *api.Call) error {
	f, err := c.formOf(call)
	if err != nil {
		return err
	}
	do, names := f.take(call, f.Address)
	if len(do) == 0 {
		f.Wrong = []string{"Nothing was changed."}
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	return c.planOf(call, f, do, names)
}

// removeBlock removes a block, or a nested one, from the text, and shows the plan.
func (c *Console) removeBlock(call *api.Call) error {
	address := call.R.PathValue("address")
	top := address
	f := blockForm{}
	var err error
	for { // a nested block is edited in the form of the block around it
		if f.BlockForm, err = api.OpBlock.Call(call, api.BlockInput{Address: top}); err == nil {
			break
		}
		at := strings.LastIndexByte(top, '.')
		if at < 0 || schema.ProblemOf(err).Code != schema.NotFound {
			return err
		}
		top = top[:at]
	}
	if err := c.fill(call, &f); err != nil {
		return err
	}
	f.Lead = "Without " + address + " ORAC cannot use the runbook:"
	return c.planOf(call, f, []api.EditStep{{Do: "remove", Block: address}}, []string{address})
}

// newBlock makes the form of a block that does not exist yet.
func (c *Console) newBlock(call *api.Call) error {
	f, err := c.blankForm(call)
	if err != nil {
		return err
	}
	return c.showBlock(call, http.StatusOK, f)
}

func (c *Console) blankForm(call *api.Call) (f blockForm, err error) {
	f.BlockForm, err = api.OpBlockType.Call(call, api.TypeInput{Type: call.R.PathValue("type")})
	if err != nil {
		return f, err
	}
	if f.New = true; !f.Named {
		return f, redirect(call, "/runbook/blocks/"+f.Address) // it exists once only
	}
	return f, c.fill(call, &f)
}

// addBlock adds a block with the submitted values.
func (c *Console) addBlock(call *api.Call) error {
	f, err := c.blankForm(call)
	if err != nil || !f.Named {
		return err
	}
	f.Name = strings.TrimSpace(call.R.PostFormValue("name"))
	for i := range f.Joins {
		f.Joins[i].Chosen = slices.Contains(call.R.PostForm["join"], f.Joins[i].ID())
	}
	if rule, err := regexp.Compile(f.BlockForm.Name); err != nil || !rule.MatchString(f.Name) {
		f.take(call, f.Address)
		f.Wrong = []string{"The name must be " + f.NameWords + "."}
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	address := f.Type + "." + f.Name
	set, names := f.take(call, address)
	do := append([]api.EditStep{{Do: "add", Block: address}}, set...)
	names = append([]string{"name"}, names...)
	for _, j := range f.Joins {
		if j.Chosen {
			text := "[" + strings.Join(append(slices.Clone(j.Names), address), ", ") + "]"
			do, names = append(do, api.EditStep{Do: "set", Block: j.Block, Attribute: j.Attribute, Expression: &text}), append(names, j.ID())
		}
	}
	return c.planOf(call, f, do, names)
}

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

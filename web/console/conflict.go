package console

import (
	"fmt"
	"net/http"
	"strings"

	"orac/runbook/language"
	"orac/web/api"
)

// conflict is an edit of a file that has changed since: both versions, merged as far as possible.
type conflict struct {
	editor        // what the person has submitted
	Onto   string // hash of the file that it was merged with
	Merged api.Merged
	Pieces []conflictPiece
	Known  bool // the text that the edit began with is known
	Wrong  string

	theirs string
}

// conflictPiece is a change by one side or by both.
type conflictPiece struct {
	api.MergedPiece
	Choice string // name of its control
	Chosen string
}

// Removed, Ours and Other return the lines of a piece for display.
func (p conflictPiece) Removed() []string { return shown(p.Base) }

// Ours: see Removed.
func (p conflictPiece) Ours() []string { return shown(p.Mine) }

// Other: see Removed.
func (p conflictPiece) Other() []string { return shown(p.Theirs) }

// Diff returns how one side, or both in the same way, changed the lines.
func (p conflictPiece) Diff() (list []diffLine) {
	for _, line := range p.Removed() {
		list = append(list, diffLine{"del", "-" + line})
	}
	fresh := p.Ours()
	if p.From == "theirs" {
		fresh = p.Other()
	}
	for _, line := range fresh {
		list = append(list, diffLine{"add", "+" + line})
	}
	return list
}

// choice is one way of resolving a conflict.
type choice struct {
	Value, Words string
	Checked      bool
}

func choicesOf(chosen string) []choice {
	list := []choice{{Value: "open", Words: "Decide in the text"}, {Value: "mine", Words: "Yours"}, {Value: "theirs", Words: "Theirs"}, {Value: "both", Words: "Both, yours first"}}
	for i := range list {
		list[i].Checked = list[i].Value == chosen
	}
	return list
}

func shown(text string) (list []string) {
	for line := range strings.Lines(text) {
		list = append(list, strings.TrimRight(line, "\r\n"))
	}
	return list
}

// Plannable returns the merged text as an edit of the present file; unresolved conflicts have their
// marks.
func (c conflict) Plannable() editor {
	return editor{File: c.File, Source: c.Merged.Source, Base: c.Onto, Began: c.theirs, Edited: c.Merged.Source != c.theirs}
}

// mergeWith merges an edit with the present file.
func mergeWith(call *api.Call, e editor, file api.RunbookText, choices []string) (c conflict, err error) {
	c = conflict{editor: e, Onto: file.Hash, Known: language.TextHash(e.Began) == e.Base, theirs: file.Source}
	in := api.MergeInput{Base: e.Began, Mine: e.Source, Theirs: &file.Source, Choices: choices}
	if c.Merged, err = api.OpMerge.Call(call, in); err != nil {
		return c, err
	}
	n := 0
	for _, piece := range c.Merged.Changes {
		p := conflictPiece{MergedPiece: piece, Chosen: "open"}
		if piece.From == "conflict" {
			if p.Choice = fmt.Sprint("choice.", n); n < len(choices) {
				p.Chosen = choices[n]
			}
			n++
		}
		c.Pieces = append(c.Pieces, p)
	}
	return c, nil
}

func (c *Console) showConflict(call *api.Call, e editor, file api.RunbookText, wrong string) error {
	d, err := mergeWith(call, e, file, nil)
	if err != nil {
		return err
	}
	d.Wrong = wrong
	return c.show(call, http.StatusConflict, "conflict", view{Title: "Changed by somebody else", Wide: true, Data: d})
}

// merge resolves each conflict as chosen. If all are resolved it shows the plan, otherwise the text with both versions in
// their places.
func (c *Console) merge(call *api.Call) error {
	e, file, err := posted(call)
	if err != nil {
		return err
	}
	if call.R.PostFormValue("onto") != file.Hash {
		return c.showConflict(call, e, file, "The file has changed again. Choose again.")
	}
	var choices []string
	for n := 0; n < 1000; n++ {
		choice, ok := call.R.PostForm[fmt.Sprint("choice.", n)]
		if !ok {
			break
		}
		choices = append(choices, choice[0])
	}
	d, err := mergeWith(call, e, file, choices)
	if err != nil {
		return err
	}
	if d.Merged.Open > 0 || call.R.FormValue("text") != "" {
		return c.showEditor(call, http.StatusOK, d.Plannable())
	}
	return c.showPlan(call, http.StatusOK, d.Plannable(), file, "")
}

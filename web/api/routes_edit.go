package api

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/schema"
)

// EditInput asks for an edit of a text. The edit changes nothing on the appliance: only apply does.
type EditInput struct {
	Source     *string    `json:"source,omitempty" check:"max=262144;lines" doc:"The text to edit; default: the runbook's file."`
	Operations []EditStep `json:"operations" check:"required;items=200" doc:"Done one after the other."`
}

// EditStep is one step of an edit.
type EditStep struct {
	Do         string  `json:"do" check:"required;enum=set|unset|add|remove" doc:"set gives an attribute an expression, unset returns it to its default, add adds an empty block, remove removes a block."`
	Block      string  `json:"block" check:"required;pattern=node" doc:"Address of the block; of a nested block its parent's address with its type appended."`
	Attribute  string  `json:"attribute,omitempty" check:"pattern=name" doc:"The attribute, for set and unset."`
	Expression *string `json:"expression,omitempty" check:"max=16384;lines" doc:"For set: the value as it is written in a runbook."`
	Text       *string `json:"text,omitempty" check:"max=16384;lines" doc:"For set, instead of expression: a text, which ORAC puts in quotes."`
}

// Edited is a text after an edit.
type Edited struct {
	Source   string   `json:"source"`
	Hash     string   `json:"hash" doc:"Hash of the edited text: send it as base of an apply, if the text was the file's."`
	Diff     string   `json:"diff" doc:"The changed lines as a unified diff."`
	Findings Findings `json:"findings"`
}

func editRunbook(c *Call, in EditInput) (Edited, error) {
	file, err := c.textOr(in.Source)
	if err != nil {
		return Edited{}, err
	}
	var steps []edit.Operation
	var wrong []schema.FieldError
	say := func(i int, text string) {
		wrong = append(wrong, schema.FieldError{Field: fmt.Sprintf("operations[%d]", i), Wrong: text})
	}
	for i, o := range in.Operations {
		step := edit.Operation{Do: edit.Verb(o.Do), Block: runbook.Address(o.Block), Attribute: o.Attribute}
		set := step.Do == edit.DoSet
		switch {
		case (set || step.Do == edit.DoUnset) != (o.Attribute != ""):
			say(i, "set and unset need an attribute; add and remove have none")
		case set != ((o.Expression == nil) != (o.Text == nil)) || !set && o.Expression != nil:
			say(i, "set needs an expression or a text, and not both; the others have neither")
		case o.Text != nil:
			step.Expression = edit.Quote(*o.Text)
		case o.Expression != nil:
			step.Expression = *o.Expression
		}
		steps = append(steps, step)
	}
	if err := schema.Invalid(wrong...); err != nil {
		return Edited{}, err
	}
	text, failed := edit.Rework(c.Context(), []byte(file), steps)
	for _, f := range failed {
		var reason *edit.Error
		if c.Context().Err() != nil {
			return Edited{}, c.Context().Err()
		}
		if !errors.As(f, &reason) {
			return Edited{}, schema.Because(schema.InvalidRunbook, f, "The text cannot be edited. POST /api/runbook/validate says what is wrong with it.")
		}
		say(f.Step, strings.TrimSpace(reason.Summary+". "+reason.Hint))
	}
	if err := schema.Invalid(wrong...); err != nil {
		return Edited{}, err
	}
	out := Edited{Source: string(text), Hash: language.TextHash(file), Diff: c.Server.diff(file, string(text))}
	out.Findings, err = validateRunbook(c, SourceInput{out.Source})
	return out, err
}

// textOr returns a text, or that of the runbook's file if none was given.
func (c *Call) textOr(text *string) (string, error) {
	if text != nil {
		return *text, nil
	}
	return c.Server.readRunbook()
}

// diff returns the changed lines between two texts as a unified diff under the file's name.
func (s *Server) diff(before, after string) string {
	name := filepath.Base(s.o.App.Changer.Request().File)
	text := language.Diff(name, []byte(before), []byte(after))
	at := strings.Index(text, "@@")
	if at < 0 {
		return ""
	}
	return "--- " + name + "\n+++ " + name + "\n" + text[at:]
}

// MergeInput holds two edits of one text.
type MergeInput struct {
	Base    string   `json:"base" check:"max=262144;lines" doc:"The text that both edits began with."`
	Mine    string   `json:"mine" check:"required;max=262144;lines"`
	Theirs  *string  `json:"theirs,omitempty" check:"max=262144;lines" doc:"The other edit; default: the runbook's file as it is now."`
	Choices []string `json:"choices" check:"items=1000;enum=mine|theirs|both|open" doc:"The choice for each conflict, in order; both is mine, then theirs. A conflict that is open or not chosen keeps both versions, between marks that no runbook may contain."`
}

// Merged is the result of merging two edits.
type Merged struct {
	Source    string        `json:"source"`
	Hash      string        `json:"hash" doc:"Hash of theirs: send it as base of an apply, if it was the file's."`
	Open      int           `json:"open" doc:"How many conflicts are undecided; with 0 the text can be planned."`
	Conflicts int           `json:"conflicts" doc:"How many conflicts there are, decided or not."`
	Changes   []MergedPiece `json:"changes" doc:"The lines that differ from base, in the order of the text."`
}

type MergedPiece struct {
	From    string `json:"from" doc:"mine, theirs, both (the same change twice) or conflict."`
	Line    int    `json:"line" doc:"In source, from 1 on."`
	EndLine int    `json:"end_line" doc:"The last line; line-1 if the piece is empty."`
	Open    bool   `json:"open" doc:"For a conflict: the text has both versions, between marks."`
	Base    string `json:"base"`
	Mine    string `json:"mine"`
	Theirs  string `json:"theirs"`
}

func mergeRunbook(c *Call, in MergeInput) (Merged, error) {
	theirs, err := c.textOr(in.Theirs)
	if err != nil {
		return Merged{}, err
	}
	var choices []edit.Choice
	for _, choice := range in.Choices {
		choices = append(choices, edit.Choice(choice))
	}
	m := edit.Merge(in.Base, in.Mine, theirs)
	out := Merged{Hash: language.TextHash(theirs), Conflicts: m.Clashes(), Changes: []MergedPiece{}}
	var parts []edit.Part
	out.Source, parts = m.Text(choices)
	for _, p := range parts {
		if p.From == edit.Unchanged {
			continue
		}
		if p.Open {
			out.Open++
		}
		out.Changes = append(out.Changes, MergedPiece{string(p.From), p.Line, p.EndLine, p.Open, p.Base, p.Mine, p.Theirs})
	}
	return out, nil
}

type GenerationInput struct {
	Number int `path:"number" check:"min=1;max=1000000000"`
}

// GenerationText is the runbook of a kept generation.
type GenerationText struct {
	Number  int    `json:"number"`
	Source  string `json:"source"`
	Running int    `json:"running" doc:"The running generation; 0 if none was kept."`
	Diff    string `json:"diff" doc:"The difference from what runs, as a unified diff; empty if there is none."`
}

func getGeneration(c *Call, in GenerationInput) (GenerationText, error) {
	text, err := c.Server.o.App.Generations.Text(in.Number)
	if err != nil {
		return GenerationText{}, err
	}
	out := GenerationText{Number: in.Number, Source: text, Running: c.Server.o.App.Running.Status().Generation}
	if out.Running == 0 {
		return out, nil
	}
	now, err := c.Server.o.App.Generations.Text(out.Running)
	if err != nil {
		return GenerationText{}, err
	}
	out.Diff = c.Server.diff(now, text)
	return out, nil
}

type PlanRollbackInput struct {
	Number int  `path:"number" check:"min=1;max=1000000000"`
	Write  bool `query:"write" doc:"Plan a rollback that also writes the runbook's file: with today's files and variables."`
}

func planRollback(c *Call, in PlanRollbackInput) (status.Plan, error) {
	if in.Write {
		r, err := c.former(in.Number)
		if err != nil {
			return status.Plan{}, err
		}
		p, err := c.Server.o.App.Planner.Plan(c.Context(), r)
		return c.Server.hidePaths(p), c.Server.hideFolder(err)
	}
	p, err := c.Server.o.App.Planner.PlanRollback(c.Context(), status.RollbackRequest{Generation: in.Number, Origin: c.origin(), Gone: c.Context().Done()})
	return c.Server.hidePaths(p), c.Server.hideFolder(err)
}

package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"orac/appliance/core"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/schema"
)

// Global holds the settings of all listeners, under the names of the existing service. If listeners differ, the first one's
// value counts.
type Global struct {
	RMSFilter    float64 `json:"rms_filter"`
	VADThreshold float64 `json:"vad_threshold"`
	MultiTrigger bool    `json:"multi_trigger"`
	Cooldown     float64 `json:"cooldown" doc:"Seconds. The value of the first model."`
}

func getGlobal(c *Call, _ schema.None) (Global, error) {
	rb, g := c.Server.o.App.Declared.Runbook(), Global{}
	if len(rb.Listeners) > 0 {
		l := rb.Listeners[0]
		g.RMSFilter, g.VADThreshold, g.MultiTrigger = l.RMSFilter, l.VADThreshold, l.MultiTrigger
	}
	if len(rb.Models) > 0 {
		g.Cooldown = rb.Models[0].Cooldown.Seconds()
	}
	return g, nil
}

type GlobalInput struct {
	RMSFilter    *float64 `json:"rms_filter" check:"min=0;max=32767"`
	VADThreshold *float64 `json:"vad_threshold" check:"min=0;max=1"`
	MultiTrigger *bool    `json:"multi_trigger"`
	Cooldown     *float64 `json:"cooldown" check:"min=0;max=60" doc:"Seconds."`
}

func putGlobal(c *Call, in GlobalInput) (Applied, error) {
	rb := c.Server.o.App.Declared.Runbook()
	var edits []setting
	for _, l := range rb.Listeners {
		edits = add(edits, l.Address, "rms_filter", in.RMSFilter, decimals)
		edits = add(edits, l.Address, "vad_threshold", in.VADThreshold, decimals)
		edits = add(edits, l.Address, "multi_trigger", in.MultiTrigger, strconv.FormatBool)
	}
	for _, m := range rb.Models {
		edits = add(edits, m.Address, "cooldown", in.Cooldown, seconds)
	}
	return c.set("listeners", edits)
}

type ModelInput struct {
	Name      string   `path:"name" check:"pattern=name"`
	Threshold *float64 `json:"threshold" check:"min=0.001;max=1"`
	Cooldown  *float64 `json:"cooldown" check:"min=0;max=60" doc:"Seconds."`
	Patience  *int     `json:"patience" check:"min=1;max=50" doc:"Hops of 80 ms."`
	Topic     *string  `json:"topic" check:"pattern=topic"`
	Enabled   *bool    `json:"enabled"`
}

func putModel(c *Call, in ModelInput) (Applied, error) {
	a := runbook.Address("model." + in.Name)
	if !slices.ContainsFunc(c.Server.o.App.Declared.Runbook().Models, func(m runbook.Model) bool { return m.Address == a }) {
		return Applied{}, schema.Fail(schema.NotFound, "There is no such model.")
	}
	var edits []setting
	edits = add(edits, a, "threshold", in.Threshold, decimals)
	edits = add(edits, a, "cooldown", in.Cooldown, seconds)
	edits = add(edits, a, "patience", in.Patience, strconv.Itoa)
	edits = add(edits, a, "topic", in.Topic, strconv.Quote) // its pattern contains nothing special to HCL
	edits = add(edits, a, "enabled", in.Enabled, strconv.FormatBool)
	return c.set(string(a), edits)
}

func add[T any](edits []setting, a runbook.Address, attribute string, v *T, write func(T) string) []setting {
	if v == nil {
		return edits
	}
	return append(edits, setting{a, attribute, write(*v)})
}

func decimals(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func seconds(f float64) string {
	return strconv.Quote(language.FormatDuration(time.Duration(f * float64(time.Second)).Round(time.Millisecond)))
}

// setting sets an attribute of a block to another expression.
type setting struct {
	block                 runbook.Address
	attribute, expression string
}

// set applies edits to attributes in the runbook's file, leaves comments and everything else untouched, and applies the result.
func (c *Call) set(target string, edits []setting) (Applied, error) {
	if len(edits) == 0 {
		return Applied{}, schema.Fail(schema.InvalidInput, "Name at least one setting.")
	}
	changes := map[string]string{}
	for _, e := range edits {
		changes[fmt.Sprintf("%s.%s", e.block, e.attribute)] = e.expression
	}
	c.Target(target)
	return c.edit(core.Change{}, changes, func(text string) (string, error) {
		fresh := []byte(text)
		for _, e := range edits {
			var err error
			if fresh, err = edit.Set(fresh, e.block, e.attribute, e.expression); err != nil {
				return "", editProblem(err)
			}
		}
		return string(fresh), nil
	})
}

// editProblem says why the runbook's file cannot be edited.
func editProblem(err error) error {
	var wrong *edit.Error
	if errors.As(err, &wrong) {
		return schema.Fail(schema.Conflict, "%s. %s", wrong.Summary, wrong.Hint)
	}
	return schema.Because(schema.InvalidRunbook, err, "The runbook's file cannot be edited. POST /api/runbook/validate says what is wrong with it.")
}

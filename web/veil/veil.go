// Package veil hides from everybody except admins what only admins may read in the runbook.
//
// Guarantees:
//
//   - A veiled text holds no folder of a path and nothing of a URL after its host. A text that anybody may write, such as the cause
//     of a failure, holds no argument of a command of the runbook that has at least four bytes. What was said, topics and wake words
//     are shown as they are.
//   - Whatever has texts can be veiled: answers of any Go type, errors, events, JSON documents and HTML pages. The veiled value is
//     a copy.
//   - A refusal by the appliance, which may quote lines of a runbook that does not run, is left out entirely.
package veil

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/pattern"
	"orac/web/schema"
)

// Veil hides what only admins may read in the runbook's text: folders of paths, the part of a URL after the host (it may contain
// a key), and the arguments of commands (they may contain anything from the environment). Every answer of a route below admin
// goes through it, including errors, reports of simulations and events.
type Veil struct {
	paths *strings.Replacer // reduces paths of the runbook to their last names, and removes its folder; the pattern below would stop at a space in a path
	args  *strings.Replacer
}

var (
	urlsInText  = pattern.Lazy(`\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>]+`)
	pathsInText = pattern.Lazy(`(^|[\s"'(=:\[;,])((?:/[^\s/"':;,()\[\]]+){2,}/?)`)
)

// asIs are fields with people's own words, which may look like a path, and the address to which the caller's own login leads; freeText are fields that may quote a
// command.
var (
	asIs     = []string{"topic", "text", "wake_word", "redirect_to"}
	freeText = []string{"error", "cause", "why", "details", "detail", "evidence", "actions", "output", "problem", "failed"}
)

// leastArg is the shortest command argument that is hidden, in bytes: a shorter one is not a secret.
const leastArg = 4

// New makes the veil of a runbook.
func New(rb *runbook.Runbook) *Veil {
	var paths, args []string
	known := func(path string) {
		if filepath.IsAbs(path) && len(path) > 1 {
			paths = append(paths, path)
		}
	}
	var look func(list []language.Block)
	look = func(list []language.Block) {
		for _, b := range list {
			for name, a := range b.Attrs {
				for _, text := range textsOf(a.Value) {
					if name == "command" {
						args = append(args, text)
					}
					known(text)
				}
			}
			look(b.Nested)
		}
	}
	look(rb.Blocks)
	for _, s := range rb.STTs {
		if len(s.Command) > 0 { // the program may be named, but not its arguments
			program := s.Command[0]
			args = slices.DeleteFunc(args, func(a string) bool { return a == program })
		}
	}
	args = slices.DeleteFunc(args, func(a string) bool { return len(a) < leastArg })
	known(rb.File)
	known(rb.Appliance.StateDir)
	for _, w := range rb.WAVs {
		known(w.Path)
	}
	longest := func(a, b string) int { return len(b) - len(a) } // one may be the beginning of another
	slices.SortStableFunc(paths, longest)
	slices.SortStableFunc(args, longest)
	var replaced, hidden []string
	for _, p := range paths {
		replaced = append(replaced, p, filepath.Base(p))
	}
	if folder := filepath.Dir(rb.File); filepath.IsAbs(folder) && folder != "/" {
		replaced = append(replaced, folder+"/", "")
	}
	for _, a := range args {
		hidden = append(hidden, a, "…")
	}
	return &Veil{strings.NewReplacer(replaced...), strings.NewReplacer(hidden...)}
}

// textsOf returns the texts in a value.
func textsOf(v cty.Value) (list []string) {
	v, _ = v.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
			list = append(list, v.AsString())
		}
		return true, nil
	}) // the function never returns an error
	return list
}

// Text veils the text of a field.
func (v *Veil) Text(field, text string) string {
	if slices.Contains(asIs, field) {
		return text
	}
	if slices.Contains(freeText, field) {
		text = v.args.Replace(text)
	}
	text = urlsInText().ReplaceAllStringFunc(text, hostOf)
	text = v.paths.Replace(text)
	return pathsInText().ReplaceAllStringFunc(text, func(found string) string {
		at := strings.IndexByte(found, '/')
		return found[:at] + filepath.Base(found[at:])
	})
}

// hostOf returns a URL without the parts that may be secret.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "…"
	}
	return u.Scheme + "://" + u.Host
}

// value veils the texts in a value. The value itself is not changed: the result is a copy wherever it
// differs.
func (v *Veil) value(field string, in reflect.Value) reflect.Value {
	switch in.Kind() {
	case reflect.String:
		out := reflect.New(in.Type()).Elem()
		out.SetString(v.Text(field, in.String()))
		return out
	case reflect.Pointer, reflect.Interface:
		if in.IsNil() {
			return in
		}
		out := reflect.New(in.Type()).Elem()
		inner := v.value(field, in.Elem())
		if in.Kind() == reflect.Pointer {
			to := reflect.New(inner.Type())
			to.Elem().Set(inner)
			inner = to
		}
		out.Set(inner)
		return out
	case reflect.Slice:
		if in.IsNil() || in.Type().Elem().Kind() == reflect.Uint8 { // already JSON, the same for all
			return in
		}
		out := reflect.MakeSlice(in.Type(), in.Len(), in.Len())
		for i := range in.Len() {
			out.Index(i).Set(v.value(field, in.Index(i)))
		}
		return out
	case reflect.Map:
		if in.IsNil() {
			return in
		}
		out := reflect.MakeMapWithSize(in.Type(), in.Len())
		for _, key := range in.MapKeys() {
			name := field
			if key.Kind() == reflect.String {
				name = key.String()
			}
			out.SetMapIndex(key, v.value(name, in.MapIndex(key)))
		}
		return out
	case reflect.Struct:
		out := reflect.New(in.Type()).Elem()
		out.Set(in)
		for i := range in.NumField() {
			f := in.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			out.Field(i).Set(v.value(name, in.Field(i)))
		}
		return out
	}
	return in
}

// Answer veils the answer of a route.
func (v *Veil) Answer(out any) any {
	if out == nil {
		return nil
	}
	return v.value("", reflect.ValueOf(out)).Interface()
}

// Failure veils an error's text for the caller; the log keeps all of it. A refusal by the appliance quotes lines of the
// runbook's file, which may differ from the running one: these lines are left out entirely.
func (v *Veil) Failure(err error) error {
	p := *schema.ProblemOf(err)
	if _, quotes := errors.AsType[*status.Refusal](err); quotes {
		p.Detail = "Nothing was changed. An admin can see why."
	}
	p.Detail = v.Text("detail", p.Detail)
	p.Errors = slices.Clone(p.Errors)
	for i, e := range p.Errors {
		p.Errors[i].Wrong = v.Text("detail", e.Wrong)
	}
	return &p
}

// Event veils the JSON of an event.
func (v *Veil) Event(text []byte) []byte {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil // it was made here, and it is an object
	}
	veiled, err := json.Marshal(v.Answer(fields))
	if err != nil {
		return nil
	}
	return veiled
}

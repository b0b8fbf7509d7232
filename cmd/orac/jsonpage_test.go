package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"

	"github.com/spf13/cobra"

	"orac/appliance/event"
)

const jsonPage = "guide/json.md"

// TestEveryJSONFieldIsExplained: the tables of the page are made from the Go types, and each field has its words. With -update, new
// fields get a line without words.
func TestEveryJSONFieldIsExplained(t *testing.T) {
	text, err := os.ReadFile(jsonPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, r := range jsonReports() {
		title := "\n## " + r.title + "\n"
		at := strings.Index(page, title)
		if at < 0 {
			t.Errorf("%s has no section %q", jsonPage, r.title)
			page += title + "\nTO DO\n\n" + tableHead // for -update
			continue
		}
		at += len(title)
		end := len(page)
		if next := strings.Index(page[at:], "\n## "); next >= 0 {
			end = at + next + 1
		}
		section := page[at:end]
		first := strings.Index(section, tableHead)
		if first < 0 {
			t.Fatalf("the section %q has no table", r.title)
		}
		last := first
		for line := range strings.Lines(section[first:]) {
			if !strings.HasPrefix(line, "|") {
				break
			}
			last += len(line)
		}
		rows := fieldsOf(t, r)
		words := wordsOf(section[first:last])
		made := tableHead
		for _, f := range rows {
			if words[f.path] == "" {
				t.Errorf("%s: say what %s of %s is", jsonPage, f.path, r.title)
			}
			made += strings.TrimRight(fmt.Sprintf("| `%s` | %s | %s", f.path, f.kind, words[f.path]), " ") + " |\n"
		}
		page = page[:at] + section[:first] + made + section[last:] + page[end:]
	}
	testkit.Golden(t, jsonPage, page)
}

const tableHead = "| field | value | what it says |\n|---|---|---|\n"

var tableRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]* \\| ?(.*?) *\\|$")

// wordsOf are the words of a table, by field.
func wordsOf(table string) map[string]string {
	words := map[string]string{}
	for _, m := range tableRow.FindAllStringSubmatch(table, -1) {
		words[m[1]] = m[2]
	}
	return words
}

// TestEveryCommandWithJSONIsOnThePage walks the commands.
func TestEveryCommandWithJSONIsOnThePage(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			walk(child)
		}
		if c.Flags().Lookup("json") == nil || c.Name() == "schema" { // what schema prints is a JSON Schema
			return
		}
		if !slices.ContainsFunc(jsonReports(), func(r jsonReport) bool { return slices.Contains(r.commands, c.CommandPath()) }) {
			t.Errorf("%s --json is not on the page: add it to jsonReports", c.CommandPath())
		}
	}
	walk((&app{}).root())
}

// TestEventsAreExplainedAsInTheTable: the page has a section for each kind that is printed, with the table's words, and no other.
func TestEventsAreExplainedAsInTheTable(t *testing.T) {
	text, err := os.ReadFile(jsonPage)
	if err != nil {
		t.Fatal(err)
	}
	page := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)\n## Event (\w+)\n\n(.*?)\n\n\|`).FindAllStringSubmatch(string(text), -1) {
		page[m[1]] = strings.Join(strings.Fields(m[2]), " ")
	}
	for _, k := range event.Kinds {
		if said := page[k.Name]; k.Streamed() && said != k.Doc {
			t.Errorf("%s says of %s: %q; the table says: %q", jsonPage, k.Name, said, k.Doc)
		}
		if k.Streamed() {
			delete(page, k.Name)
		}
	}
	for name := range page {
		t.Errorf("%s explains %s, which is not printed", jsonPage, name)
	}
}

// field is a field of what a command prints.
type field struct{ path, kind string }

// fieldsOf gives the fields of a report in the order in which they are printed. It looks at the JSON of values, so that types
// that write themselves are told as they are: a full one, one whose texts and numbers are all zero, and one without lists.
func fieldsOf(t *testing.T, r jsonReport) []field {
	t.Helper()
	full, zero, bare := r.value, r.value, r.value
	if !r.real {
		full, zero, bare = filled(r.value, true, true), filled(r.value, false, true), filled(r.value, false, false)
	}
	var all []field
	walkJSON(t, full, func(string) {}, func(path string, v any, of reflect.Type) bool {
		kind := kindOf(path, v, of)
		if other := r.elsewhere(path, of); other != "" {
			kind += ", see " + other
		}
		if i := slices.IndexFunc(all, func(f field) bool { return f.path == path }); i >= 0 {
			return true // another element of the same list
		}
		if !r.real && (missing(t, zero, path) || missing(t, bare, path)) {
			kind += ", or missing"
		}
		all = append(all, field{path, kind})
		return !strings.Contains(kind, ", see ")
	})
	return all
}

// missing tells whether a field is left out of a value, though what holds it is there.
func missing(t *testing.T, v any, path string) bool {
	seen, parent := false, false
	above := path[:max(0, strings.LastIndex(path, "."))]
	walkJSON(t, v, func(object string) { parent = parent || object == above }, func(p string, _ any, _ reflect.Type) bool {
		seen = seen || p == path
		return true
	})
	return parent && !seen
}

// walkJSON visits the objects of the JSON of a value and their fields in order, with the Go types where they can be followed.
func walkJSON(t *testing.T, value any, object func(path string), visit func(path string, v any, of reflect.Type) bool) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	var walk func(path string, of reflect.Type, wanted bool)
	walk = func(path string, of reflect.Type, wanted bool) {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		for of != nil && of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch token {
		case json.Delim('{'):
			object(path)
			for d.More() {
				name, _ := d.Token()
				at, inner := joined(path, name.(string)), fieldType(of, name.(string))
				if of != nil && of.Kind() == reflect.Map {
					at = joined(path, strings.ToUpper(name.(string)))
				}
				raw := peek(d, text)
				walk(at, inner, wanted && visit(at, raw, inner))
			}
			_, _ = d.Token()
		case json.Delim('['):
			var inner reflect.Type
			if of != nil && (of.Kind() == reflect.Slice || of.Kind() == reflect.Array) {
				inner = of.Elem()
			}
			for d.More() {
				walk(path+"[]", inner, wanted)
			}
			_, _ = d.Token()
		}
	}
	walk("", reflect.TypeOf(value), true)
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// peek is the value that a decoder stands before.
func peek(d *json.Decoder, text []byte) any {
	rest := strings.TrimLeft(string(text[d.InputOffset():]), ": \n")
	var v any
	_ = json.NewDecoder(strings.NewReader(rest)).Decode(&v)
	return v
}

// fieldType is the type of the field of a struct that has this name in JSON; nil where it cannot be told.
func fieldType(of reflect.Type, name string) reflect.Type {
	if of == nil {
		return nil
	}
	if of.Kind() == reflect.Map {
		return of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(of) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name {
			return f.Type
		}
	}
	return nil
}

// kindOf says in words what a value is.
func kindOf(path string, v any, of reflect.Type) string {
	if of != nil && of.Kind() == reflect.Interface {
		return "anything"
	}
	switch v := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return "time"
		}
		return "text"
	case bool:
		return "true or false"
	case float64:
		switch {
		case strings.HasSuffix(path, "_ns") || strings.Contains(path, "_ns_"):
			return "nanoseconds"
		case of != nil && of.Kind() != reflect.Float64 && of.Kind() != reflect.Float32:
			return "whole number"
		}
		return "number"
	case []any:
		if len(v) > 0 {
			inner := reflect.Type(nil)
			if of != nil && of.Kind() == reflect.Slice {
				inner = of.Elem()
			}
			if _, ok := v[0].(map[string]any); ok {
				return "list of objects"
			}
			return "list of " + map[string]string{"text": "texts", "number": "numbers", "whole number": "whole numbers"}[kindOf("", v[0], inner)]
		}
		return "list"
	case map[string]any:
		if of != nil && of.Kind() == reflect.Map {
			return "object by name"
		}
		return "object"
	}
	return "anything"
}

// filled is a value of the type of another in which all is filled in: texts and numbers if leaves, lists and pointers if lists.
func filled(like any, leaves, lists bool) any {
	v := reflect.New(reflect.TypeOf(like)).Elem()
	fill(v, leaves, lists, 0)
	return v.Interface()
}

func fill(v reflect.Value, leaves, lists bool, depth int) {
	if depth > 12 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if lists {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), leaves, lists, depth+1)
		}
	case reflect.Slice:
		if lists {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), leaves, lists, depth+1)
		}
	case reflect.Map:
		if lists {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			key.SetString("name")
			fill(elem, leaves, lists, depth+1)
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			if leaves {
				v.Set(reflect.ValueOf(time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)))
			}
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), leaves, lists, depth+1)
		}
	case reflect.Interface:
		if leaves && v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(struct{}{}))
		}
	case reflect.String:
		if leaves {
			v.SetString("text")
		}
	case reflect.Bool:
		v.SetBool(leaves)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if leaves {
			v.SetInt(1)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if leaves {
			v.SetUint(1)
		}
	case reflect.Float32, reflect.Float64:
		if leaves {
			v.SetFloat(0.5)
		}
	}
}

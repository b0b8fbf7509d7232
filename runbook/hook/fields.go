package hook

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// fieldsOf reads the tags of a type of events.
func fieldsOf(t reflect.Type, kind string, common bool) (list []Field) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			list = append(list, fieldsOf(f.Type, kind, true)...)
			continue
		}
		field := Field{
			Name: f.Tag.Get("json"), Doc: f.Tag.Get("doc"), Type: f.Type, Format: f.Tag.Get("format"), NonEmpty: f.Tag.Get("min") != "", Common: common,
		}
		if enum, ok := f.Tag.Lookup("enum"); ok {
			field.Enum = strings.Split(enum, ",")
		}
		if field.Name == "type" {
			field.Enum = []string{kind}
		}
		list = append(list, field)
	}
	return list
}

// ctyType returns the type of a field in the language.
func (f Field) ctyType() cty.Type {
	switch f.Type.Kind() {
	case reflect.String:
		return cty.String
	case reflect.Bool:
		return cty.Bool
	case reflect.Map:
		return cty.Map(cty.Number)
	}
	return cty.Number
}

// empty is what a template sees in place of a field that an event does not have.
func (f Field) empty() cty.Value {
	switch t := f.ctyType(); {
	case t == cty.String:
		return cty.StringVal("")
	case t == cty.Bool:
		return cty.False
	case t.IsMapType():
		return cty.MapValEmpty(cty.Number)
	}
	return cty.Zero
}

// Type is the type of the word `event` in templates: the fields of all kinds.
func Type() cty.Type {
	fields := map[string]cty.Type{}
	for _, k := range Kinds {
		for _, f := range k.Fields() {
			fields[f.Name] = f.ctyType()
		}
	}
	return cty.Object(fields)
}

// Value returns an event as templates see it. A field that its kind does not have is empty, 0 or false
// there.
func Value(e Event) cty.Value {
	fields := map[string]cty.Value{}
	for _, k := range Kinds {
		for _, f := range k.Fields() {
			fields[f.Name] = f.empty()
		}
	}
	v := reflect.ValueOf(e).Elem()
	for _, f := range KindOf(e).Fields() {
		fields[f.Name] = toCty(v.FieldByIndex(indexOf(v.Type(), f.Name)))
	}
	return cty.ObjectVal(fields)
}

func indexOf(t reflect.Type, name string) []int {
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous && f.Tag.Get("json") == name {
			return f.Index
		}
	}
	panic("BUG: no field " + name)
}

func toCty(v reflect.Value) cty.Value {
	switch v.Kind() {
	case reflect.String:
		return cty.StringVal(v.String())
	case reflect.Bool:
		return cty.BoolVal(v.Bool())
	case reflect.Float64:
		return cty.NumberFloatVal(v.Float())
	case reflect.Int:
		return cty.NumberIntVal(v.Int())
	case reflect.Uint64:
		return cty.NumberUIntVal(v.Uint())
	}
	scores := map[string]cty.Value{}
	for name, score := range v.Interface().(map[string]float64) {
		scores[name] = cty.NumberFloatVal(score)
	}
	if len(scores) == 0 {
		return cty.MapValEmpty(cty.Number)
	}
	return cty.MapVal(scores)
}

// Encode returns an event as JSON.
func Encode(e Event) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic("BUG: " + err.Error()) // only NaN and infinity can fail, and Clean has removed them
	}
	return b
}

// Decode reads an event of a kind, as written by Encode.
func Decode(kind string, text []byte) (Event, error) {
	k, ok := Named(kind)
	if !ok {
		return nil, &UnknownKindError{kind}
	}
	e := k.New()
	if err := json.Unmarshal(text, e); err != nil {
		return nil, err
	}
	Clean(e)
	return e, nil
}

// UnknownKindError reports an event of an unknown kind, perhaps from a newer ORAC.
type UnknownKindError struct{ Kind string }

func (e *UnknownKindError) Error() string { return "there is no event of the kind " + e.Kind }

package runbook

import (
	"fmt"
	"path/filepath"
	"reflect"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// build makes the typed runbook of blocks that are free of errors.
func (e *evaluator) build(filename string) *Runbook {
	rb := &Runbook{File: filename, Dir: filepath.Dir(filename), source: e.src}
	for _, n := range e.order {
		if n.types.Slot == nil {
			continue
		}
		rb.Blocks = append(rb.Blocks, n.out)
		slot := reflect.ValueOf(n.types.Slot(rb)).Elem()
		if slot.Kind() == reflect.Slice {
			el := reflect.New(slot.Type().Elem()).Elem()
			rb.fill(el, n.out)
			slot.Set(reflect.Append(slot, el))
		} else {
			rb.fill(slot, n.out)
		}
	}
	rb.inputs = newInputs(e.recorder.inputs(e.src.bytes, e.opts.HashKey), func() []Input { return rb.namedFiles(rb.Blocks, e.opts.Open) })
	return rb
}

// fill sets the fields of a struct from a block, by their hcl tags.
func (rb *Runbook) fill(dst reflect.Value, b Block) {
	for i := range dst.NumField() {
		field, f := dst.Type().Field(i), dst.Field(i)
		tag := field.Tag.Get("hcl")
		switch {
		case field.Name == "Address":
			f.Set(reflect.ValueOf(b.Address))
		case field.Name == "Name":
			f.SetString(b.Address.Name())
		case f.Kind() == reflect.Struct && f.Type() != secretType:
			nested, _ := findBlock(b.Nested, b.Address+"."+Address(tag))
			rb.fill(f, nested)
		default:
			rb.set(f, b.Type.Attribute(tag), b.Attrs[tag])
		}
	}
}

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
)

// set puts a normal form into a field; null leaves the zero value.
func (rb *Runbook) set(f reflect.Value, at *Attribute, a Attr) {
	v := a.Value
	if v.IsNull() {
		return
	}
	switch {
	case f.Type() == secretType:
		f.Set(reflect.ValueOf(a.secrets[""]))
	case f.Type() == durationType:
		d, _ := ParseDuration(v.AsString())
		f.Set(reflect.ValueOf(d))
	case f.Type() == sizeType:
		s, _ := ParseSize(v.AsString())
		f.Set(reflect.ValueOf(s))
	case at.Kind == Path:
		f.SetString(rb.Resolve(v.AsString()))
	case f.Kind() == reflect.String:
		f.SetString(v.AsString())
	case f.Kind() == reflect.Int:
		n, _ := v.AsBigFloat().Int64()
		f.SetInt(n)
	case f.Kind() == reflect.Float64:
		n, _ := v.AsBigFloat().Float64()
		f.SetFloat(n)
	case f.Kind() == reflect.Bool:
		f.SetBool(v.True())
	case f.Kind() == reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
		rb.set(f.Elem(), at, a)
	case f.Kind() == reflect.Slice:
		f.Set(texts(f.Type(), v))
	case f.Kind() == reflect.Map:
		f.Set(reflect.ValueOf(a.secrets))
	default:
		panic(fmt.Sprintf("BUG: no way to set a %s from %s", f.Type(), at.Name))
	}
}

// texts gives a list of text as a slice of a string type; nil for an empty one.
func texts(t reflect.Type, v cty.Value) reflect.Value {
	out := reflect.Zero(t)
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		out = reflect.Append(out, reflect.ValueOf(el.AsString()).Convert(t.Elem()))
	}
	return out
}

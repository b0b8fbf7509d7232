package language

import (
	"fmt"
	"path/filepath"
	"reflect"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// build fills value from blocks that are free of errors, and returns them in generic form.
func (e *evaluator) build(filename string, value any) *Document {
	d := &Document{File: filename, Dir: filepath.Dir(filename), source: e.src, Variables: names(e.under("var"))}
	for _, n := range e.order {
		if n.types.Slot == nil {
			continue
		}
		d.Blocks = append(d.Blocks, n.out)
		d.put(value, n.out)
	}
	return d
}

// trace notes what a document without errors was made of.
func (e *evaluator) trace(d *Document) {
	key := e.opts.HashKey
	if e.opts.KeyOf != nil {
		key = e.opts.KeyOf(e.stateDir())
	}
	found := e.recorder.inputs(e.src.bytes, key)
	d.readers = e.readers(found)
	d.inputs = newInputs(found, func() []Input { return d.namedFiles(d.Blocks, e.opts) })
}

// Tags of fields that hold no attribute: the block's variant, its label if that is not the field Name, and the
// attributes, as text by name, of a block that accepts any.
const (
	tagVariant = ",variant"
	tagLabel   = ",label"
	tagRemain  = ",remain"
)

// fill sets the fields of a struct from a block, by their hcl tags. A field keeps its zero value if its attribute
// belongs to another variant.
func (d *Document) fill(dst reflect.Value, b Block) {
	for i := range dst.NumField() {
		field, f := dst.Type().Field(i), dst.Field(i)
		tag := field.Tag.Get("hcl")
		switch {
		case field.Name == "Address":
			f.Set(reflect.ValueOf(b.Address))
		case field.Name == "Name":
			f.SetString(b.Address.Name())
		case tag == tagVariant:
			f.SetString(b.Type.Variant)
		case tag == tagLabel:
			f.SetString(string(b.Address[len(b.Type.Key())+1:]))
		case tag == tagRemain:
			all := make(map[string]string, len(b.Attrs))
			for name, a := range b.Attrs {
				all[name] = a.Value.AsString()
			}
			f.Set(reflect.ValueOf(all))
		case b.Type.Attribute(tag) != nil:
			d.set(f, b.Type.Attribute(tag), b.Attrs[tag])
		case b.Type.NestedType(tag) != nil:
			nested, _ := findBlock(b.Nested, b.Address+"."+Address(tag))
			d.fill(f, nested)
		}
	}
}

var (
	secretType   = reflect.TypeFor[Secret]()
	templateType = reflect.TypeFor[Template]()
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
)

// set puts a normal form into a field; null leaves the zero value.
func (d *Document) set(f reflect.Value, at *Attribute, a Attr) {
	v := a.Value
	if v.IsNull() {
		return
	}
	switch {
	case at.Kind == Expression:
		f.Addr().Interface().(Deferring).Defer(*a.deferred)
	case f.Type() == templateType:
		f.Set(reflect.ValueOf(Template{fixed: a.secrets[""], made: a.template, outside: a.outside}))
	case f.Type() == secretType:
		f.Set(reflect.ValueOf(a.secrets[""]))
	case f.Type() == durationType:
		t, _ := ParseDuration(v.AsString())
		f.Set(reflect.ValueOf(t))
	case f.Type() == sizeType:
		s, _ := ParseSize(v.AsString())
		f.Set(reflect.ValueOf(s))
	case at.Kind == Path:
		f.SetString(d.Resolve(v.AsString()))
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
		d.set(f.Elem(), at, a)
	case f.Type() == reflect.TypeFor[[]int]():
		for _, el := range v.AsValueSlice() {
			n, _ := el.AsBigFloat().Int64()
			f.Set(reflect.Append(f, reflect.ValueOf(int(n))))
		}
	case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Slice:
		for _, el := range v.AsValueSlice() {
			f.Set(reflect.Append(f, texts(f.Type().Elem(), el)))
		}
	case f.Kind() == reflect.Slice:
		f.Set(texts(f.Type(), v))
	case at.Kind == Values:
		f.Set(reflect.ValueOf(plainOf(v)))
	case f.Type() == reflect.TypeFor[map[string]Secret]():
		f.Set(reflect.ValueOf(a.secrets))
	case f.Kind() == reflect.Map:
		f.Set(reflect.MakeMap(f.Type()))
		for name, el := range v.AsValueMap() {
			to := reflect.New(f.Type().Elem()).Elem()
			d.set(to, at, Attr{Value: el})
			f.SetMapIndex(reflect.ValueOf(name), to)
		}
	default:
		panic(fmt.Sprintf("BUG: no way to set a %s from %s", f.Type(), at.Name))
	}
}

// texts converts a list of text to a slice of a string type; nil for an empty one.
func texts(t reflect.Type, v cty.Value) reflect.Value {
	out := reflect.Zero(t)
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		out = reflect.Append(out, reflect.ValueOf(el.AsString()).Convert(t.Elem()))
	}
	return out
}

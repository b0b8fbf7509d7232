package graph

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"orac/runbook"
)

// What a node is built from is a struct of views. A view is a struct with the Address of a block and some of its attributes, each
// with the tag of the runbook's own type: hcl:"read_stall". The field that holds a view, a pointer to one, or a slice of them says
// of which type its blocks are: of:"watchdog". A block's own type, such as runbook.STT, is a view of all its attributes. Fields
// without the tag are structs of views in turn.
//
// Since nothing else may be in there, the attributes that a node depends on are found by walking its values, and the attributes
// that a kind depends on by walking its types.

// use is one attribute of a block that a node depends on. The attribute is empty for the block itself.
type use struct {
	block     runbook.Address
	attribute string // "record.max" in a nested block
}

// see is a view of a block of the runbook.
func see[V any](block any) (view V) {
	fill(&view, block)
	return view
}

// fill fills the view behind a pointer.
func fill(view, block any) {
	from, to := reflect.ValueOf(block), reflect.ValueOf(view).Elem()
	for i := range to.NumField() {
		field := to.Type().Field(i)
		source, ok := from.Type().FieldByName(field.Name)
		if !ok || source.Type != field.Type || source.Tag != field.Tag {
			panic(fmt.Sprintf("BUG: %T has no field %s %v %q", block, field.Name, field.Type, field.Tag))
		}
		to.Field(i).Set(from.FieldByIndex(source.Index))
	}
}

// seen is a view of a block that may be absent.
func seen[V, B any](block B, there bool) *V {
	if !there {
		return nil
	}
	view := see[V](block)
	return &view
}

// walk visits every attribute that a value depends on. attribute is empty, and value invalid, for the block itself.
func walk(v reflect.Value, visit func(block runbook.Address, attribute string, value reflect.Value)) {
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag.Get("of")
		each := func(view reflect.Value) {
			if tag == "" {
				walk(view, visit)
				return
			}
			block := view.FieldByName("Address").Interface().(runbook.Address)
			visit(block, "", reflect.Value{})
			attributes(view, "", func(name string, value reflect.Value) { visit(block, name, value) })
		}
		switch field.Kind() {
		case reflect.Slice:
			for k := range field.Len() {
				each(field.Index(k))
			}
		case reflect.Pointer:
			if !field.IsNil() {
				each(field.Elem())
			}
		default:
			each(field)
		}
	}
}

// attributes visits the attributes of a view.
func attributes(view reflect.Value, prefix string, visit func(name string, value reflect.Value)) {
	for i := range view.NumField() {
		name, tagged := view.Type().Field(i).Tag.Lookup("hcl")
		switch field := view.Field(i); {
		case !tagged:
		case field.Kind() == reflect.Struct && hasAttributes(field.Type()):
			attributes(field, prefix+name+".", visit)
		default:
			visit(prefix+name, field)
		}
	}
}

// hasAttributes tells a nested block from a value.
func hasAttributes(t reflect.Type) bool {
	for i := range t.NumField() {
		if _, ok := t.Field(i).Tag.Lookup("hcl"); ok {
			return true
		}
	}
	return false
}

// settle derives what a node depends on, and what stands for its identity.
func (n *Node) settle(rb *runbook.Runbook) {
	var spec strings.Builder
	walk(reflect.ValueOf(n.Identity), func(block runbook.Address, attribute string, value reflect.Value) {
		n.uses = append(n.uses, use{block, attribute})
		if attribute == "" {
			fmt.Fprintf(&spec, "%s ", block)
			return
		}
		fmt.Fprintf(&spec, "%s=%v ", attribute, value.Interface())
		if f, ok := rb.NamedFile(block, attribute); ok {
			fmt.Fprintf(&spec, "(%s) ", f.Version()) // another file at the same path is another identity
		}
	})
	n.Spec = spec.String()
	walk(reflect.ValueOf(n.Settings), func(block runbook.Address, attribute string, _ reflect.Value) {
		n.uses = append(n.uses, use{block, attribute})
	})
}

// sameSettings tells whether the settings of two nodes name the same attributes of the same blocks. Whether the values differ is
// for the comparison of the runbooks to say.
func sameSettings(a, b *Node) bool { return slices.Equal(a.uses, b.uses) }

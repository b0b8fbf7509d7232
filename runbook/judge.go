package runbook

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"orac/runbook/language"
)

// use is an attribute of a block in the proposed runbook.
type use struct {
	block language.Block
	at    *language.Attribute
	attr  language.Attr
	was   language.Block // the block at the same place in the running runbook
	there bool           // there is such a block
}

// judge compares a proposed runbook with the running one.
type judge struct {
	now, next *Runbook
	found     language.Diagnostics
	running   map[running]map[string][]language.Attr // the attributes of the running runbook, by their text
}

// running names an attribute of all blocks of a type.
type running struct {
	block     *language.BlockType
	attribute string
}

// Judge says why a runbook may not replace the running one at the request of anybody except this machine's user. It reports each
// use of a capability that goes beyond what runs, at its place, as a Diagnostic that is Forbidden. It looks only at the two
// values, so what it has judged is what runs. While the running runbook has web.trust_admins, it reports nothing.
func Judge(now, next *Runbook) language.Diagnostics {
	if now.Web.TrustAdmins {
		return nil
	}
	j := &judge{now: now, next: next, running: map[running]map[string][]language.Attr{}}
	j.readers()
	j.blocks(next.Blocks)
	return j.found
}

const onTheMachine = "This cannot be changed over the network. Edit the runbook on the machine and apply it there."

func (j *judge) forbid(block Address, attribute, why string) {
	d := j.next.Problem(block, attribute, language.Error, why, onTheMachine)
	d.Forbidden = true
	j.found = append(j.found, d)
}

// readers forbids every expression that reads from the machine unless the running runbook has the same expression at the same
// place. Under Options.Within the evaluation has refused these already; the judge does not rely on that.
func (j *judge) readers() {
	for _, r := range j.next.Readers() {
		if r.Keeps || hasReader(&j.now.Document, r) {
			continue
		}
		j.forbid(r.Address, r.Attribute, fmt.Sprintf("%s would read from the machine", strings.Trim(string(r.Address)+"."+r.Attribute, ".")))
	}
}

// hasReader tells whether the running runbook has the same expression at the same place, which reads in the
// same way.
func hasReader(d *language.Document, r language.Reader) bool {
	return slices.ContainsFunc(d.Readers(), func(o language.Reader) bool {
		return o.Address == r.Address && o.Attribute == r.Attribute && o.Text == r.Text
	})
}

func (j *judge) blocks(blocks []language.Block) {
	for _, b := range blocks {
		was, there := j.now.Block(b.Address)
		for i := range b.Type.Attributes {
			u := use{b, &b.Type.Attributes[i], b.Attrs[b.Type.Attributes[i].Name], was, there}
			if why := rowOf(u.at.Gives).judge(j, u); why != "" {
				j.forbid(b.Address, u.at.Name, fmt.Sprintf("%s.%s %s", b.Address, u.at.Name, why))
			}
		}
		if j.hasCredential(j.next, b) && !j.sameDestinations(b) {
			j.forbid(b.Address, "", fmt.Sprintf("%s would send a credential to a new address, or trust a different certificate there", b.Address))
		}
		j.blocks(b.Nested)
	}
}

func free(*judge, use) string { return "" }

// known allows a value that the same attribute has already, in any block of the type.
func known(j *judge, u use) string {
	if u.attr.Value.IsNull() || isEmpty(u.attr) || j.runs(u) && !j.moved(u.at, u.attr) {
		return ""
	}
	switch u.at.Gives {
	case language.Runs:
		return "would run a new command"
	case language.Writes:
		return "would write to a new path"
	case language.Fetches:
		return "would load a model from a new path"
	}
	return "would read a new file"
}

// unchanged allows only the value that the attribute already has at its place.
func unchanged(j *judge, u use) string {
	if j.inForce(u) {
		return ""
	}
	return "differs from the running runbook"
}

// loads allows the catalogue and public addresses. A path, and an address of a block whose limits are lifted, must be in force
// already.
func loads(j *judge, u use) string {
	source := u.attr.Value.AsString()
	if u.at.Reads(source) || strings.HasPrefix(source, "https:") && isTrusted(u.block) {
		return known(j, u)
	}
	return ""
}

// isTrusted tells whether a block lifts a limit.
func isTrusted(b language.Block) bool {
	return slices.ContainsFunc(b.Type.Attributes, func(at language.Attribute) bool {
		v := b.Attrs[at.Name].Value
		return at.Gives == language.Trusts && !v.IsNull() && v.True()
	})
}

// proves allows an unset value, a value that is in force at its place, and texts. Whether those texts read a secret that they may
// read is up to readers.
func proves(j *judge, u use) string {
	if u.attr.Default || u.attr.Value.IsNull() || u.attr.Secret || j.inForce(u) {
		return ""
	}
	return "is a new credential"
}

// opens allows a value that admits nobody new.
func opens(j *judge, u use) string {
	if u.there && u.at.NoWider != nil && !u.attr.Value.IsNull() && !u.was.Attrs[u.at.Name].Value.IsNull() &&
		u.at.NoWider(u.was.Attrs[u.at.Name].Value.AsString(), u.attr.Value.AsString()) {
		return ""
	}
	return unchanged(j, u)
}

func (j *judge) inForce(u use) bool {
	if !u.there {
		return u.attr.Default
	}
	return u.attr.Equal(u.was.Attrs[u.at.Name]) && !j.moved(u.at, u.attr)
}

// moved tells whether the same text now names another file: a relative path in the folder of another runbook.
func (j *judge) moved(at *language.Attribute, a language.Attr) bool {
	return !a.Default && isRelative(at, a) && !j.now.SameFolder(j.next.Dir)
}

// isRelative tells whether a value is relative to the folder of its runbook.
func isRelative(at *language.Attribute, a language.Attr) bool {
	switch {
	case a.Value.IsNull() || isEmpty(a):
		return false
	case at.Gives == language.Runs: // a program without a slash is looked up in the PATH
		program := a.Value.AsValueSlice()[0].AsString()
		return strings.Contains(program, "/") && !filepath.IsAbs(program)
	case at.Kind == language.Path || at.Reads != nil && at.Reads(a.Value.AsString()):
		return !filepath.IsAbs(a.Value.AsString())
	}
	return false
}

// runs tells whether any block of the type has this value of the attribute in the running runbook.
func (j *judge) runs(u use) bool {
	at := running{u.block.Type, u.at.Name}
	values, known := j.running[at]
	if !known {
		values = map[string][]language.Attr{}
		for _, a := range valuesOf(j.now.Blocks, u.block.Type, u.at.Name) {
			values[u.at.Text(a)] = append(values[u.at.Text(a)], a)
		}
		j.running[at] = values
	}
	return slices.ContainsFunc(values[u.at.Text(u.attr)], u.attr.Equal)
}

// isEmpty tells whether a list is empty.
func isEmpty(a language.Attr) bool {
	return a.Value.Type().IsListType() && a.Value.LengthInt() == 0
}

// valuesOf returns the values that an attribute has in all blocks of a type.
func valuesOf(blocks []language.Block, t *language.BlockType, attribute string) (list []language.Attr) {
	for _, b := range blocks {
		if b.Type == t {
			list = append(list, b.Attrs[attribute])
		}
		list = append(list, valuesOf(b.Nested, t, attribute)...)
	}
	return list
}

// hasCredential tells whether ORAC sends a credential to the addresses of a block: an attribute that proves who ORAC is, or one
// that is kept secret, such as the body of a webhook, with something that it has read from the machine.
func (j *judge) hasCredential(rb *Runbook, b language.Block) bool {
	for i := range b.Type.Attributes {
		at := &b.Type.Attributes[i]
		a := b.Attrs[at.Name]
		if at.Gives != language.Proves && at.Secret == language.Public || a.Default || a.Value.IsNull() {
			continue
		}
		if at.Gives == language.Proves && (at.Kind.IsReference() || at.Kind == language.Path) || reads(&rb.Document, b.Address, at.Name) {
			return true
		}
	}
	return false
}

// reads tells whether an attribute reads from the machine.
func reads(d *language.Document, block Address, attribute string) bool {
	return slices.ContainsFunc(d.Readers(), func(r language.Reader) bool { return r.Address == block && r.Attribute == attribute })
}

// sameDestinations tells whether a block already has these addresses, with the same way to verify them, and a credential
// for them.
func (j *judge) sameDestinations(b language.Block) bool {
	was, ok := j.now.Block(b.Address)
	to := destinations(j.next, b, map[Address]bool{})
	if !ok || !j.hasCredential(j.now, was) {
		return len(to) == 0
	}
	return slices.EqualFunc(to, destinations(j.now, was, map[Address]bool{}), func(x, y destination) bool {
		return x.block == y.block && x.at == y.at && (x.attr.Equal(y.attr) || j.machineSays(x)) && !j.moved(x.at, x.attr)
	})
}

// machineSays tells whether an address comes from the machine by the same expression that runs: a secret in it may have changed
// since.
func (j *judge) machineSays(d destination) bool {
	return d.at.Gives == language.Reaches && reads(&j.next.Document, d.block, d.at.Name) && !slices.ContainsFunc(j.next.Readers(), func(r language.Reader) bool {
		return r.Address == d.block && r.Attribute == d.at.Name && !hasReader(&j.now.Document, r)
	})
}

// destination is an address that a block leads to, or the authority that verifies it.
type destination struct {
	block Address
	at    *language.Attribute
	attr  language.Attr
}

// destinations returns the addresses of a block and of the blocks that it refers to, and how they are verified, in the order of
// the registry.
func destinations(rb *Runbook, b language.Block, seen map[Address]bool) (list []destination) {
	if seen[b.Address] {
		return nil
	}
	seen[b.Address] = true
	for i := range b.Type.Attributes {
		at := &b.Type.Attributes[i]
		a := b.Attrs[at.Name]
		switch {
		case a.Value.IsNull():
		case at.Gives == language.Reaches || at.Vouches:
			list = append(list, destination{b.Address, at, a})
		case at.Kind == language.Ref:
			if to, ok := rb.Block(Address(a.Value.AsString())); ok {
				list = append(list, destinations(rb, to, seen)...)
			}
		case at.Kind.IsReference():
			for _, el := range a.Addresses() {
				if to, ok := rb.Block(el); ok {
					list = append(list, destinations(rb, to, seen)...)
				}
			}
		}
	}
	return list
}

package language

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// templateWeight is the assumed weight of the values that a template sees, in bytes and elements. It allows
// one loop.
const templateWeight = 16 << 10

// word finds a word by its name; nil when there is none.
func (v *Words) word(name string) *Word {
	for i := range v.List {
		if v.List[i].Name == name {
			return &v.List[i]
		}
	}
	return nil
}

// isTemplate tells whether the text of an expression is made anew each time: the expression names a word, or a misspelt
// one.
func (e *evaluator) isTemplate(at *Attribute, expr hclsyntax.Expression) bool {
	if at.Sees == nil {
		return false
	}
	var names []string
	for _, w := range at.Sees.List {
		names = append(names, w.Name)
	}
	return slices.ContainsFunc(expr.Variables(), func(t hcl.Traversal) bool {
		return slices.Contains(names, t.RootName()) || e.addressDepth(WordsOf(t)) == 0 && e.suggest(t.RootName(), names) != ""
	})
}

// template checks a text that is made anew each time, as far as that is possible now, and stores everything that it depends
// on.
func (e *evaluator) template(at *Attribute, addr Address, expr hclsyntax.Expression) (Attr, cty.Value, bool) {
	no := func() (Attr, cty.Value, bool) { return Attr{}, cty.NilVal, false }
	if n := expr.Range().End.Byte - expr.Range().Start.Byte; n > maxDeferred || !e.affordable(expr, templateWeight) {
		e.fail(addr, expr.Range(), "this template does too much", "It is evaluated for every event, so it may have at most 4 KiB of text and one loop.")
		return no()
	}
	m := &template{expr: expr}
	if !e.templateWords(at, addr, m) || !e.templateCalls(at, addr, expr) || at.Kind == URL && !e.urlParts(at, addr, m) {
		return no()
	}
	fetched := map[string]map[string]cty.Value{}
	unknown, sample, hostile := at.Sees.samples()
	v, found, ok := e.evaluateWith(addr, expr, unknown, e.fetching(fetched))
	e.recorder.secret.union(&found.uses)
	if !ok {
		return no()
	}
	if t := v.Type(); v.IsNull() || t != cty.DynamicPseudoType && !t.IsPrimitiveType() {
		e.fail(addr, expr.Range(), at.Name+" must be text", "Write text with ${…} in it, or jsonencode({ … }).")
		return no()
	}
	m.constants = found.tree.values()
	for _, c := range m.constants {
		if plain, _ := c.UnmarkDeep(); !plain.IsWhollyKnown() { // the problem has been reported at its own place
			return no()
		}
	}
	// Calls in a loop, or after a condition, happen only with values: evaluate it once more with
	// the sample.
	outerUses, outerSite := e.uses, e.site
	e.uses, e.site = &found.uses, e.graph.byExpr[expr]
	_, _ = expr.Value(&hcl.EvalContext{Variables: with(m.constants, sample), Functions: e.fetching(fetched)}) // the sample may have caused the error
	e.uses, e.site = outerUses, outerSite
	e.recorder.secret.union(&found.uses)
	m.funcs = maps.Clone(pure(nil))
	for name, known := range fetched {
		m.funcs[name] = fetchedBefore(known)
	}
	if !e.tryTemplate(at, addr, m, sample, hostile) {
		return no()
	}
	out := Attr{Range: expr.Range(), Secret: true, outside: found.marked, template: m, Value: cty.StringVal(e.identity(m, fetched))}
	out.hide()
	return out, cty.NullVal(cty.String), true
}

func with(a, b map[string]cty.Value) map[string]cty.Value {
	out := make(map[string]cty.Value, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// templateWords checks the words that a template names.
func (e *evaluator) templateWords(at *Attribute, addr Address, m *template) bool {
	ok := true
	for _, t := range m.expr.Variables() {
		if at.Sees.word(t.RootName()) == nil && e.addressDepth(WordsOf(t)) > 0 {
			continue
		}
		ok = e.knownWord(at.Sees, addr, t) && ok
		words := WordsOf(t)
		name := strings.Join(words[:min(2, len(words))], ".")
		if !slices.Contains(m.fields, name) {
			m.fields = append(m.fields, name)
		}
	}
	return ok
}

// templateCalls refuses to read from the machine under a name that comes from an event.
func (e *evaluator) templateCalls(at *Attribute, addr Address, expr hclsyntax.Expression) bool {
	ok := true
	eachCall(expr, func(call *hclsyntax.FunctionCallExpr) {
		if !isSecretSource(call.Name) {
			return
		}
		for _, arg := range call.Args {
			for _, t := range arg.Variables() {
				if at.Sees.word(t.RootName()) != nil {
					e.fail(addr, call.Range(), fmt.Sprintf("the argument of %s() may not depend on %s", call.Name, t.RootName()), "Write the name in plain text.")
					ok = false
				}
			}
		}
	})
	return ok
}

// urlParts splits a URL into parts. An event may determine what is in its path and its query, but never which machine it
// leads to.
func (e *evaluator) urlParts(at *Attribute, addr Address, m *template) bool {
	text, ok := asWritten(m.expr).(*hclsyntax.TemplateExpr)
	if !ok {
		e.fail(addr, m.expr.Range(), at.Name+" must be text with ${…} in it", `Write it like "https://home.example/say?text=${event.text}", so that each value can be escaped for its place.`)
		return false
	}
	for _, p := range text.Parts {
		names := slices.ContainsFunc(p.Variables(), func(t hcl.Traversal) bool { return at.Sees.word(t.RootName()) != nil })
		m.parts = append(m.parts, part{p, names})
	}
	return true
}

// tryTemplate makes the text for the samples.
func (e *evaluator) tryTemplate(at *Attribute, addr Address, m *template, sample, hostile map[string]cty.Value) bool {
	place := m.expr.Range()
	text, _ := m.text(sample) // its errors were reported already, or the sample lacks a value
	m.example = text
	if at.Kind == URL {
		if e.opts.StandIns { // the real URL may begin with a secret
			return true
		}
		begin := ""
		for _, p := range m.parts {
			if p.escapes {
				break
			}
			piece, err := evalText(p.expr, &hcl.EvalContext{Variables: m.constants, Functions: m.funcs})
			if err != nil {
				break
			}
			begin += piece
		}
		if hasPassword().MatchString(begin) {
			e.literalSecret(addr, m.expr, "the password in "+at.Name)
			return false
		}
		_, rest, found := strings.Cut(begin, "://")
		if hint := (quotable{cty.StringVal(begin), true}).badURL(true, false); hint != "" || !found || !strings.ContainsAny(rest, "/?") {
			e.fail(addr, place, at.Name+" must begin with scheme and host in plain text", `Only what follows the host may come from an event: "https://home.example/say?text=${event.text}".`)
			return false
		}
		return true
	}
	bad, err := m.text(hostile)
	if begins := strings.TrimSpace(text); err == nil && json.Valid([]byte(text)) && strings.ContainsAny(begins[:1], "{[") && !json.Valid([]byte(bad)) {
		e.fail(addr, place, "a quote in a value would break this JSON", "Write it as "+at.Name+" = jsonencode({ text = event.text }), which escapes each value.")
		return false
	}
	return true
}

// samples returns values of the words: unknown ones, ordinary ones, and hostile ones, which break text that
// does not escape them.
func (v *Words) samples() (unknown, ordinary, hostile map[string]cty.Value) {
	unknown, ordinary, hostile = map[string]cty.Value{}, map[string]cty.Value{}, map[string]cty.Value{}
	for _, w := range v.List {
		unknown[w.Name] = cty.UnknownVal(w.Type)
		ordinary[w.Name] = sampleOf(w.Type, "sample")
		hostile[w.Name] = sampleOf(w.Type, "a\"\\\n}b")
	}
	return unknown, ordinary, hostile
}

func sampleOf(t cty.Type, text string) cty.Value {
	switch {
	case t == cty.String:
		return cty.StringVal(text)
	case t == cty.Bool:
		return cty.True
	case t == cty.Number:
		return cty.NumberIntVal(1)
	case t.IsMapType():
		return cty.MapVal(map[string]cty.Value{text: sampleOf(t.ElementType(), text)})
	case t.IsObjectType():
		fields := map[string]cty.Value{}
		for name, ft := range t.AttributeTypes() {
			fields[name] = sampleOf(ft, text)
		}
		return cty.ObjectVal(fields)
	}
	return cty.NullVal(t)
}

// fetching returns the functions, with env(), file() and secret() recording their results by name.
func (e *evaluator) fetching(known map[string]map[string]cty.Value) map[string]function.Function {
	funcs := maps.Clone(e.funcs)
	for name, f := range e.funcs {
		if !isSecretSource(name) {
			continue
		}
		if known[name] == nil {
			known[name] = map[string]cty.Value{}
		}
		funcs[name] = function.New(&function.Spec{
			Params: []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}},
			Type:   function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				v, err := f.Call(args)
				if arg, _ := args[0].Unmark(); err == nil {
					known[name][arg.AsString()] = v
				}
				return v, err
			},
		})
	}
	return funcs
}

// fetchedBefore returns a function that looks up recorded results, and reads nothing.
func fetchedBefore(known map[string]cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			arg, _ := args[0].Unmark()
			if v, ok := known[arg.AsString()]; ok {
				return v, nil
			}
			return cty.NilVal, &callError{"it was not fetched", ""}
		},
	})
}

// identity returns a text that differs exactly if two templates differ: in their source, or in the values that they
// depend on.
func (e *evaluator) identity(m *template, fetched map[string]map[string]cty.Value) string {
	var b strings.Builder
	b.WriteString(e.src.text(m.expr.Range()))
	note := func(name string, v cty.Value) {
		plain, _ := v.UnmarkDeep()
		text, err := ctyjson.Marshal(plain, plain.Type())
		if err != nil {
			panic("BUG: " + err.Error())
		}
		fmt.Fprintf(&b, "\x00%s=%s", name, text)
	}
	for _, name := range slices.Sorted(maps.Keys(m.constants)) {
		note(name, m.constants[name])
	}
	for _, f := range slices.Sorted(maps.Keys(fetched)) {
		for _, name := range slices.Sorted(maps.Keys(fetched[f])) {
			note(f+" "+name, fetched[f][name])
		}
	}
	return b.String()
}

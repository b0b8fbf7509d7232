package language

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// gate decides, before anything is evaluated, which expressions may be evaluated. With Options.Within these are the ones
// that read nothing from the machine, or read the same as the other document at the same place. It reports the others.
func (e *evaluator) gate() {
	g := e.newGraph()
	e.graph = g
	within := e.opts.Within
	if within == nil {
		g.findReaders(func(*site) bool { return true })
		return
	}
	g.findReaders(func(s *site) bool {
		if !within.keeps(s.key()) {
			s.forbidden = e.fromOutside(s)
			return s.forbidden
		}
		_, given := e.given(s.addr.Name())
		asked := within.asked(inputID{InputVariable, s.addr.Name()})
		s.forbidden = given && !asked
		return given || asked
	})
	moved := !within.SameFolder(e.dir)
	for _, s := range g.sites {
		if s.reads && s.expr != nil {
			s.forbidden = !within.keeps(s.key()) && !s.takesSecret() || moved && s.readsFiles()
		}
	}
	for _, s := range g.sites {
		if s.forbidden && !s.follows() {
			e.forbid(s)
		}
	}
}

// readsFiles tells whether a site itself reads files.
func (s *site) readsFiles() bool {
	return slices.ContainsFunc(s.calls, func(c *hclsyntax.FunctionCallExpr) bool { return c.Name == string(InputFile) })
}

// fromOutside tells whether a variable that is new or changed would get its value from outside the text.
func (e *evaluator) fromOutside(s *site) bool {
	def := s.block.Body.Attributes["default"]
	if def == nil || len(e.graph.byExpr[def.Expr].calls) > 0 {
		return true
	}
	_, given := e.given(s.addr.Name())
	return given
}

// takesSecret tells whether a site is an attribute whose secret stays inside ORAC, and which names its secret
// literally.
func (s *site) takesSecret() bool {
	call, ok := asWritten(s.expr).(*hclsyntax.FunctionCallExpr)
	return ok && s.of.Keeps && call.Name == string(InputSecret) && len(s.calls) == 1 && literalName(call) != ""
}

// literalName returns the name that a function is called with if it is a literal; otherwise "".
func literalName(call *hclsyntax.FunctionCallExpr) string {
	if len(call.Args) != 1 || call.ExpandFinal {
		return ""
	}
	text, ok := asWritten(call.Args[0]).(*hclsyntax.TemplateExpr)
	if !ok || !text.IsStringLiteral() {
		return ""
	}
	v, diags := text.Value(nil)
	if diags.HasErrors() || !isText(v) {
		return ""
	}
	return v.AsString()
}

// follows tells whether a site is forbidden only because it refers to forbidden sites.
func (s *site) follows() bool {
	if len(s.calls) > 0 || s.expr == nil {
		return false
	}
	for _, d := range s.deps {
		if d.reads && !d.refused() {
			return false
		}
	}
	return true
}

// refused tells whether a site is forbidden, or every reading site of a group is.
func (s *site) refused() bool {
	if !s.group {
		return s.forbidden
	}
	for _, d := range s.deps {
		if d.reads && !d.refused() {
			return false
		}
	}
	return true
}

// forbid reports a site that is not evaluated. It quotes only the text itself.
func (e *evaluator) forbid(s *site) {
	hint := "Over the network, such an expression can be kept or removed, but not added or changed. Edit the " + e.lang.Noun + " on the machine and apply it there."
	addr, what := s.addr, s.attr
	if addr == "local" {
		addr, what = Address("local."+s.attr), "local."+s.attr
	}
	switch {
	case s.expr == nil:
		what = "the variable " + strconv.Quote(s.addr.Name()) + " would take its value from the machine"
	case len(s.calls) > 0 && literalName(s.calls[0]) != "":
		what += fmt.Sprintf(" would read %s(%q) from the machine", s.calls[0].Name, Clip(literalName(s.calls[0])))
	case len(s.calls) > 0:
		what += fmt.Sprintf(" would read from the machine with %s()", s.calls[0].Name)
	default:
		what += " would read from the machine"
		for _, d := range s.deps {
			if d.reads {
				what += ", through " + d.name()
				break
			}
		}
	}
	e.add(Diagnostic{Severity: Error, Summary: what, Detail: hint, Subject: s.place, Address: addr, Forbidden: true})
}

// name returns a site the way a reference to it is written.
func (s *site) name() string {
	if s.attr == "" {
		return string(s.addr)
	}
	return string(s.addr) + "." + s.attr
}

// mayFetch tells whether the expression that is being evaluated may read a name: one that it writes literally, or one that
// was read for Options.Within. It reports names that it may not read.
func (e *evaluator) mayFetch(id inputID) bool {
	if e.opts.Within == nil || e.opts.Within.asked(id) {
		return true
	}
	s := e.site
	for _, call := range s.calls {
		if call.Name == string(id.kind) && literalName(call) == id.name {
			return true
		}
	}
	e.forbid(s)
	return false
}

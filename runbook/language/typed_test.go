package language_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
)

// typed draws expressions that mostly have a value, so that what decides it can be followed. In a form T stands for a text, B for
// a truth value, L for a list of texts and O for an object of texts with a and b.
type typed struct{ r *rapid.T }

var typedForms = map[byte][]string{
	'T': {`"${T}-${T}"`, `upper(T)`, `(B ? T : T)`, `(true ? T : (B ? T : [][0]))`, `(false ? [][0][T] : T)`, `try(T, T)`, `try(regex("^[a-m]", T), "none")`,
		`try(O[T], T)`, `L[0]`, `join("", L)`, `O.a`, `O[B ? "a" : "b"]`, `lookup(O, B ? "a" : "z", "x")`, `try(keys(O)[0], T)`, `jsonencode(L)`, `substr(T, 0, 1)`,
		`merge({ a = "x" }, [for w in ["y"] : { a = w } if B]...).a`, `join("", concat(["x"], [for w in [["y"]] : w if B]...))`, `coalesce(T, T)`, `format("%s", T)`, `element(L, B ? 0 : 1)`,
		`try(T, [][0])`, `"%{ if B }x%{ else }y%{ endif }"`, `"%{ for w in L }${w}%{ endfor }"`, `["x", "y"][B ? 0 : 1]`, `try(element(slice(L, 0, B ? 1 : 2), 1), "x")`, `replace("xyz", "y", T)`,
		`"<${format("%v", length(L))}>"`, `jsondecode(jsonencode(O)).a`, `try(jsondecode(T), "no")`, `zipmap(["k"], [T]).k`, `[for w in L : can(regex("^[a-m]", w)) ? "x" : "y"][0]`, `[{ c = T }][*].c[0]`, `{ (T) = "v" }[T]`},
	'B': {`T == T`, `can(regex("^[a-m]", T))`, `(B && B)`, `(B || B)`, `!B`, `contains(L, T)`, `length(L) == 1`, `(true ? B : (B ? true : [][0]))`, `can([1][B ? 0 : 1])`, `try([true][B ? 0 : 1], false)`,
		`(false && (B ? true : [][0]))`, `(true || (B ? true : [][0]))`, `strlen(T) > 3`, `can(O[T])`, `try(B, false)`, `can(tonumber(T))`},
	'L': {`[T, T]`, `split("a", T)`, `[for w in L : T]`, `[for w in L : w if B]`, `concat(L, L)`, `[T][*]`, `reverse(L)`, `distinct(L)`, `compact(L)`, `keys(O)`, `values(O)`, `try(L, [])`, `(B ? L : [])`, `flatten([L, [L]])`, `sort(L)`},
	'O': {`{ a = T, b = T }`, `merge(O, { b = T })`, `{ for w in ["a", "b"] : w => T }`, `zipmap(["a", "b"], [T, T])`, `merge(O, { (T) = T })`, `try(O, { a = "x", b = "y" })`, `(B ? O : { a = "p", b = "q" })`},
}

var typedLeaves = map[byte][]string{
	'T': {`"abc"`, `"zoo"`, `secret("s")`, `secret("s")`, `local.t`, `local.o.kept`, `local.o.open`, `stt.s.token`, `var.pin`},
	'B': {`true`, `false`, `can(regex("^[a-m]", secret("s")))`, `secret("s") == "alpha"`},
	'L': {`["a", "b"]`, `local.l`},
	'O': {`{ a = "x", b = "y" }`, `{ a = secret("s"), b = "y" }`},
}

func (x typed) draw(kind byte, depth int) string {
	forms := typedForms[kind]
	if depth <= 0 {
		return rapid.SampledFrom(typedLeaves[kind]).Draw(x.r, "leaf")
	}
	var b strings.Builder
	form := rapid.SampledFrom(forms).Draw(x.r, "form")
	for i := range len(form) {
		inner := i == 0 || !isLetter(form[i-1])
		if c := form[i]; typedForms[c] != nil && inner && (i+1 == len(form) || !isLetter(form[i+1])) {
			b.WriteString(x.draw(c, depth-1-rapid.IntRange(0, 1).Draw(x.r, "shallower")))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// typedRunbook shows what an expression gives in a public attribute.
func typedRunbook(expr string) string {
	return fmt.Sprintf(`
appliance "a" {}
variable "pin" {
  sensitive = true
}
locals {
  t = secret("s")
  o = { kept = secret("s"), open = "mno" }
  l = split("l", secret("s"))
}
stt "s" {
  url   = "http://h"
  token = secret("s")
}
model "m" {
  source    = "catalog:m"
  wake_word = "w${substr(jsonencode(%s), 0, 60)}"
}
`, expr)
}

// difference tells two evaluations of an expression apart that differ in their secrets; "" when nothing does.
func difference(expr, secret, other string) string {
	at := func(secret string) (*runbook.Runbook, language.Diagnostics) {
		return runbook.Parse([]byte(typedRunbook(expr)), "x.hcl", canaries{"envenv", "filefile", secret, secret}.options())
	}
	a, asaid := at(secret)
	b, bsaid := at(other)
	const refusal = "would show a secret"
	switch {
	case a != nil && b != nil && a.Models[0].WakeWord != b.Models[0].WakeWord:
		return fmt.Sprintf("it shows %q and %q", a.Models[0].WakeWord, b.Models[0].WakeWord)
	case a != nil && strings.Contains(bsaid.Error(), refusal), b != nil && strings.Contains(asaid.Error(), refusal):
		return "it is taken with the one and refused with the other"
	}
	return ""
}

// TestSecretsDecideNothing: with whatever secret, an expression gives the same where that can be seen.
func TestSecretsDecideNothing(t *testing.T) {
	secrets := []string{"alpha", "zulu", "m", "abc", "zoo", "[]", `"a"`, "12"}
	rapid.Check(t, func(r *rapid.T) {
		expr := typed{r}.draw('T', 3)
		a, b := rapid.SampledFrom(secrets).Draw(r, "a"), rapid.SampledFrom(secrets).Draw(r, "b")
		if d := difference(expr, a, b); d != "" {
			r.Fatalf("%s with %q and %q: %s", expr, a, b, d)
		}
	})
}

// TestSwallowedMarks are ways that did carry a bit of a secret into a public attribute.
func TestSwallowedMarks(t *testing.T) {
	for _, expr := range []string{
		`can(regex("^[a-m]", secret("s"))) ? "x" : "y"`,
		`try(regex("^[a-m]", secret("s")), "y")`,
		`try({ alpha = "x" }[secret("s")], "y")`,
		`true ? "x" : (secret("s") == "alpha" ? "y" : [][0])`,
		`false || try(true || (secret("s") == "alpha" ? true : [][0]), false) ? "x" : "y"`,
		`{ a = "x", b = "y" }[secret("s") == "alpha" ? "a" : "b"]`,
		`merge({ a = "x" }, [for w in ["y"] : { a = w } if secret("s") == "alpha"]...).a`,
		`[for w in split("", local.t) : can(regex("^[a-m]", w)) ? "x" : "y"][0]`,
		`try(jsondecode(local.o.kept), "x")`,
	} {
		if d := difference(expr, "alpha", "zulu"); d != "" {
			t.Errorf("%s: %s", expr, d)
		}
	}
	for _, expr := range []string{`try(local.o.open, "x")`, `true ? local.o.open : "x"`, `try(stt.s.url, "x")`, `can(stt.s.url) ? "x" : "y"`, `try(local.nothing.x, local.o.open)`} {
		if rb, ds := runbook.Parse([]byte(strings.Replace(typedRunbook(expr), "local.nothing.x", "local.o.nothing", 1)), "x.hcl", canaries{secret: "alpha", pin: "x"}.options()); rb == nil {
			t.Errorf("%s is refused: %v", expr, ds)
		}
	}
}

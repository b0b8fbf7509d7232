package language_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
)

// expressions draws expressions of the language around names that are marked.
type expressions struct {
	r     *rapid.T
	names []string // that may be referred to
	loops int
}

// pick draws one of some forms; each % stands for an expression.
func (x *expressions) pick(depth int, forms ...string) string {
	form := rapid.SampledFrom(forms).Draw(x.r, "form")
	var b strings.Builder
	for {
		before, after, more := strings.Cut(form, "%")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		form = after
		b.WriteString(x.draw(depth - 1))
	}
}

var markedSources = []string{`env("E")`, `file("f.txt")`, `secret("s")`, `env("NONE")`, `file("none.txt")`, `var.pin`, `var.word`, `try(secret("none"), secret("s"))`}

func (x *expressions) draw(depth int) string {
	leaf := append([]string{`"a"`, `"abc"`, `1`, `0`, `true`, `null`, `[]`, `{}`, `"length"`}, markedSources...)
	leaf = append(leaf, x.names...)
	if depth <= 0 {
		return rapid.SampledFrom(leaf).Draw(x.r, "leaf")
	}
	x.loops++
	v := fmt.Sprintf("v%d", x.loops)
	for1 := "[for " + v + " in % : upper(" + v + ")]"
	for2 := "{for " + v + " in % : " + v + " => % if can(regex(%, " + v + "))}"
	return x.pick(depth,
		`%`, `"${%}"`, `"x${%}y${%}"`, `"%{ if % }${%}%{ else }${%}%{ endif }"`, `"%{ for c in % }${c}${%}%{ endfor }"`,
		`upper(%)`, `(% == % ? % : %)`, `(true ? % : %)`, `(true ? % : (% == % ? % : [][0]))`, `(% && %)`, `(% || %)`, `!(%)`, `(% != %)`, `(% > %)`, `(% + %)`, `-(%)`,
		`try(%, %)`, `try(%, %, "z")`, `can(%)`, `can(regex("^[a-m]", %))`, `(can(regex("^[a-m]", %)) ? 1 : 2)`, `try(regex("^[a-m]", %), "none")`, `try(parseint(%, 36), %)`,
		`[%, %]`, `{ a = %, b = % }`, `{ (%) = % }`, `{ a = % }.a`, `{ a = %, b = % }[%]`, `{ a = 1, length = 2 }[(% == %) ? "a" : "length"]`, `[%, %][0]`, `[%, %][%]`, `[1, 2, 3][strlen(%) % 2]`,
		for1, for2, `[%, %][*]`, `[{ a = % }][*].a`, `[{ a = % }].*.a[0]`, `length([for c in ["a", "b"] : c if c == %])`, `length(%)`, `keys(%)`, `values(%)`,
		`merge({ a = 1 }, [for c in [1] : { a = 2 } if % == %]...).a`, `concat([1], %...)`, `max(1, [for c in [2] : c if can(regex("^[a-m]", %))]...)`,
		`lookup({ a = % }, %, %)`, `lookup({ a = 1 }, can(regex("^[a-m]", %)) ? "a" : "b", 2)`, `merge(%, %)`, `concat([%], [%])`, `flatten([%, [%]])`, `contains([%, "a"], %)`, `index(["a", %], %)`, `element([%, "b"], %)`,
		`coalesce(%, %)`, `compact([%, "a"])`, `distinct([%, "a", %])`, `sort([%, "a"])`, `reverse([%, 1])`, `slice([%, 1, 2], 0, %)`, `zipmap(["a", %], [1, %])`,
		`split("", %)`, `join("", [%, %])`, `join("", %)`, `replace(%, "a", %)`, `substr(%, 0, 4)`, `format("%%s-%%v", %, %)`, `strlen(%)`, `regex("[a-z]+", %)`, `trimprefix(%, "a")`,
		`jsonencode(%)`, `jsondecode(jsonencode(%))`, `jsondecode(%)`, `parseint(%, 36)`, `(%).a`, `(%)["a"]`, "<<E\nx${%}\nE\n",
	)
}

// canaryRunbook draws a runbook that puts marked values everywhere.
func canaryRunbook(r *rapid.T) string {
	x := &expressions{r: r}
	var b strings.Builder
	b.WriteString("appliance \"a\" {}\nvariable \"pin\" {\n  sensitive = true\n}\nvariable \"word\" {\n  default = file(\"f.txt\")\n}\nlocals {\n")
	for i := range 3 {
		fmt.Fprintf(&b, "  l%d = %s\n", i, x.draw(3))
		x.names = append(x.names, fmt.Sprintf("local.l%d", i))
	}
	b.WriteString("}\n")
	attribute := func(name string, depth int) {
		if rapid.Bool().Draw(r, name) {
			fmt.Fprintf(&b, "  %s = %s\n", name, x.draw(depth))
		}
	}
	b.WriteString("device \"microphone\" \"d\" {\n  id = \"x\"\n")
	attribute("match", 1)
	attribute("channels", 2)
	b.WriteString("}\n")
	x.names = append(x.names, "device.microphone.d.match", "device.microphone.d.channels", "device.microphone.d")
	b.WriteString("stt \"s\" {\n")
	attribute("url", 1)
	attribute("token", 1)
	attribute("command", 2)
	attribute("timeout", 2)
	b.WriteString("}\n")
	x.names = append(x.names, "stt.s.token", "stt.s.url", "stt")
	b.WriteString("webhook \"w\" {\n")
	attribute("url", 2)
	attribute("headers", 2)
	b.WriteString("}\n")
	x.names = append(x.names, "webhook.w.headers", "webhook.w.url")
	b.WriteString("model \"m\" {\n  source = \"catalog:m\"\n")
	for _, name := range []string{"topic", "wake_word", "threshold", "classes", "enabled", "webhook"} {
		attribute(name, 3)
	}
	b.WriteString("}\nlistener \"l\" {\n  models = [model.m]\n")
	attribute("device", 2)
	attribute("deliver", 2)
	b.WriteString("}\nweb {\n")
	attribute("listen", 1)
	attribute("origins", 2)
	attribute("hosts", 2)
	b.WriteString("}\n")
	return b.String()
}

// canaries are texts that no output may hold.
type canaries struct{ env, file, secret, pin string }

func (c canaries) options() language.Options {
	return language.Options{
		Vars:    map[string]string{"pin": c.pin},
		HashKey: []byte("key"),
		Env:     func(n string) (string, bool) { return c.env, n == "E" },
		Secret: func(n string) (string, error) {
			if n != "s" {
				return "", errors.New("there is none")
			}
			return c.secret, nil
		},
		ReadFile: func(n string) ([]byte, error) {
			if strings.HasSuffix(n, "f.txt") {
				return []byte(c.file), nil
			}
			return nil, fs.ErrNotExist
		},
		Open: func(string) (fs.File, error) { return nil, fs.ErrNotExist },
	}
}

// window is how many characters of a canary in a row are taken for a leak.
const window = 5

func drawCanaries(r *rapid.T) canaries {
	draw := func(name string) string { return rapid.StringMatching(`[g-z][qxzjk]{9,20}`).Draw(r, name) }
	return canaries{draw("env"), draw("file"), draw("secret"), draw("pin")}
}

// leaks tells whether a text holds a part of a canary.
func leaks(text, canary string) bool {
	text = strings.ToLower(text)
	for i := range len(canary) - window + 1 {
		if strings.Contains(text, canary[i:i+window]) {
			return true
		}
	}
	return false
}

// allSaid is all that diagnostics say, in every form.
func allSaid(ds language.Diagnostics) string {
	var b strings.Builder
	if err := ds.Render(&b, language.RenderOptions{}); err != nil {
		return err.Error()
	}
	asJSON, _ := json.Marshal(ds)
	fmt.Fprintf(&b, "%s\n%v\n%+v\n%#v\n", asJSON, ds, []language.Diagnostic(ds), ds)
	return b.String()
}

// shown is all that a runbook shows of itself.
func shown(rb *runbook.Runbook) string {
	asJSON, _ := json.Marshal(rb)
	inputs, _ := json.Marshal(rb.Inputs())
	changes, _ := json.Marshal(runbook.Compare(nil, rb))
	return fmt.Sprintf("%s\n%s\n%s\n%v\n%+v\n%#v\n%v\n%+v", asJSON, inputs, changes, *rb, rb.Blocks, rb.Blocks, runbook.Compare(nil, rb), rb.Readers())
}

// TestNoCanaryIsShown: nothing that an evaluation says holds what came from the machine, and a runbook holds no secret.
func TestNoCanaryIsShown(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		src, c := canaryRunbook(r), drawCanaries(r)
		rb, ds := runbook.Parse([]byte(src), "dir/x.hcl", c.options())
		for name, canary := range map[string]string{"env": c.env, "file": c.file, "secret": c.secret, "pin": c.pin} {
			if text := allSaid(ds); leaks(text, canary) {
				r.Fatalf("%s %q is in what is said of\n%s\n%s", name, canary, src, text)
			}
			if rb != nil && (name == "secret" || name == "pin") {
				if text := shown(rb); leaks(text, canary) {
					r.Fatalf("%s %q is in what is shown of\n%s\n%s", name, canary, src, text)
				}
			}
		}
	})
}

// TestSecretsMakeNoDifference: two evaluations that differ in their secrets alone show the same, or one of them is no runbook;
// and if one is refused for showing a secret, so is the other.
func TestSecretsMakeNoDifference(t *testing.T) {
	const refusal = "would show a secret"
	rapid.Check(t, func(r *rapid.T) {
		src, c, other := canaryRunbook(r), drawCanaries(r), drawCanaries(r)
		other.env, other.file = c.env, c.file
		a, asaid := runbook.Parse([]byte(src), "dir/x.hcl", c.options())
		b, bsaid := runbook.Parse([]byte(src), "dir/x.hcl", other.options())
		switch {
		case a != nil && b != nil:
			as, _ := json.Marshal(a)
			bs, _ := json.Marshal(b)
			if string(as) != string(bs) {
				r.Fatalf("a secret makes a difference in\n%s\n%s\n%s", src, as, bs)
			}
		case a != nil && strings.Contains(bsaid.Error(), refusal), b != nil && strings.Contains(asaid.Error(), refusal):
			r.Fatalf("a mark is lost in\n%s\n%v\n%v", src, asaid, bsaid)
		}
	})
}

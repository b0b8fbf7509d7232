package language_test

import (
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

const withVariables = `
variable "word" {}
variable "patience" {
  type    = number
  default = 1
}
variable "enabled" {
  type    = bool
  default = true
}
appliance "a" {}
model "m" {
  source    = "catalog:m"
  wake_word = var.word
  patience  = var.patience
  enabled   = var.enabled
}
`

func TestVariables(t *testing.T) {
	opts := runbooktest.World()
	opts.Vars = map[string]string{"word": "from --var", "enabled": "false"}
	opts.Env = func(name string) (string, bool) {
		v, ok := map[string]string{"ORAC_VAR_word": "from the environment", "ORAC_VAR_patience": "7"}[name]
		return v, ok
	}
	rb, ds := runbook.Parse([]byte(withVariables), "x.hcl", opts)
	if rb == nil {
		t.Fatal(ds)
	}
	if m := rb.Models[0]; m.WakeWord != "from --var" || m.Patience != 7 || m.Enabled {
		t.Errorf("got %+v", m)
	}
}

// TestBadVariables: what comes from outside is checked, and never quoted.
func TestBadVariables(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"patience", "l1teral", `the value given for the variable "patience" is not a number`},
		{"patience", "1e400000000", `the value given for the variable "patience" is not a number`},
		{"patience", "NaN", `the value given for the variable "patience" is not a number`},
		{"patience", "0x1p-1000", `the value given for the variable "patience" is not a number`},
		{"enabled", "l1teral", `the value given for the variable "enabled" is neither true nor false`},
		{"word", strings.Repeat("x", language.MaxInputFile+1), `the value given for the variable "word" is not text, or is too long`},
		{"word", "\x00", "It must be 1 to 100 characters on one line"},
		{"wrod", "l1teral", `a value was given for the variable "wrod", which is not declared. Did you mean "word"?`},
		{"patience", "51", "patience is 51, out of range"},
	} {
		opts := runbooktest.World()
		opts.Vars = map[string]string{"word": "x", c.name: c.value}
		rb, ds := runbook.Parse([]byte(withVariables), "x.hcl", opts)
		if rb != nil || !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%s = %s: want %q, got %v", c.name, language.Clip(c.value), c.want, ds)
		}
		runbooktest.MustHide(t, ds.Error())
	}
}

// TestBadInputs: what env, file and secret may give is bounded and is text.
func TestBadInputs(t *testing.T) {
	huge := strings.Repeat("x", language.MaxInputFile+1)
	for _, c := range []struct{ expr, value, want string }{
		{`env("X")`, huge, "is not text of at most 1 MiB"},
		{`env("X")`, "\xff", "is not text of at most 1 MiB"},
		{`file("X")`, "\xff", "is not text"},
		{`file("X")`, huge, "is larger than 1 MiB"},
		{`secret("X")`, "\xff", "is not text of at most 1 MiB"},
		{`secret("X")`, huge, "is not text of at most 1 MiB"},
		{`secret("../X")`, "x", "this cannot be the name of a secret"},
	} {
		opts := language.Options{
			Env:      func(name string) (string, bool) { return c.value, name == "X" },
			Secret:   func(string) (string, error) { return c.value, nil },
			ReadFile: func(string) ([]byte, error) { return []byte(c.value), nil },
		}
		src := "appliance \"a\" {}\nstt \"s\" {\n url = \"http://h\"\n token = " + c.expr + "\n}\n"
		if rb, ds := runbook.Parse([]byte(src), "x.hcl", opts); rb != nil || !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.expr, c.want, ds)
		}
	}
}

package language_test

import (
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/runbooktest"
)

// TestFormatKeepsLineEnds: a file has line ends of one kind after formatting, those that most of its lines had, and its byte order
// mark; it means the same.
func TestFormatKeepsLineEnds(t *testing.T) {
	lf := "appliance \"a\" {\n# why\nlog_level=\"info\"\n}\n\nlocals {\ntext = <<EOT\nfirst\n  second\nEOT\n}\n"
	formatted, ds := runbook.Vocabulary.Format([]byte(lf), "x.hcl")
	if len(ds) > 0 || strings.Contains(string(formatted), "\r") {
		t.Fatalf("%q, %v", formatted, ds)
	}
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for name, c := range map[string]struct{ src, want string }{
		"Windows":                   {crlf(lf), crlf(string(formatted))},
		"Windows, no end":           {strings.TrimSuffix(crlf(lf), "\r\n"), crlf(string(formatted))},
		"mostly Windows":            {strings.Replace(crlf(lf), "\r\n", "\n", 2), crlf(string(formatted))},
		"mostly Unix":               {strings.Replace(lf, "\n", "\r\n", 2), string(formatted)},
		"with a mark":               {"\ufeff" + lf, "\ufeff" + string(formatted)},
		"Windows, with a mark":      {"\ufeff" + crlf(lf), "\ufeff" + crlf(string(formatted))},
		"Windows, formatted before": {crlf(string(formatted)), crlf(string(formatted))},
	} {
		got, ds := runbook.Vocabulary.Format([]byte(c.src), "x.hcl")
		if string(got) != c.want || len(ds) > 0 {
			t.Errorf("%s: %v\n%q\n%q", name, ds, got, c.want)
		}
		if again, _ := runbook.Vocabulary.Format(got, "x.hcl"); string(again) != string(got) {
			t.Errorf("%s: formatted twice it is %q", name, again)
		}
	}
}

// TestTextsOfOtherSystems are read, or refused with what they are.
func TestTextsOfOtherSystems(t *testing.T) {
	good := "appliance \"a\" {\n  log_level = \"debug\"\n}\n"
	utf16 := "\xff\xfe"
	for _, r := range good {
		utf16 += string([]byte{byte(r), 0})
	}
	for name, c := range map[string]struct{ src, want string }{
		"Windows":             {strings.ReplaceAll(good, "\n", "\r\n"), ""},
		"a mark":              {"\ufeff" + good, ""},
		"a mark and no more":  {"\ufeff", "the runbook is empty"},
		"UTF-16":              {utf16, "the file is UTF-16 text"},
		"old Macs":            {strings.ReplaceAll(good, "\n", "\r"), "CR only"},
		"put together":        {good + "\ufeff" + good, "byte order mark in the middle"},
		"a mark, and a fault": {"\ufeff" + strings.Replace(good, "debug", "loud", 1), `log_level is "loud"`},
	} {
		_, ds := runbook.Parse([]byte(c.src), "x.hcl", runbooktest.World())
		if ds.HasErrors() != (c.want != "") || c.want != "" && !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%s: %v", name, ds)
		}
	}
}

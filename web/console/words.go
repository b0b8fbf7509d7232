package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/runbook/language"
)

// funcs are the functions of the templates.
var funcs = template.FuncMap{
	"asset":   assetURL,
	"span":    amount.Span,
	"bytes":   amount.Bytes,
	"about":   about,
	"length":  length,
	"at":      func(t time.Time) template.HTML { return moment(t, time.Now()) },
	"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"since":   func(t time.Time) string { return amount.Span(time.Since(t).Round(time.Second)) },
	"count":   amount.Count,
	"score":   func(f float64) string { return fmt.Sprintf("%.2f", f) },
	"decimal": func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 32) },
	"less":    func(a, b int) int { return a - b },
	"percent": func(f float64) string { return fmt.Sprintf("%.0f", f*100) },
	"seconds": func(f float64) string { return amount.Span(time.Duration(f * float64(time.Second))) },
	"words":   func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	"join":    func(list []string) string { return strings.Join(list, ", ") },
	"rate":    rate,
	"add":     func(a, b int) int { return a + b },
	"short":   func(s string) string { return s[:min(len(s), 12)] },
	"brief":   brevity,
	"dict":    dict,
	"choices": choicesOf,
	"prose":   prose,
	"json":    indented,
	"result":  resultWords,
	"tag":     resultTag,
}

// dict passes several named values to a part of a page.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("BUG: dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// prose renders a text whose backquoted parts are code.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(text, "`") {
		if i%2 == 1 {
			b.WriteString("<code>" + template.HTMLEscapeString(piece) + "</code>")
		} else {
			b.WriteString(template.HTMLEscapeString(piece))
		}
	}
	return template.HTML(b.String()) // every piece is escaped
}

// indented returns a value of the audit log as text.
func indented(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "?"
	}
	return string(text)
}

// brevity cuts a text that is longer than a line.
func brevity(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// length writes a duration of the runbook's language in words: "7d" becomes "7 d".
func length(text string) string {
	d, err := language.ParseDuration(text)
	if err != nil {
		return text
	}
	return amount.Span(d)
}

// about says roughly how long something takes, to the second at most.
func about(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", max(1, d.Seconds()))
	}
	return amount.Span(d)
}

// moment renders a time as an element: only the time of day if it is today, otherwise with its date. A script shows it in the
// reader's time zone.
func moment(at, now time.Time) template.HTML {
	if at.IsZero() {
		return "never"
	}
	local := at.Local()
	text := local.Format("2006-01-02 15:04:05")
	if n := now.Local(); n.YearDay() == local.YearDay() && n.Year() == local.Year() {
		text = local.Format("15:04:05")
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, at.UTC().Format(time.RFC3339Nano), text)) // only digits and signs
}

// rate says how many per second.
func rate(f float64) string {
	switch {
	case f == 0:
		return "0/s"
	case f < 10:
		return fmt.Sprintf("%.1f/s", f)
	}
	return fmt.Sprintf("%.0f/s", f)
}

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// onThePage is the script command "documented SECTION": it compares what the last command has printed in JSON with a section of the
// page. Every field that is printed must be explained there; of an event that orac run prints, in the section of its kind.
func onThePage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: documented SECTION")
	}
	page, err := os.ReadFile(ts.Getenv("ROOT") + "/cmd/orac/guide/json.md")
	ts.Check(err)
	title := strings.Join(args, " ")
	known := sectionOf(string(page), title)
	if len(known) == 0 {
		ts.Fatalf("the page has no section %q", title)
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	values := 0
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			break
		} else {
			ts.Check(err)
		}
		values++
		fields := known
		if event, is := v.(map[string]any); is && title == "orac run" {
			kind, _ := event["kind"].(string)
			fields = append(sectionOf(string(page), "Event "+kind), known...)
		}
		for _, path := range undocumented("", v, fields) {
			ts.Fatalf("%s prints %s, and the page does not explain it", title, path)
		}
	}
	if values == 0 {
		ts.Fatalf("%s has printed nothing", title)
	}
}

// explained is a row of the page.
type explained struct{ path, kind string }

// sectionOf are the rows of a section of the page.
func sectionOf(page, title string) (rows []explained) {
	_, rest, found := strings.Cut(page, "\n## "+title+"\n")
	if !found {
		return nil
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); len(cells) >= 3 && strings.HasPrefix(cells[0], "| `") {
			rows = append(rows, explained{strings.Trim(cells[0], "|` "), cells[1]})
		}
	}
	return rows
}

// undocumented are the fields of a value that no row explains.
func undocumented(path string, v any, rows []explained) (missing []string) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			missing = append(missing, undocumented(path+"[]", element, rows)...)
		}
	case map[string]any:
		for name, field := range v {
			row, at := find(rows, path, name)
			switch {
			case row == nil:
				missing = append(missing, at)
			case !strings.Contains(row.kind, ", see ") && row.kind != "anything":
				missing = append(missing, undocumented(row.path, field, rows)...)
			}
		}
	}
	return missing
}

// find is the row of a field: by its name, or by NAME where names are the reader's own.
func find(rows []explained, path, name string) (*explained, string) {
	at := joined(path, name)
	for i, row := range rows {
		if row.path == at || row.path == joined(path, "NAME") {
			return &rows[i], at
		}
	}
	return nil, at
}

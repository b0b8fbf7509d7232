//go:build !race

package console

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// addedPage are the files that a person writes or edits to add a page, as appliance/README.md#adding says. The test of the page is no part of
// them: the tests that walk the table do without.
var addedPage = map[string]string{
	"web/console/example.go": `package console

import (
	"net/http"

	"orac/web/api"
	"orac/web/schema"
)

func (c *Console) example(call *api.Call) error {
	list, err := api.OpListeners.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "example", view{Data: list})
}
`,
	"web/console/templates/example.html": `{{define "body"}}
<h1>Example</h1>
<ul>{{range .Data}}<li>listener {{.Name}}</li>{{end}}</ul>
{{end}}
`,
	"web/console/pages.go": `		{path: "/example", title: "Example", template: "example", menu: "Example", role: auth.Viewer, show: (*Console).example},
`,
}

// asked asks for the page over HTTP, as a browser does.
const asked = `package console

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orac/web/auth"
)

func TestTheExampleIsServed(t *testing.T) {
	rig := newRig(t, Options{})
	server := httptest.NewServer(rig.server)
	defer server.Close()
	for path, says := range map[string]string{"/example": "<li>listener kitchen</li>", "/": "<a href=\"/example\">Example</a>"} {
		req, err := http.NewRequest("GET", server.URL+path, nil)
		rig.must(err)
		req.AddCookie(rig.cookies[auth.Viewer])
		answer, err := http.DefaultClient.Do(req)
		rig.must(err)
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 || !strings.Contains(string(text), says) {
			t.Errorf("%s: %v, %d %s", path, err, answer.StatusCode, text)
		}
	}
}
`

// TestAddAPage follows appliance/README.md#adding in a copy of this folder: a page takes three files, and everything else is made
// from its line in the table. The tests that walk the table accept it and name it, and whoever forgets a file is told.
func TestAddAPage(t *testing.T) {
	root, err := filepath.Abs("../..")
	testkit.Must(t, err)
	copied := t.TempDir()
	here := filepath.Join(copied, "web/console")
	testkit.Must(t, os.CopyFS(here, os.DirFS(".")))
	testkit.Must(t, os.CopyFS(filepath.Join(copied, "examples/scenarios"), os.DirFS("../../examples/scenarios"))) // which a test reads
	const after = "	return []route{\n"
	var edited []string
	for name, text := range addedPage {
		if old, err := os.ReadFile(filepath.Join(copied, name)); err == nil {
			text = strings.Replace(string(old), after, after+text, 1)
		}
		testkit.Must(t, os.WriteFile(filepath.Join(copied, name), []byte(text), 0o644))
	}
	testkit.Must(t, os.WriteFile(filepath.Join(here, "example_test.go"), []byte(asked), 0o644))

	// The page is built as if its files were in the tree, and the tests run where they are.
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	overlay.Replace[filepath.Join(root, "web/console/example_test.go")] = filepath.Join(here, "example_test.go")
	for name := range addedPage {
		overlay.Replace[filepath.Join(root, name)] = filepath.Join(copied, name)
	}
	text, err := json.Marshal(overlay)
	testkit.Must(t, err)
	file, program := filepath.Join(copied, "overlay.json"), filepath.Join(copied, "console.test")
	testkit.Must(t, os.WriteFile(file, text, 0o644))
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", file, "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(flags ...string) (string, error) {
		c := exec.CommandContext(t.Context(), program, append(flags, "-test.run", "^(TestTheExampleIsServed|TestEverythingThatTheConsoleDoesIsAnAPI|TestWhoMayOpenWhat|TestNoTextIsTakenForHTML)$", "-test.v")...)
		c.Dir = here
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err == nil || !strings.Contains(out, "+| `GET /example` | Example | viewer | listeners, status |") {
		t.Errorf("nobody is told that PAGES.md is to be written anew: %v\n%s", err, out)
	}
	if out, err := run("-update"); err != nil || strings.Count(out, "--- PASS") < 4 {
		t.Errorf("%v\n%s", err, out)
	}

	err = filepath.WalkDir(here, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(copied, path)
		testkit.Must(t, err)
		now, err := os.ReadFile(path)
		testkit.Must(t, err)
		if old, err := os.ReadFile(filepath.Join(root, rel)); err != nil || !bytes.Equal(old, now) {
			edited = append(edited, rel)
		}
		return nil
	})
	testkit.Must(t, err)
	// PAGES.md is generated; example_test.go is only there to prove the rest.
	edited = slices.DeleteFunc(edited, func(name string) bool {
		return name == "web/console/PAGES.md" || name == "web/console/example_test.go"
	})
	if len(edited) != 3 {
		t.Errorf("a page takes %d files: %v", len(edited), edited)
	}
}

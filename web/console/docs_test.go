package console

import (
	"strings"
	"testing"

	"orac/web/api"
	"orac/web/auth"
)

var testDocs = []api.Doc{
	{Name: "install", Title: "Install", Text: "# Install\n\nSee [the words](wake-words.md#own), [a unit](../../../examples/orac.service), [the reference](../../../runbook/REFERENCE.md#model-name), [here](#here) and [elsewhere](https://example.com).\n\n<evil onx=1>\n\n[run](javascript:alert(1))\n\n| a | b |\n|---|---|\n| `x` | y |\n\n```sh\norac run\n```\n"},
	{Name: "wake-words", Title: "Wake words", Text: "# Wake words\n\n## own\n"},
	{Name: "reference", Title: "Reference", Text: "# Reference\n"},
}

// TestDocsAreRead: each page by whoever is logged in; a link leads to a page of the console or elsewhere, and never to a file that is not
// there; what stands in a page is text.
func TestDocsAreRead(t *testing.T) {
	r := newRig(t, Options{})
	list := r.get(auth.Viewer, "/docs").Body.String()
	for _, want := range []string{`<a href="/docs/install">Install</a>`, `<a href="/api/openapi.json">`, `<a href="/api/runbook/schema">`} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
	page := r.get(auth.Viewer, "/docs/install").Body.String()
	for _, want := range []string{`<h1 id="install">Install</h1>`, `<a href="/docs/wake-words#own">the words</a>, a unit, <a href="/docs/reference#model-name">the reference</a>`, `<a href="#here">`, `<a href="https://example.com">`, "<table>", "<pre><code class=\"language-sh\">orac run\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	_, page, _ = strings.Cut(page, `<article`)
	page, _, _ = strings.Cut(page, "</article>")
	if strings.Contains(page, "<evil") || strings.Contains(page, "javascript:") || strings.Contains(page, ".service") {
		t.Errorf("the page has what is no text: %s", page)
	}
	for _, path := range []string{"/docs/none", "/docs/..%2fsecret"} {
		if w := r.get(auth.Viewer, path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

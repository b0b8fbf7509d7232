package console

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"orac/web/audit"
	"orac/web/auth"
)

// TestAPersonIsChangedWithoutAScript: the list leads to a page that says what will happen, and only its buttons do it.
func TestAPersonIsChangedWithoutAScript(t *testing.T) {
	r := newRig(t, Options{})
	block := "\nuser \"viewer\" { # mind the gap\n  role          = \"viewer\"\n  password_hash = secret(\"viewer_password_hash\")\n}\n"
	before := evilRunbook() + "\nuser \"admin\" {\n  role          = \"admin\"\n  password_hash = secret(\"admin_password_hash\")\n}\n"
	text := before + block + "# the end\n"
	r.must(os.WriteFile(r.app.File, []byte(text), 0o640))
	if problems := r.app.Run(text); problems.HasErrors() {
		t.Fatal(problems)
	}
	file := func() string {
		b, err := os.ReadFile(r.app.File)
		r.must(err)
		return string(b)
	}
	list := r.get(auth.Admin, "/people").Body.String()
	for _, name := range []string{"viewer", "operator", "admin"} {
		if !strings.Contains(list, `href="/people/`+name+`"`) {
			t.Errorf("the list does not lead to %s", name)
		}
	}
	page := r.get(auth.Admin, "/people/viewer")
	for _, want := range []string{`action="/people/viewer/role"`, `action="/people/viewer/remove"`, "Remove viewer", "API keys belong to no user", `<option selected>viewer</option>`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page.Body.String(), "This is you") || !strings.Contains(r.get(auth.Admin, "/people/admin").Body.String(), "This is you") {
		t.Error("who asks is not told apart")
	}
	if w := r.get(auth.Admin, "/people/viewer/remove"); w.Code != http.StatusMethodNotAllowed || file() != text {
		t.Errorf("a link removes somebody: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/people/viewer/role", url.Values{"role": {"operator"}}); w.Code != http.StatusSeeOther || file() != strings.Replace(text, `"viewer"
  password`, `"operator"
  password`, 1) {
		t.Errorf("%d\n%s", w.Code, file())
	}
	if w := r.post(auth.Admin, "/people/viewer/role", url.Values{"role": {evil}}); w.Code != http.StatusBadRequest {
		t.Errorf("a role that there is not: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/people/viewer/remove", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/people?done=removed&name=viewer" || file() != before+"\n# the end\n" {
		t.Errorf("%d %s\n%s", w.Code, w.Body, file())
	}
	if w := r.post(auth.Admin, "/people/operator/remove", nil); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "the runbook has no user.operator") {
		t.Errorf("who is not in the file: %d", w.Code) // declared by the rig, and not written
	}
	for _, path := range []string{"/people/nobody", "/people/core", "/people/..%2fadmin"} {
		if w := r.get(auth.Admin, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	records, err := r.audit.Page(0, 100, func(a audit.Record) bool { return a.Action == "user.remove" && a.Outcome == audit.Done })
	if err != nil || len(records) != 1 || records[0].Target != "viewer" {
		t.Errorf("%+v, %v", records, err)
	}
}

package api

import (
	"database/sql"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

const declaredUsers = `
# Who may do what. Do not touch.
user "admin" { # the boss
  role          = "admin"
  password_hash = secret("admin_password_hash")
}

user "viewer" { password_hash = secret("viewer_password_hash") } # looks only

user "operator" {
  role          = "operator" # judges
  password_hash = secret("operator_password_hash")
}
# the end
`

// dearHash is of password, with the cost that the runbook asks for: to make it takes its time.
const dearHash = "$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWAe"

// declaring returns a rig whose runbook's file declares its users, and which applies what it is told.
func declaring(t *testing.T) *rig {
	t.Helper()
	rig := newRig(t)
	for _, role := range auth.Roles() {
		rig.must(rig.guard.Secrets.Put(auth.PasswordSecret(string(role)), dearHash))
	}
	rig.must(os.WriteFile(rig.app.File, []byte(testRunbook+declaredUsers), 0o640))
	rig.app.StateDir = rig.dir
	use := func(text string) status.Applied {
		rb, problems := rig.parse(text)
		if rb == nil || problems.HasErrors() {
			t.Errorf("%v\n%s", problems, text)
			return status.Applied{Why: "it is not good"}
		}
		rb.Web.Hosts = rig.app.Book.Web.Hosts
		rig.app.Book = rb
		rig.server.Use(rb)
		return status.Applied{OK: true, Generation: 4}
	}
	rig.app.Apply = func(r status.ApplyRequest) (status.Applied, error) { return use(*r.Source), nil }
	use(testRunbook + declaredUsers)
	rig.app.Accept = rig.server.leavesAdmin
	rig.issue()
	return rig
}

// issue gives everybody a token anew.
func (r *rig) issue() {
	for _, role := range auth.Roles() {
		v, err := r.guard.Vouch(auth.User, string(role))
		if err != nil {
			continue // who was removed
		}
		token, err := r.guard.Issue(v, 0)
		r.must(err)
		r.tokens[role] = token.Token
	}
}

func (r *rig) file() string {
	text, err := os.ReadFile(r.app.File)
	r.must(err)
	return string(text)
}

// TestAUserIsRemoved: the block goes and nothing else; sessions, tokens, refresh tokens and streams' logins end at once; the hash
// goes; a generation that declares the user can still be returned to, and lets nobody in; and it is on record.
func TestAUserIsRemoved(t *testing.T) {
	dearly(t)
	rig := declaring(t)
	login := func(name string) *httptest.ResponseRecorder {
		return rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{name, password, false})
	}
	in, err := rig.guard.Tokens(rig.vouch("viewer")) // as a login gives them
	rig.must(err)
	browser := httptest.NewRecorder()
	_, err = rig.guard.StartSession(browser, rig.request(auth.Nobody, "POST", "/login", nil), rig.vouch("viewer"), auth.Via{})
	rig.must(err)
	cookie := browser.Result().Cookies()[0]
	with := rig.request(auth.Nobody, "GET", "/api/auth/me", nil)
	with.AddCookie(cookie)
	rig.tokens["gone"] = in.Token
	if w := rig.do(with); w.Code != 200 || rig.call("gone", "GET", "/api/auth/me", nil).Code != 200 {
		t.Fatal("the logins that are to end are none")
	}
	before := rig.app.Book
	out := get[Applied](rig, rig.call(auth.Admin, "DELETE", "/api/users/viewer", nil), 200)
	want := testRunbook + strings.Replace(declaredUsers, "user \"viewer\" { password_hash = secret(\"viewer_password_hash\") } #", "#", 1)
	if !out.OK || !out.Saved || rig.file() != want {
		t.Errorf("%+v\n%s", out, language.Diff("orac.hcl", []byte(want), []byte(rig.file())))
	}
	gone := func(when string) {
		t.Helper()
		rig.problem("the token "+when, rig.call("gone", "GET", "/api/auth/me", nil), schema.Unauthenticated)
		rig.problem("the refresh token "+when, rig.call(auth.Nobody, "POST", "/api/auth/refresh", RefreshInput{in.Refresh}), schema.Unauthenticated)
		req := rig.request(auth.Nobody, "GET", "/api/auth/me", nil)
		req.AddCookie(cookie)
		rig.problem("the session "+when, rig.do(req), schema.Unauthenticated)
		if w := login("viewer"); w.Code == 200 {
			t.Errorf("the password lets in %s", when)
		}
	}
	gone("after the removal")
	list := rig.records("user.remove")
	if len(list) != 2 || list[0].Outcome != audit.Done || list[1].Outcome != audit.Attempt || list[0].Target != "viewer" || list[0].Who != "admin" {
		t.Errorf("%+v", list)
	}
	if hash, err := rig.guard.Secrets.Get("viewer_password_hash"); err != nil || hash == before.Users[1].PasswordHash.Reveal() {
		t.Errorf("the hash is still there: %v", err)
	}
	// Back to before, as a rollback evaluates it.
	rb, problems := rig.parse(testRunbook + declaredUsers)
	if rb == nil {
		t.Fatal(problems)
	}
	rb.Web.Hosts = before.Web.Hosts
	rig.server.Use(rb)
	gone("after a rollback")
	rig.problem("twice", rig.call(auth.Admin, "DELETE", "/api/users/nobody", nil), schema.NotFound)
	rig.problem("an account", rig.call(auth.Admin, "DELETE", "/api/users/core", nil), schema.NotFound)
}

// TestTheLastAdminStays: neither removed nor made less, by whatever order; and nothing is changed by trying.
func TestTheLastAdminStays(t *testing.T) {
	rig := declaring(t)
	before := rig.file()
	role := func(name, role string) *httptest.ResponseRecorder {
		return rig.call(auth.Admin, "PUT", "/api/users/"+name, map[string]string{"role": role})
	}
	rig.problem("removed", rig.call(auth.Admin, "DELETE", "/api/users/admin", nil), schema.Conflict)
	rig.problem("made less", role("admin", "viewer"), schema.Conflict)
	if rig.file() != before || len(rig.app.Applied) > 0 {
		t.Error("something was changed")
	}
	get[Applied](rig, role("operator", "admin"), 200)
	if want := strings.Replace(before, `"operator" # judges`, `"admin" # judges`, 1); rig.file() != want {
		t.Errorf("%s", language.Diff("orac.hcl", []byte(want), []byte(rig.file())))
	}
	rig.problem("a token of the role before", rig.call(auth.Operator, "GET", "/api/auth/me", nil), schema.Unauthenticated)
	get[Applied](rig, role("viewer", "operator"), 200) // its block has no role
	if !strings.Contains(rig.file(), `secret("viewer_password_hash")`) || rig.app.Book.Users[1].Role != "operator" {
		t.Errorf("%s", rig.file())
	}
	get[Applied](rig, rig.call(auth.Admin, "DELETE", "/api/users/admin", nil), 200) // the own one: another is there
	rig.problem("who is gone", rig.call(auth.Admin, "GET", "/api/auth/me", nil), schema.Unauthenticated)
	rig.issue()
	rig.tokens[auth.Admin] = rig.tokens[auth.Operator]
	rig.problem("the one that is left", rig.call(auth.Admin, "DELETE", "/api/users/operator", nil), schema.Conflict)
	rig.problem("no role", role("operator", "root"), schema.InvalidInput)
	rig.problem("nobody", role("nobody", "viewer"), schema.NotFound)
	// The file is not what runs: it has lost an admin that is still in force, and no other change takes that along.
	rig.must(os.WriteFile(rig.app.File, []byte(strings.Replace(rig.file(), `"admin" # judges`, `"viewer" # judges`, 1)), 0o640))
	rig.problem("by a file that is not applied", role("viewer", "viewer"), schema.OutOfStep)
}

// TestUsersOfTheSetUp are removed and changed in the database; a declared one of the same name takes its password with it.
func TestUsersOfTheSetUp(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Users = nil })
	code, _, _ := rig.guard.SetupCode()
	page := rig.request(auth.Nobody, "POST", "/setup", "code="+code+"&name=anna&password="+strings.ReplaceAll(password, " ", "+"))
	page.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := rig.do(page); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	token, err := rig.guard.Issue(rig.vouch("anna"), 0)
	rig.must(err)
	rig.tokens[auth.Admin] = token.Token
	rig.problem("the only one", rig.call(auth.Admin, "DELETE", "/api/users/anna", nil), schema.Conflict)
	// Where somebody else is declared, who was made by the set-up is declared along: the runbook's users are all that count then.
	text, names := (&Call{Server: rig.server}).declareMade(testRunbook)
	if !slices.Equal(names, []string{"anna"}) || !strings.Contains(text, "user \"anna\" {\n  role          = \"admin\"\n  password_hash = secret(\"anna_password_hash\")\n}\n") {
		t.Errorf("%q are declared along:\n%s", names, text)
	}
	rig.problem("made less", rig.call(auth.Admin, "PUT", "/api/users/anna", map[string]string{"role": "viewer"}), schema.Conflict)
	db, err := sql.Open("sqlite", filepath.Join(rig.dir, auth.DBName)) // the set-up makes one only
	rig.must(err)
	_, err = db.Exec("INSERT INTO users VALUES ('bert', ?, 'admin', 1)", cheapHash())
	rig.must(err)
	rig.must(db.Close())
	rig.server.Use(rig.app.Book)
	// A change of who is in the database puts nothing else into force: what runs may be on probation.
	inForce, tried := rig.app.Book, *rig.app.Book
	tried.Users = []runbook.User{{Name: "mallory", Role: "admin", PasswordHash: language.NewSecret(cheapHash())}}
	rig.app.Book = &tried
	get[Applied](rig, rig.call(auth.Admin, "PUT", "/api/users/bert", map[string]string{"role": "viewer"}), 200)
	if slices.ContainsFunc(rig.guard.People(), func(p auth.Person) bool { return p.Name == "mallory" }) {
		t.Error("a runbook that is not in force yet lets its users in")
	}
	rig.app.Book = inForce
	if got := rig.guard.People(); len(got) != 3 {
		t.Errorf("%+v", got)
	}
	get[Applied](rig, rig.call(auth.Admin, "DELETE", "/api/users/bert", nil), 200)
	if got := rig.guard.People(); len(got) != 2 {
		t.Errorf("%+v", got)
	}

	// Declared with another password, and then a generation from before that: the password of the set-up is over.
	rb := *rig.app.Book
	fresh, err := auth.HashPassword("anna", "another password")
	rig.must(err)
	rb.Users = []runbook.User{{Name: "anna", Role: "admin", PasswordHash: language.NewSecret(fresh)}}
	rig.server.Use(&rb)
	rig.server.Use(rig.app.Book)
	rig.problem("the password of the set-up", rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"anna", password, false}), schema.Unauthenticated)
	get[LoginOut](rig, rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"anna", "another password", false}), 200)
}

// TestAnAdminOfTheNetworkRunsNoNewCommand: nor has other files or variables read, nor gives itself the right to; by none of the
// routes that take a text or an edit.
func TestAnAdminOfTheNetworkRunsNoNewCommand(t *testing.T) {
	rig := declaring(t)
	secret := filepath.Join(rig.dir, "private.txt")
	rig.must(os.WriteFile(secret, []byte("kitchen"), 0o600))
	base := rig.file()
	for name, evil := range map[string]string{
		"a command":         base + "\nstt \"x\" {\n  protocol = \"exec\"\n  command  = [\"sh\", \"-c\", \"id\"]\n}\n",
		"a file":            strings.Replace(base, "threshold = 0.5", "topic = file(\""+secret+"\")\n  threshold = 0.5", 1),
		"a variable":        strings.Replace(base, "threshold = 0.5", "topic = try(env(\"ORAC_TEST_NOTHING\"), \"x\")\n  threshold = 0.5", 1),
		"a log":             strings.Replace(base, "appliance \"test\" {}", "appliance \"test\" {\n  log_file = \"audit.log\"\n}", 1),
		"the local network": strings.Replace(base, `"catalog:hey_jarvis"`, "\"https://192.0.2.1/x.onnx\"\n  private_source = true\n  sha256 = \""+strings.Repeat("0", 64)+"\"", 1),
		"trust":             strings.Replace(base, "listen = ", "trust_admins = true\n  listen = ", 1),
		"trust and command": strings.Replace(base, "listen = ", "trust_admins = true\n  listen = ", 1) + "\nstt \"x\" {\n  protocol = \"exec\"\n  command  = [\"id\"]\n}\n",
	} {
		p := rig.problem("plan with "+name, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{evil}), schema.Forbidden)
		if !strings.Contains(p.Detail, "orac apply") || strings.Contains(p.Detail, "kitchen") {
			t.Errorf("%s: %s", name, p.Detail)
		}
		rig.problem("apply with "+name, rig.call(auth.Admin, "POST", "/api/runbook/apply", ApplyInput{evil, language.TextHash(base), language.TextHash(evil)}), schema.Forbidden)
		// It may stand in the file already, not applied: no other change takes it along.
		rig.must(os.WriteFile(rig.app.File, []byte(evil), 0o640))
		rig.problem("a threshold with "+name, rig.call(auth.Admin, "PUT", "/api/config/models/hey_jarvis", map[string]float64{"threshold": 0.7}), schema.OutOfStep)
		rig.problem("a role with "+name, rig.call(auth.Admin, "PUT", "/api/users/viewer", map[string]string{"role": "operator"}), schema.OutOfStep)
		rig.must(os.WriteFile(rig.app.File, []byte(base), 0o640))
		// It may be in a generation from before that it was taken out.
		rig.app.Kept = map[int]string{2: evil}
		rig.problem("back to "+name, rig.call(auth.Admin, "POST", "/api/runbook/rollback", RollbackInput{Generation: 2}), schema.Forbidden)
		rig.problem("back, in the file, to "+name, rig.call(auth.Admin, "POST", "/api/runbook/rollback", RollbackInput{Generation: 2, Write: true}), schema.Forbidden)
		rig.problem("a plan back, in the file, to "+name, rig.call(auth.Admin, "GET", "/api/runbook/generations/2/plan?write=true", nil), schema.Forbidden)
		rig.problem("a plan back to "+name, rig.call(auth.Admin, "GET", "/api/runbook/generations/2/plan", nil), schema.Forbidden)
		rig.app.Kept = nil
	}
	if len(rig.app.Applied) > 0 {
		t.Error("something was applied")
	}
	// What runs already may be moved about; and who is trusted may do all of it.
	runs := base + "\nstt \"x\" {\n  protocol = \"exec\"\n  command  = [\"id\"]\n}\n"
	rb, problems := rig.parse(runs)
	if rb == nil {
		t.Fatal(problems)
	}
	rb.Web.Hosts = rig.app.Book.Web.Hosts
	rig.app.Book = rb
	get[status.Plan](rig, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{strings.Replace(runs, `"x" {`, `"y" {`, 1)}), 200)
	rig.problem("another argument", rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{strings.Replace(runs, `["id"]`, `["id", "-u"]`, 1)}), schema.Forbidden)
	rb.Web.TrustAdmins = true
	get[status.Plan](rig, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{strings.Replace(runs, `["id"]`, `["id", "-u"]`, 1)}), 200)
}

// TestAnAdminStays, by whichever route a text comes: people who cannot be managed any more would need somebody at the machine.
func TestAnAdminStays(t *testing.T) {
	rig := declaring(t)
	base := testRunbook + declaredUsers
	for name, text := range map[string]string{
		"nobody":   testRunbook,
		"no admin": strings.Replace(base, `role          = "admin"`, `role          = "viewer"`, 1),
	} {
		rig.problem("plan with "+name, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{text}), schema.Conflict)
		rig.problem("apply with "+name, rig.call(auth.Admin, "POST", "/api/runbook/apply", ApplyInput{text, language.TextHash(base), language.TextHash(text)}), schema.Conflict)
		if f := get[Findings](rig, rig.call(auth.Admin, "POST", "/api/runbook/validate", SourceInput{text}), 200); f.OK {
			t.Errorf("a text with %s is called good", name)
		}
		rig.app.Kept = map[int]string{2: text}
		rig.problem("back to "+name, rig.call(auth.Admin, "POST", "/api/runbook/rollback", RollbackInput{Generation: 2}), schema.Conflict)
		rig.problem("back, in the file, to "+name, rig.call(auth.Admin, "POST", "/api/runbook/rollback", RollbackInput{Generation: 2, Write: true}), schema.Conflict)
	}
	if rig.file() != base {
		t.Errorf("the file is now\n%s", rig.file())
	}
	if len(rig.app.Applied) > 0 {
		t.Error("something was applied")
	}
	// An admin of the set-up counts while nobody is declared.
	db, err := sql.Open("sqlite", filepath.Join(rig.dir, auth.DBName))
	rig.must(err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO users VALUES ('first', ?, 'admin', 0)", dearHash)
	rig.must(err)
	rig.app.Kept = map[int]string{2: testRunbook}
	get[status.Applied](rig, rig.call(auth.Admin, "POST", "/api/runbook/rollback", RollbackInput{Generation: 2}), 200)
}

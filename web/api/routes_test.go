package api

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/record"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/schema"
)

// inputs are a good body for every route that takes one.
var inputs = map[string]any{
	"login": LoginInput{"viewer", password, false}, "refresh": RefreshInput{"x"}, "serviceToken": ServiceTokenInput{"core", "x"},
	"judge": map[string]bool{"false_wake": true}, "validate": SourceInput{testRunbook}, "plan": SourceInput{testRunbook},
	"apply": ApplyInput{testRunbook, language.TextHash(testRunbook), language.TextHash(testRunbook)}, "rollback": RollbackInput{Generation: 2},
	"edit": map[string]any{"operations": []any{}}, "merge": MergeInput{Base: testRunbook, Mine: testRunbook},
	"putGlobal": map[string]float64{"rms_filter": 60}, "putModel": map[string]float64{"threshold": 0.6},
	"addUser": NewUserInput{"fresh", "viewer", password}, "changePassword": map[string]string{"current_password": password, "password": password + "!"},
	"changeRole": map[string]string{"role": "operator"},
	"mute":       MuteInput{Seconds: 60, Listener: "kitchen"},
	"ask":        AskInput{Topic: "general", Text: "turn on the lights"}, "try": AskInput{Topic: "general", Text: "turn on the lights"},
	"planPush": map[string]any{"members": []string{"kitchen"}, "command": map[string]any{"do": "restart"}}, "push": PushIDInput{"0123"}, "undoPush": PushIDInput{"0123"},
	"passkeyOptions": PasskeyProof{password}, "addPasskey": NewPasskey{"phone", "{}"}, "renamePasskey": map[string]any{"name": "phone"}, "passkeyLogin": PasskeyAnswer{"{}"},
	"authorize": AuthorizeInput{"client_id=kitchen"}, "beginLogin": BeginInput{"/history"}, "finishLogin": FinishInput{"code=x&state=y"},
	"forget": ForgetInput{"general", "it is too dark to cook"},
	"setup":  SetupInput{"AAAA-BBBB-CCCC", "anna", password, false}, "startSimulation": SimulationInput{"quiet", 3, "2h"},
	"createMemberCode": MemberCodeInput{Name: "kitchen"}, "enrolHello": enrol.HelloInput{ID: word(22), Nonce: word(43)}, "enrolLook": enrol.LookInput{ID: word(22), Nonce: word(43), Proof: word(43)},
	"enrol":      enrol.CertificateInput{ID: word(22), Nonce: word(43), Request: word(40), Proof: word(43)},
	"enrolRenew": enrol.RenewInput{Certificate: word(40), Request: word(40), Signature: word(40)}, "enrolLeave": enrol.LeaveInput{Certificate: word(40), Signature: word(40)},
	"logoutUser": map[string]string{}, "createKey": KeyInput{"k", "viewer", 1}, "rotateKey": map[string]float64{"overlap_hours": 1},
}

// word is a text of n letters.
func word(n int) string { return strings.Repeat("A", n) }

// pathOf fills in a path with things that are there.
func pathOf(t *testing.T, r *Route, rig *rig) string {
	path := r.Path
	switch {
	case strings.HasPrefix(path, "/api/keys/{id}"):
		if k, err := rig.guard.DB.Key(rig.key); err != nil || !k.Live(time.Now()) || k.Replaced != "" { // making one takes a while
			k, _, err := rig.guard.DB.CreateKey("for a test", auth.Viewer, time.Hour)
			rig.must(err)
			rig.key = k.ID
		}
		path = strings.ReplaceAll(path, "{id}", rig.key)
	case strings.HasPrefix(path, "/api/detections/{id}"):
		rig.must(rig.app.Store.AddDetection(record.Detection{ID: soundID, At: time.Now(), Model: "hey_jarvis", Score: 0.6, Threshold: 0.5}))
		path = strings.ReplaceAll(path, "{id}", soundID)
	case strings.HasPrefix(path, "/api/utterances/{id}"):
		path = strings.ReplaceAll(path, "{id}", soundID)
	case strings.HasPrefix(path, "/api/auth/passkeys/{id}"):
		path = strings.ReplaceAll(path, "{id}", "0123456789ab")
	case strings.HasPrefix(path, "/api/spool/{id}"):
		path = strings.ReplaceAll(path, "{id}", "u1")
	case strings.HasPrefix(path, "/api/incidents/{id}"):
		path = strings.ReplaceAll(path, "{id}", "i1")
	case strings.HasPrefix(path, "/api/stt-servers/"):
		path = strings.NewReplacer("{name}", "house", "{id}", soundID).Replace(path)
	case strings.HasPrefix(path, "/api/backends/"):
		path = strings.ReplaceAll(path, "{name}", "home")
	case path == "/api/devices/level":
		path += "?identity=testmic"
	case strings.HasPrefix(path, "/health/{"):
		path = "/health/none"
	}
	number := "2" // of a generation
	if strings.Contains(path, "simulations") {
		number = "1"
	}
	path = strings.NewReplacer("{topic}", "install", "{address}", "model.hey_jarvis", "{type}", "model", "{number}", number).Replace(path)
	path = strings.ReplaceAll(path, "{name}", map[bool]string{true: "hey_jarvis", false: "viewer"}[strings.Contains(path, "models")])
	if strings.Contains(path, "{") {
		t.Fatalf("no value for %s", path)
	}
	return path
}

// TestEveryRouteAsEveryRole goes by the OpenAPI document: who has the role gets in, who has not does not, and a change that was
// refused has changed nothing and is on record.
func TestEveryRouteAsEveryRole(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Role        string `json:"x-role"`
			Audit       string `json:"x-audit"`
		}
	}
	if err := json.Unmarshal(Document(Routes(), "test"), &doc); err != nil {
		t.Fatal(err)
	}
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Anonymous = 10 * len(Routes()) }) // each counts
	byName := rig.server.byName
	n := 0
	for path, operations := range doc.Paths {
		for method, op := range operations {
			n++
			route := byName[op.OperationID]
			if route == nil || route.Path != path || !strings.EqualFold(route.Method, method) {
				t.Fatalf("%s %s is not what is served", method, path)
			}
			least := auth.Role(op.Role)
			if op.Role == "none" {
				least = auth.Nobody
			}
			for _, role := range []auth.Role{auth.Nobody, auth.Viewer, auth.Operator, auth.Admin} {
				if (route.Name == "events" || route.Name == "socket") && role.Includes(least) {
					continue // streams have tests of their own
				}
				url := pathOf(t, route, rig)
				if route.Name == "changePassword" && role != auth.Nobody { // the own one
					url = strings.Replace(url, "viewer", string(role), 1)
				}
				before := len(rig.app.Applied)
				w := rig.call(role, route.Method, url, inputs[route.Name])
				switch {
				case route.Name == "setup": // there are users
					rig.problem("setup as "+string(role), w, schema.Forbidden)
				case role.Includes(least):
					if w.Code == 401 && least != auth.Nobody || w.Code == 403 || w.Code >= 500 || w.Code == 400 {
						t.Errorf("%s %s as %q: %d %s", method, path, role, w.Code, w.Body)
					}
				case role == auth.Nobody:
					rig.problem(method+" "+path+" as nobody", w, schema.Unauthenticated)
				default:
					rig.problem(method+" "+path+" as "+string(role), w, schema.Forbidden)
					if op.Audit != "" {
						if list := rig.records(op.Audit); len(list) == 0 || list[0].Outcome != audit.Denied || list[0].Who != string(role) {
							t.Errorf("%s as %s leaves no record", op.OperationID, role)
						}
					}
				}
				if !role.Includes(least) && len(rig.app.Applied) != before {
					t.Errorf("%s %s as %q was refused and done", method, path, role)
				}
				if route.Name == "logout" || route.Name == "logoutEverywhere" || route.Name == "logoutUser" { // the role's token is spent
					for _, u := range auth.Roles() {
						token, err := rig.guard.Issue(rig.vouch(string(u)), time.Hour)
						rig.must(err)
						rig.tokens[u] = token.Token
					}
				}
			}
		}
	}
	if n != len(Routes()) || n < 55 {
		t.Errorf("the document has %d operations, the table %d", n, len(Routes()))
	}
	if v, err := rig.audit.Verify(); err != nil || !v.OK {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestEveryChangeIsRecorded: attempt and outcome, who, from where, which request, before and after.
func TestEveryChangeIsRecorded(t *testing.T) {
	rig := newRig(t)
	req := rig.request(auth.Admin, "PUT", "/api/config/models/hey_jarvis", map[string]float64{"threshold": 0.65})
	req.Header.Set("X-Request-ID", "my-request-1")
	if w := rig.do(req); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	list := rig.records("config.model")
	if len(list) != 2 || list[0].Outcome != audit.Done || list[1].Outcome != audit.Attempt {
		t.Fatalf("%+v", list)
	}
	text, _ := json.Marshal(list[0])
	for _, want := range []string{`"who":"admin"`, `"from":"192.0.2.1"`, `"request":"my-request-1"`, `"target":"model.hey_jarvis"`, `"generation":3`, `"generation":4`, `"model.hey_jarvis.threshold":"0.65"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the record lacks %s: %s", want, text)
		}
	}
}

// TestWithoutARecordNothingChanges: every route that changes anything refuses when the audit log does.
func TestWithoutARecordNothingChanges(t *testing.T) {
	rig := newRig(t)
	rig.audit = audit.In("/proc/nowhere")
	rig.server.o.Audit, rig.server.gate.Audit = rig.audit, rig.audit
	for _, r := range Routes() {
		if r.Change == "" || enrols(r) {
			continue
		}
		w := rig.call(auth.Admin, r.Method, pathOf(t, r, rig), inputs[r.Name])
		rig.problem(r.Name, w, schema.NotAudited)
	}
	w := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", password, true})
	rig.problem("login", w, schema.NotAudited)
	if len(w.Result().Cookies()) > 0 {
		t.Error("a login that is not recorded gives a session")
	}
	if len(rig.app.Applied) > 0 {
		t.Error("something was applied")
	}
	if w := rig.call(auth.Admin, "GET", "/api/status", nil); w.Code != 200 {
		t.Errorf("reading needs a record: %d", w.Code)
	}
}

// TestTheDocumentIsGolden: the document that is committed is the one that is served.
func TestTheDocumentIsGolden(t *testing.T) {
	testkit.Golden(t, "openapi.json", Document(Routes(), "0"))
}

// TestTheTableIsSound: names are unique, and what is not open says a role that there is.
func TestTheTableIsSound(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Routes() {
		if names[r.Name] || r.Name == "" || r.Doc == "" || !strings.HasSuffix(r.Doc, ".") || r.Tag == "" {
			t.Errorf("%s %s: %q is taken, or it lacks words", r.Method, r.Path, r.Name)
		}
		names[r.Name] = true
		asks := slices.Contains([]string{"plan", "try", "validate", "edit", "merge", "planPush", "passkeyOptions"}, r.Name) // by POST, for what they are asked with
		if r.Method != http.MethodGet && r.Change == "" && r.Role != auth.Nobody && !asks {
			t.Errorf("%s changes something and is not audited", r.Name)
		}
		if strings.HasPrefix(r.Path, "/api/config") && r.Method == http.MethodPut && r.Role != auth.Admin {
			t.Errorf("%s is for admins", r.Name)
		}
	}
}

// TestOperationsAreCalledWhatTheyAre: the console's test reads from OpNAME which operation a page asks.
func TestOperationsAreCalledWhatTheyAre(t *testing.T) {
	text, err := os.ReadFile("routes.go")
	testkit.Must(t, err)
	lines := regexp.MustCompile(`(?m)^\tOp(\w+) += .*\bName: "(\w+)"`).FindAllStringSubmatch(string(text), -1)
	for _, l := range lines {
		if !strings.EqualFold(l[1][:1], l[2][:1]) || l[1][1:] != l[2][1:] {
			t.Errorf("Op%s is the operation %s", l[1], l[2])
		}
	}
	if len(lines) != len(Routes()) {
		t.Errorf("%d of %d routes are lines of routes.go", len(lines), len(Routes()))
	}
}

func TestTheReferenceOfProblemsIsGolden(t *testing.T) {
	testkit.Golden(t, "PROBLEMS.md", problemPage())
}

func TestTheReferenceOfCapabilitiesIsGolden(t *testing.T) {
	testkit.Golden(t, "CAPABILITIES.md", capabilityPage())
}

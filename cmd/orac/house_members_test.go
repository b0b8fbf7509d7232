package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/rollout"
	"orac/runbook/testkit"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/members"
)

// eventually waits for something that a running appliance does by itself.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never happens: " + what)
		}
	}
}

// TestAHouse: an issuer and two members, each a running appliance. It sees them, pushes a setting to both and takes it back, copies their
// audit logs, in which its own pushes are found with whoever began them.
func TestAHouse(t *testing.T) {
	text, at := map[string]string{}, map[string]string{}
	for _, name := range []string{"core", "cellar", "kitchen"} {
		at[name] = freeAddress(t)
	}
	text["core"] = fmt.Sprintf("appliance \"core\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = %q\n}\n\nissuer {\n  url = \"http://%s\"\n}\n", at["core"], at["core"])
	for _, name := range []string{"cellar", "kitchen"} {
		text["core"] += fmt.Sprintf("\nmember %q {\n  url = \"http://%s\"\n}\n", name, at[name])
		text[name] = fmt.Sprintf(`appliance %q {
  state_dir = "state"
}

web {
  listen = %q
}

auth {
  trust {
    issuer = "http://%s"
    role   = "admin"
  }
}

watchdog {
  retries = 2 # tuned
}

stt "words" {
  protocol = "exec"
  command  = ["/bin/echo", "words"]
}

stt_server "house" {
  engine = stt.words
  listen = %q
}
`, name, at[name], at["core"], freeAddress(t))
	}
	dirs := map[string]string{}
	for _, name := range []string{"core", "cellar", "kitchen"} {
		text[name] += "\nuser \"anna\" {\n  role          = \"admin\"\n  password_hash = secret(\"anna_password_hash\")\n}\n"
		dirs[name] = prepared(t, text[name])
		start(t, dirs[name], text[name], nil)
		serves(t, at[name])
	}
	person := logIn(t, "http://"+at["core"], "anna", "correct horse battery")
	states := func() map[string]members.State {
		var out api.MembersOut
		person.do("GET", "/api/members", nil, &out)
		m := map[string]members.State{}
		for _, s := range out.Members {
			m[s.Name] = s
		}
		return m
	}
	eventually(t, "both members are here, and their runbooks are known", func() bool {
		m := states()
		return len(m) == 2 && m["cellar"].Presence == members.Here && m["kitchen"].Presence == members.Here && m["kitchen"].Drift.Known
	})
	if s := states()["kitchen"]; s.Drift.File || s.Drift.Pushed || s.Seen.Appliance != "kitchen" || s.Seen.Generation != 1 || s.Skew != 0 {
		t.Errorf("%+v", s)
	}

	b := openBrowser(t, "http://"+at["core"])
	b.login("anna", "correct horse battery")
	b.until("location.pathname == '/'")
	b.open("/members")
	b.sees("kitchen")
	b.set(`input[name="setting"]`, "watchdog.retries")
	b.set(`input[name="value"]`, "3")
	b.photograph("members")
	b.click(`form.push button.main`)
	b.sees("Push exactly this")
	b.photograph("members-plan")
	b.click(`button.main`)
	b.sees("The push has begun")
	b.photograph("members-push")
	var p rollout.Push
	over := func() rollout.Push {
		var out api.PushOut
		eventually(t, "the push is over", func() bool {
			person.do("GET", "/api/push", nil, &out)
			return out.Push.State != rollout.Running && out.Push.State != rollout.Undoing
		})
		return *out.Push
	}
	if p = over(); p.State != rollout.Over || !p.Undo {
		t.Fatalf("%+v", p)
	}
	for _, name := range []string{"cellar", "kitchen"} {
		file, err := os.ReadFile(filepath.Join(dirs[name], "orac.hcl"))
		if testkit.Must(t, err); !strings.Contains(string(file), "retries = 3 # tuned") {
			t.Errorf("%s has %s", name, file)
		}
	}

	// The terminal of the issuer shows the same, and takes it back.
	var list []members.State
	testkit.Must(t, json.Unmarshal([]byte(command(t, dirs["core"], "", "members", "--json")), &list))
	if len(list) != 2 || list[1].Seen.Generation != 2 {
		t.Errorf("%+v", list)
	}
	if out := command(t, dirs["core"], "", "push", "--undo"); !strings.Contains(out, "undone") {
		t.Error(out)
	}
	file, err := os.ReadFile(filepath.Join(dirs["kitchen"], "orac.hcl"))
	if testkit.Must(t, err); string(file) != text["kitchen"] {
		t.Errorf("after the undo: %s", file)
	}

	// The copies of their audit logs say who it was.
	eventually(t, "the audit logs are copied", func() bool {
		var page api.MembersAuditPage
		person.do("GET", "/api/audit/members?member=kitchen&action=runbook.apply", nil, &page)
		return len(page.Records) == 2 && page.Records[0].Who == "core-service:orac.centre" && page.Records[0].For == "core:anna" && page.Records[0].Outcome == audit.Done
	})
	var verified api.MembersVerified
	if person.do("GET", "/api/audit/members/verify", nil, &verified); !verified.OK || len(verified.Members) != 2 || verified.Members[1].Records == 0 {
		t.Errorf("%+v", verified)
	}

	b.open("/members/audit?verify=1")
	b.sees("All copies are whole")
	b.photograph("members-audit")
	b.silent()

	// A push that the member could not undo from here is refused.
	var refused rollout.Push
	person.do("POST", "/api/push/plan", map[string]any{"members": []string{"kitchen"}, "source": "appliance \"kitchen\" {}\n"}, &refused)
	if !strings.Contains(refused.Why, "would not trust this issuer any more") {
		t.Errorf("%+v", refused)
	}
}

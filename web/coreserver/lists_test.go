package coreserver

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/runbook/testkit"
	"orac/web/auth"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

const goodBeat = `{"source":"orac_stt","upstream_source":"hey_orac","instance_id":"orac_stt_house","timestamp":"2026-01-17T09:00:04.000000","topics":[
 {"name":"Living Room","status":"active","last_triggered":"2026-01-17T09:00:00.123456","trigger_count":3,"wake_word":"hey jarvis"},
 {"name":"general","status":"idle","last_triggered":null,"trigger_count":0,"wake_word":""}],"later":{"more":[1]}}`

// TestHeartbeats: what the appliance is told, and what the peer gets.
func TestHeartbeats(t *testing.T) {
	r := newRig(t)
	for _, who := range []peertest.As{{Token: r.Token("beats")}, peertest.LegacyPeer} {
		got := peertest.Get[BeatOut](t, r.Call(who, "POST", "/v1/topics/heartbeat", goodBeat), 200)
		if got != (BeatOut{"ok", 2, 1, "Processed 2 topics"}) {
			t.Errorf("%+v", got)
		}
	}
	b := r.deeds.beats[0]
	if b.InstanceID != "orac_stt_house" || b.Source != "orac_stt" || b.From != "service:beats" || !slices.Equal(b.Topics, []act.BeatTopic{{Name: "living_room", Status: "active", WakeWord: "hey jarvis", Triggers: 3}, {Name: "general", Status: "idle"}}) {
		t.Errorf("%+v", b)
	}
	got := peertest.Get[BeatsOut](t, r.Call(peertest.LegacyPeer, "GET", "/v1/topics/heartbeat/status", ""), 200)
	if got.Summary != (BeatSummary{2, 1, 0, 1}) || got.Topics["general"].Live != "active" || got.Topics["music"].Live != "stale" || !got.Topics["music"].Discovered {
		t.Errorf("%+v", got)
	}
	now := time.Now()
	for age, want := range map[time.Duration]string{0: "active", 34 * time.Second: "active", 35 * time.Second: "idle", 69 * time.Second: "idle", 70 * time.Second: "stale"} {
		if got := liveness(now.Add(-age), now); got != want {
			t.Errorf("after %v: %s", age, got)
		}
	}
}

// TestBadHeartbeats: a clear refusal, whatever is in them.
func TestBadHeartbeats(t *testing.T) {
	r := newRig(t)
	topics := func(n int, name string) string {
		one := fmt.Sprintf(`{"name":%q,"status":"active"}`, name)
		return `{"instance_id":"a","source":"b","topics":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	for name, c := range map[string]struct {
		body string
		code schema.Code
	}{
		"10 000 topics":      {topics(10_000, "m"), schema.TooLarge},
		"5 000 short topics": {`{"instance_id":"a","source":"b","topics":[` + strings.Repeat("{},", 5000) + `{}]}`, schema.Unusable},
		"101 topics":         {topics(101, "m"), schema.Unusable},
		"1 MB":               {topics(1, strings.Repeat("n", 1<<20)), schema.TooLarge},
		"a long name":        {topics(1, strings.Repeat("n", 101)), schema.Unusable},
		"a name that climbs": {topics(1, "../../etc"), schema.Unusable},
		"HTML":               {topics(1, "<img src=x onerror=alert(1)>"), schema.Unusable},
		"no name":            {topics(1, ""), schema.Unusable},
		"no JSON":            {"instance_id=a", schema.Unusable},
		"nothing":            {"", schema.Unusable},
		"a list":             {"[]", schema.Unusable},
		"topics of one":      {`{"instance_id":"a","source":"b","topics":{"name":"x"}}`, schema.Unusable},
		"a list of lists":    {`{"instance_id":"a","source":"b","topics":[[]]}`, schema.Unusable},
		"no topics":          {`{"instance_id":"a","source":"b"}`, schema.Unusable},
		"no source":          {`{"instance_id":"a","topics":[]}`, schema.Unusable},
		"a wrong type":       {`{"instance_id":7,"source":"b","topics":[]}`, schema.Unusable},
		"a terminal code":    {`{"instance_id":"\u001b[2J","source":"b","topics":[]}`, schema.Unusable},
		"half":               {goodBeat[:100], schema.Unusable},
	} {
		r.Problem(name, r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/v1/topics/heartbeat", c.body), c.code)
		if w := r.Call(peertest.LegacyPeer, "POST", "/v1/topics/heartbeat", c.body); w.Code != c.code.Doc().Status || !strings.HasPrefix(w.Body.String(), `{"detail":`) {
			t.Errorf("%s of a legacy peer: %d %s", name, w.Code, w.Body)
		}
	}
	if len(r.deeds.beats) > 0 {
		t.Errorf("%d were taken", len(r.deeds.beats))
	}
	if r.server.room.Taken() != 0 {
		t.Errorf("%d bytes are held", r.server.room.Taken())
	}
}

// TestHealthIsTrue: 503 for who shows a token, the word in a 200 for a legacy peer.
func TestHealthIsTrue(t *testing.T) {
	r := newRig(t)
	token := peertest.As{Token: r.Token("nothing")}
	home, shed := act.BackendState{Name: "home", Connected: true}, act.BackendState{Name: "shed"}
	for name, c := range map[string]struct {
		state act.CoreState
		err   error
		word  string
		code  int
	}{
		"all well":        {act.CoreState{Backends: []act.BackendState{home}}, nil, "healthy", 200},
		"no backends":     {act.CoreState{}, nil, "healthy", 200},
		"one is away":     {act.CoreState{Backends: []act.BackendState{home, shed}}, nil, "degraded", 200},
		"a bad model":     {act.CoreState{Models: []act.ModelState{{Name: "qwen", Error: "refused"}}}, nil, "degraded", 200},
		"all are away":    {act.CoreState{Backends: []act.BackendState{shed}}, nil, "unhealthy", 503},
		"it says nothing": {act.CoreState{}, errors.New("it stops"), "unhealthy", 503},
	} {
		r.deeds.set(func() { r.deeds.state, r.deeds.err = c.state, c.err })
		for _, who := range []peertest.As{token, peertest.LegacyPeer} {
			code := c.code
			if who == peertest.LegacyPeer {
				code = 200
			}
			got := peertest.Get[HealthOut](t, r.Call(who, "GET", "/health", ""), code)
			if got.Status != c.word || got.Version != "test" || got.Checks.Backends.Total != len(c.state.Backends) {
				t.Errorf("%s: %+v", name, got)
			}
			for _, path := range []string{"/health/ready", "/v1/status"} {
				if w := r.Call(who, "GET", path, ""); w.Code != code {
					t.Errorf("%s: %s: %d", name, path, w.Code)
				}
			}
		}
	}
}

// TestLists: topics, backends, entities and learnt answers with the fields of the existing service; no address tells a credential.
func TestLists(t *testing.T) {
	r := newRig(t)
	admin, viewer := peertest.As{Token: r.User(auth.Admin)}, peertest.As{Token: r.User(auth.Viewer)}
	topics := peertest.Get[TopicsOut](t, r.Call(peertest.LegacyPeer, "GET", "/api/topics", ""), 200)
	if g := topics.Topics["general"]; len(topics.Topics) != 2 || g.ID != "general" || !g.Enabled || g.Backend == nil || *g.Backend != "home" || g.Sentences != 120 {
		t.Errorf("%+v", topics)
	}
	if g := peertest.Get[TopicOut](t, r.Call(viewer, "GET", "/api/topics/General", ""), 200); g.ID != "general" {
		t.Errorf("%+v", g)
	}
	backends := peertest.Get[BackendsOut](t, r.Call(viewer, "GET", "/api/backends", ""), 200)
	if len(backends.Backends) != 1 || backends.Backends[0].Statistics.Total != 2 || !backends.Backends[0].State.Connected {
		t.Errorf("%+v", backends)
	}
	entities := peertest.Get[EntitiesOut](t, r.Call(viewer, "GET", "/api/backends/home/entities", ""), 200)
	if len(entities.Entities) != 2 || entities.Entities[0].ID != "light.kitchen" || *entities.Entities[0].Device != "lights" || entities.Entities[0].State != "on" || entities.Entities[1].Area != "Unknown" {
		t.Errorf("%+v", entities)
	}
	if list := peertest.Get[EntitiesOut](t, r.Call(viewer, "GET", "/api/backends/home/entities?enabled=false", ""), 200); len(list.Entities) != 1 {
		t.Errorf("%+v", list)
	}
	mappings := peertest.Get[MappingsOut](t, r.Call(viewer, "GET", "/api/backends/home/mappings", ""), 200)
	if len(mappings.Mappings) != 1 || !mappings.Validation.Valid || !slices.Equal(mappings.Locations, []string{"Kitchen"}) {
		t.Errorf("%+v", mappings)
	}
	for _, path := range []string{"/api/topics/none", "/api/topics/..%2f..%2fetc", "/api/topics/%00", "/api/backends/none", "/api/backends/..%2f..%2fx", "/api/backends/none/entities", "/api/backends/none/mappings"} {
		r.Problem(path, r.Call(viewer, "GET", path, ""), schema.NotFound)
	}
	r.Problem("a test of nothing", r.Call(admin, "POST", "/api/backends/none/test", ""), schema.NotFound)
	if got := peertest.Get[TestOut](t, r.Call(admin, "POST", "/api/backends/home/entities/fetch", ""), 200); got.Result.Count != 2 || !slices.Equal(r.deeds.refreshs, []string{"home"}) {
		t.Errorf("%+v, %v", got, r.deeds.refreshs)
	}
	r.deeds.set(func() { r.deeds.state.Backends[0] = act.BackendState{Name: "home", Error: "401 from Home Assistant"} })
	p := r.Problem("a backend that is away", r.Call(admin, "POST", "/api/backends/home/test", ""), schema.Unavailable)
	if !strings.Contains(p.Detail, "401") {
		t.Errorf("%+v", p)
	}
	if list := r.Records("backend.test"); len(list) != 4 || list[0].Target != "home" || list[0].Outcome != "failed" {
		t.Errorf("%+v", list)
	}
	learnt := peertest.Get[LearntOut](t, r.Call(viewer, "GET", "/v1/cache/stt/entries?limit=1&topic_id=General", ""), 200)
	if learnt.Total != 1 || learnt.Entries[0].JSON != `{"device":"lights","action":"on","location":"light.kitchen"}` || learnt.Entries[0].Count != 3 {
		t.Errorf("%+v", learnt)
	}
	for _, limit := range []string{"0", "-1", "99999", "x"} {
		r.Problem("limit "+limit, r.Call(viewer, "GET", "/v1/cache/stt/entries?limit="+limit, ""), schema.Unusable)
	}
	r.Problem("forgetting an empty text", r.Call(admin, "DELETE", "/v1/cache/stt/entry?topic_id=general", ""), schema.Unusable)
	r.Problem("forgetting what is not there", r.Call(admin, "DELETE", "/v1/cache/stt/entry?stt_text=x", ""), schema.NotFound)
	if got := peertest.Get[RemovedOut](t, r.Call(admin, "DELETE", "/v1/cache/stt/entry?stt_text=make+it+cosy&topic_id=general", ""), 200); got.Status != "removed" {
		t.Errorf("%+v", got)
	}
	if got := peertest.Get[ClearedOut](t, r.Call(admin, "DELETE", "/v1/cache/stt/clear", ""), 200); got.Removed != 1 {
		t.Errorf("%+v", got)
	}
	if slices.Contains(r.deeds.forgot, "general/") {
		t.Errorf("%q", r.deeds.forgot)
	}
	for address, want := range map[string]string{
		"http://user:canary@ha.local:8123/x?token=canary#canary": "http://ha.local:8123/x", "": "", "http://ha.local:8123": "http://ha.local:8123", "::": "",
	} {
		if got := bare(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

// TestTheLastCommand: idle, done, and failed.
func TestTheLastCommand(t *testing.T) {
	r := newRig(t)
	reads := peertest.As{Token: r.Token("reads")}
	if got := peertest.Get[LastOut](t, r.Call(reads, "GET", "/api/last-command", ""), 200); got.Status != "idle" || got.Command != nil {
		t.Errorf("%+v", got)
	}
	a := dimmed(act.Request{Text: "half", Topic: "general"})
	r.deeds.set(func() { r.deeds.state.Last = &a })
	if got := peertest.Get[LastOut](t, r.Call(reads, "GET", "/api/last-command", ""), 200); got.Status != "complete" || !got.Success || *got.Command != "half" {
		t.Errorf("%+v", got)
	}
	a.Executed, a.Reason = false, "it is unavailable"
	if got := peertest.Get[LastOut](t, r.Call(reads, "GET", "/api/last-command", ""), 200); got.Status != "error" || got.Success || *got.Error != "it is unavailable" {
		t.Errorf("%+v", got)
	}
}

// TestWhatTheRunbookDeclares is changed nowhere else, and the answer says where.
func TestWhatTheRunbookDeclares(t *testing.T) {
	r := newRig(t)
	p := r.Problem("another address", r.Call(peertest.As{Token: r.User(auth.Admin)}, "PUT", "/api/backends/home", `{"connection":{"url":"http://evil.test","token":"canary"}}`), schema.InRunbook)
	if !strings.Contains(p.Detail, "orac apply") || strings.Contains(r.Logs(), "canary") {
		t.Errorf("%+v", p)
	}
}

// TestMetrics: counted by route and outcome, never by what somebody has sent.
func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.Call(peertest.As{Token: r.Token("orac_stt")}, "POST", "/v1/generate/canary_topic", `{"prompt":"canary"}`)
	r.Call(peertest.As{Token: r.Token("orac_stt")}, "GET", "/canary", "")
	w := r.Call(peertest.As{Token: r.User(auth.Viewer)}, "GET", "/metrics", "")
	text := w.Body.String()
	for _, want := range []string{
		`orac_core_requests_total{route="POST /v1/generate/{topic}",status="200"} 1`, `orac_core_requests_total{route="none",status="404"} 1`,
		`orac_core_texts_total{outcome="done",tier="sentence"} 1`, `orac_backend_connected{backend="home"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if w.Code != 200 || strings.Contains(text, "canary") {
		t.Errorf("%d\n%s", w.Code, text)
	}
}

// TestTheDocument is what is served: every route is in it, under a name of its own.
func TestTheDocument(t *testing.T) {
	r := newRig(t)
	w := r.Call(peertest.As{Token: r.Token("nothing")}, "GET", "/openapi.json", "")
	type operation struct {
		ID    string `json:"operationId"`
		Role  string `json:"x-role"`
		Audit string `json:"x-audit"`
	}
	doc := peertest.Get[struct {
		Paths map[string]map[string]operation
	}](t, w, 200)
	names := map[string]bool{}
	for _, route := range Routes() {
		o := doc.Paths[route.Path][strings.ToLower(route.Method)]
		if o.ID == "" || names[o.ID] || o.Role == "" || o.Audit != route.Change {
			t.Errorf("%s: %+v", route.Pattern(), o)
		}
		names[o.ID] = true
	}
	testkit.Golden(t, "openapi.json", string(Document("VERSION")))
}

// TestTheReadmeHasEveryRoute: the table of README.md is made from the routes as they are served.
func TestTheReadmeHasEveryRoute(t *testing.T) {
	page, err := os.ReadFile("README.md")
	testkit.Must(t, err)
	const head = "| route | who | counts as | on record as | limits | |\n|---|---|---|---|---|---|\n"
	before, table, ok := strings.Cut(string(page), head)
	at := strings.Index(table, "\n\n")
	if strings.HasPrefix(table, "\n") {
		at = -1
	}
	if !ok {
		t.Fatal("README.md has no table of routes")
	}
	var b strings.Builder
	for _, r := range Routes() {
		who := r.Right.String()
		if r.Right.Legacy {
			who += "; legacy peers"
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s | %s |\n", r.Method, r.Path, who, r.Category, r.Change, r.Limits, r.Doc)
	}
	testkit.Golden(t, "README.md", before+head+b.String()+table[at+1:])
}

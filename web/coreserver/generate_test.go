package coreserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/web/auth"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

// TestAText: what the appliance is told, and what the caller gets: the five fields of the existing service, and the truth for who shows
// a token.
func TestAText(t *testing.T) {
	r := newRig(t)
	const want = `{"device":"lights","action":"set 50%","location":"Kitchen"}`
	got := peertest.Get[map[string]any](t, r.say(peertest.LegacyPeer, "turn the kitchen lights to half"), 200)
	if got["status"] != "success" || got["response"] != want || got["error"] != nil || got["model"] != nil || got["elapsed_ms"] == nil || len(got) != 5 {
		t.Errorf("%v", got)
	}
	w := r.say(peertest.As{Token: r.Token("orac_stt")}, "turn the kitchen lights to half", "Idempotency-Key", "evt-1", "X-Request-ID", "from-hey-orac-1")
	full := peertest.Get[Generated](t, w, 200)
	if full.Status != "success" || full.Response != want || !full.Verified || full.Request != "from-hey-orac-1" || w.Header().Get("X-Request-ID") != "from-hey-orac-1" || len(full.Answer.Outcomes) != 1 || full.Answer.Commands[0].Slots[1].Value != "50 %" {
		t.Errorf("%s", w.Body)
	}
	q, _ := r.deeds.last()
	if q.ID != "service:orac_stt evt-1" || q.Topic != "general" || q.From != "service:orac_stt" || q.Trace != "from-hey-orac-1" || q.DryRun {
		t.Errorf("%+v", q)
	}
	for _, line := range strings.Split(r.Logs(), "\n") {
		if strings.Contains(line, `"msg":"request"`) && strings.Contains(line, "from-hey-orac-1") {
			return
		}
	}
	t.Error("the request's ID is not in the log")
}

// TestWhatIsSaidAboutAText: times, rooms, sessions and topics, as far as they can be believed.
func TestWhatIsSaidAboutAText(t *testing.T) {
	r := newRig(t)
	token := peertest.As{Token: r.Token("orac_stt")}
	past := time.Now().Add(-3 * time.Second).Truncate(time.Microsecond)
	for name, c := range map[string]struct {
		path, body string
		is         func(act.Request) bool
	}{
		"no topic":           {"/v1/generate", `{"prompt":"x"}`, func(q act.Request) bool { return q.Topic == "general" && q.ID == "" && q.Said.IsZero() }},
		"capitals":           {"/v1/generate/Kitchen_2", `{"prompt":"x"}`, func(q act.Request) bool { return q.Topic == "kitchen_2" }},
		"a dry run":          {"/v1/generate", `{"prompt":"x","dry_run":true}`, func(q act.Request) bool { return q.DryRun }},
		"a room":             {"/v1/generate", `{"prompt":"x","metadata":{"area":"Kitchen","instance_id":"hey-1"}}`, func(q act.Request) bool { return q.Area == "Kitchen" && q.Session == "service:orac_stt hey-1" }},
		"a bad room":         {"/v1/generate", `{"prompt":"x","area":"\u001b[2J"}`, func(q act.Request) bool { return q.Area == "" }},
		"a time":             {"/v1/generate", fmt.Sprintf(`{"prompt":"x","metadata":{"recording_end_time":%q,"wake_word_time":null}}`, past.Format("2006-01-02T15:04:05.000000")), func(q act.Request) bool { return q.Said.Equal(past) }},
		"a time to come":     {"/v1/generate", `{"prompt":"x","metadata":{"recording_end_time":"2190-01-01T00:00:00Z"}}`, func(q act.Request) bool { return !q.Said.IsZero() && !q.Said.After(time.Now()) }},
		"no time":            {"/v1/generate", `{"prompt":"x","metadata":{"recording_end_time":"yesterday"}}`, func(q act.Request) bool { return q.Said.IsZero() }},
		"what is not needed": {"/v1/generate", `{"prompt":"x","model":"../../etc/passwd","system_prompt":"obey","temperature":9e9,"top_k":-1,"stop":["a"],"stream":true,"later":{"more":[1]}}`, func(q act.Request) bool { return q.Text == "x" }},
	} {
		if w := r.Call(token, "POST", c.path, c.body); w.Code != 200 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if q, _ := r.deeds.last(); !c.is(q) {
			t.Errorf("%s: %+v", name, q)
		}
	}
}

// TestBadTexts: a clear refusal, whatever is in them, and nothing is acted on.
func TestBadTexts(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		path, body string
		code       schema.Code
		legacy     int
	}{
		"nothing":             {"/v1/generate", "", schema.Unusable, 422},
		"an empty prompt":     {"/v1/generate", `{"prompt":""}`, schema.Unusable, 422},
		"no prompt":           {"/v1/generate", `{"text":"x"}`, schema.Unusable, 422},
		"10 KB":               {"/v1/generate", `{"prompt":"` + strings.Repeat("a", 10_000) + `"}`, schema.TooLarge, 413},
		"1 MB":                {"/v1/generate", `{"prompt":"` + strings.Repeat("a", 1<<20) + `"}`, schema.TooLarge, 413},
		"binary":              {"/v1/generate", "{\"prompt\":\"\xff\xfe\x00\"}", schema.Unusable, 422},
		"zeros":               {"/v1/generate", `{"prompt":"a\u0000b"}`, schema.Unusable, 422},
		"a terminal code":     {"/v1/generate", `{"prompt":"\u001b[2J"}`, schema.Unusable, 422},
		"a number":            {"/v1/generate", `{"prompt":7}`, schema.Unusable, 422},
		"a list":              {"/v1/generate", `[]`, schema.Unusable, 422},
		"deep":                {"/v1/generate", `{"prompt":"x","metadata":` + strings.Repeat("[", 20_000) + `}`, schema.Unusable, 422},
		"half":                {"/v1/generate", `{"prompt":"turn on`, schema.Unusable, 422},
		"a file":              {"/v1/generate", `{"prompt":"x","grammar_file":"/etc/passwd"}`, schema.Unusable, 422},
		"a topic that climbs": {"/v1/generate/%2e%2e%2f%2e%2e%2fetc%2fpasswd", `{"prompt":"x"}`, schema.NoTopic, 422},
		"a topic with a dot":  {"/v1/generate/a.b", `{"prompt":"x"}`, schema.NoTopic, 422},
		"a topic of zeros":    {"/v1/generate/%00", `{"prompt":"x"}`, schema.NoTopic, 422},
		"a long topic":        {"/v1/generate/" + strings.Repeat("a", 500), `{"prompt":"x"}`, schema.NoTopic, 422},
	} {
		r.Problem(name, r.Call(peertest.As{Token: r.Token("orac_stt")}, "POST", c.path, c.body), c.code)
		if w := r.Call(peertest.LegacyPeer, "POST", c.path, c.body); w.Code != c.legacy || !strings.HasPrefix(w.Body.String(), `{"detail":`) {
			t.Errorf("%s of a legacy peer: %d %s", name, w.Code, w.Body)
		}
	}
	for _, key := range []string{strings.Repeat("k", 300), "a\x01b"} {
		r.Problem("a bad key", r.say(peertest.As{Token: r.Token("orac_stt")}, "x", "Idempotency-Key", key), schema.Unusable)
	}
	if w := r.Call(peertest.As{Token: r.Token("orac_stt")}, "POST", "/v1/generate/../../etc", `{"prompt":"x"}`); w.Code == 200 || w.Code >= 500 {
		t.Errorf("a path that climbs: %d", w.Code)
	}
	if _, n := r.deeds.last(); n > 0 {
		t.Errorf("%d were acted on", n)
	}
	for method := range map[string]int{"GET": 405, "PUT": 405, "DELETE": 405} {
		if w := r.Call(peertest.As{Token: r.Token("orac_stt")}, method, "/v1/generate/kitchen", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// TestWhatTheApplianceSays: true statuses, as problems for who shows a token and in the old shape for a legacy peer; nothing inside is
// told.
func TestWhatTheApplianceSays(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		err    error
		code   schema.Code
		legacy int
		retry  string
	}{
		"a full queue":            {&act.BusyError{What: "topic.general", RetryAfter: 3 * time.Second}, schema.QueueFull, 503, "3"},
		"a model that hangs":      {&act.TimeoutError{What: "language_model.qwen", Limit: 20 * time.Second}, schema.TooLate, 504, ""},
		"no time left":            {context.DeadlineExceeded, schema.TooLate, 504, ""},
		"an old command":          {&act.ExpiredError{Age: time.Minute, Most: 30 * time.Second}, schema.Expired, 422, ""},
		"no such topic":           {&act.TopicError{Topic: "x"}, schema.NoTopic, 404, ""},
		"a topic that is off":     {&act.TopicError{Topic: "x", Off: true}, schema.NoTopic, 403, ""},
		"too many commands":       {&amount.TooMuchError{What: "commands", Is: 9, Most: 8}, schema.Unusable, 422, ""},
		"something else":          {errors.New("a secret reason in /home/me"), schema.Internal, 500, ""},
		"a text that is too long": {&amount.TooMuchError{What: "bytes of prompt", Is: 3000, Most: 2000}, schema.TooLarge, 413, ""},
	} {
		r.deeds.set(func() {
			r.deeds.do = func(context.Context, act.Request) (act.Answer, error) { return act.Answer{}, c.err }
		})
		w := r.say(peertest.As{Token: r.Token("orac_stt")}, "x")
		if p := r.Problem(name, w, c.code); w.Header().Get("Retry-After") != c.retry || strings.Contains(fmt.Sprint(p), "/home") || strings.Contains(fmt.Sprint(p), "secret reason") {
			t.Errorf("%s: %q, %+v", name, w.Header().Get("Retry-After"), p)
		}
		if w := r.say(peertest.LegacyPeer, "x"); w.Code != c.legacy || !strings.HasPrefix(w.Body.String(), `{"detail":`) || strings.Contains(w.Body.String(), "secret reason") || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%s of a legacy peer: %d %s", name, w.Code, w.Body)
		}
	}
	r.deeds.set(func() { r.deeds.gone = true })
	r.Problem("while it changes", r.say(peertest.As{Token: r.Token("orac_stt")}, "x"), schema.Stopping)
}

// TestAFailedDeviceIsNoSuccess: the status and the fields say what is true, for everybody.
func TestAFailedDeviceIsNoSuccess(t *testing.T) {
	r := newRig(t)
	answer := func(change func(*act.Answer)) func() {
		return func() {
			r.deeds.do = func(_ context.Context, q act.Request) (act.Answer, error) {
				a := dimmed(q)
				change(&a)
				return a, nil
			}
		}
	}
	for name, c := range map[string]struct {
		change                       func(*act.Answer)
		status, response, why        string
		understood, executed, proven bool
	}{
		"done":           {func(*act.Answer) {}, "success", `{"device":"lights","action":"set 50%","location":"Kitchen"}`, "", true, true, true},
		"unproven":       {func(a *act.Answer) { a.Verified = false }, "success", `{"device":"lights","action":"set 50%","location":"Kitchen"}`, "", true, true, false},
		"failed":         {func(a *act.Answer) { a.Executed, a.Verified, a.Reason = false, false, "the lamp is unavailable" }, "error", `{"device":"lights","action":"set 50%","location":"Kitchen"}`, "the lamp is unavailable", true, false, false},
		"not understood": {func(a *act.Answer) { *a = act.Answer{Reading: act.Reading{Why: "no sentence fits"}} }, "error", `{"device":"UNKNOWN","action":"UNKNOWN","location":"UNKNOWN"}`, "no sentence fits", false, false, false},
		"a correction":   {func(a *act.Answer) { a.Reading.Tier = act.Correction }, "success", `{"action":"error_correction","result":"removed_last_entry"}`, "", true, true, true},
		"a question":     {func(a *act.Answer) { a.Outcomes[0].Call.Asks, a.Outcomes[0].Reply = true, "The garage door is closed." }, "success", "The garage door is closed.", "", true, true, true},
		"the time":       {func(a *act.Answer) { a.Reading.Commands[0].Backend, a.Outcomes, a.Speech = "", nil, "It is noon." }, "success", "It is noon.", "", true, true, true},
	} {
		r.deeds.set(answer(c.change))
		full := peertest.Get[Generated](t, r.say(peertest.As{Token: r.Token("orac_stt")}, "x"), 200)
		old := peertest.Get[Generated](t, r.say(peertest.LegacyPeer, "x"), 200)
		if old.Truth != nil || full.Truth == nil {
			t.Fatalf("%s: %+v %+v", name, old, full)
		}
		for _, g := range []Generated{full, old} {
			if g.Status != c.status || g.Response != c.response || (g.Error == nil) != (c.why == "") || g.Error != nil && *g.Error != c.why {
				t.Errorf("%s: %+v", name, g)
			}
		}
		if full.Understood != c.understood || full.Executed != c.executed || full.Verified != c.proven || full.Reason != c.why {
			t.Errorf("%s: %+v", name, full.Truth)
		}
	}
}

// TestOldWords: commands in the words of the existing service.
func TestOldWords(t *testing.T) {
	for name, c := range map[string]struct {
		intent, target string
		value          *act.Value
		want           string
	}{
		"on":          {"turn_on", "light.a", nil, `{"device":"lights","action":"on","location":"light.a"}`},
		"heating":     {"set_temperature", "climate.a", &act.Value{Number: number(21), Unit: "°C"}, `{"device":"heating","action":"set 21C","location":"climate.a"}`},
		"blinds":      {"close", "cover.a", nil, `{"device":"blinds","action":"close","location":"cover.a"}`},
		"a vacuum":    {"vacuum_dock", "vacuum.a", nil, `{"device":"vacuum","action":"vacuum_dock","location":"vacuum.a"}`},
		"no target":   {"turn_off", "", nil, `{"device":"UNKNOWN","action":"off","location":"UNKNOWN"}`},
		"a hard name": {"turn_on", "light.\"}<script>", nil, `{"device":"lights","action":"on","location":"light.\"}\u003cscript\u003e"}`},
	} {
		cmd := act.Command{Intent: c.intent, Backend: "home"}
		if c.target != "" {
			cmd.Targets = []string{c.target}
		}
		if c.value != nil {
			cmd.Slots = []act.Slot{{Name: "v", Value: *c.value}}
		}
		if got := responseOf(act.Answer{Understood: true, Reading: act.Reading{Commands: []act.Command{cmd}}}); got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestAPeerThatGoes takes its text along.
func TestAPeerThatGoes(t *testing.T) {
	r := newRig(t)
	began := make(chan struct{})
	r.deeds.set(func() {
		r.deeds.do = func(ctx context.Context, _ act.Request) (act.Answer, error) {
			close(began)
			<-ctx.Done()
			return act.Answer{}, ctx.Err()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	req := r.Request(peertest.As{Token: r.Token("orac_stt")}, "POST", "/v1/generate", strings.NewReader(`{"prompt":"x"}`)).WithContext(ctx)
	ended := make(chan struct{})
	go func() { r.Do(req); close(ended) }()
	<-began
	cancel()
	<-ended
	if r.deeds.left != 1 || r.server.room.Taken() != 0 {
		t.Errorf("%d left, %d bytes held", r.deeds.left, r.server.room.Taken())
	}
}

// TestCorrection: the last command was wrong.
func TestCorrection(t *testing.T) {
	r := newRig(t)
	if got := peertest.Get[CorrectedOut](t, r.Call(peertest.LegacyPeer, "POST", "/v1/cache/stt/error-correction?timeout_seconds=60", ""), 200); got.Status != "removed" {
		t.Errorf("%+v", got)
	}
	r.deeds.set(func() {
		r.deeds.do = func(context.Context, act.Request) (act.Answer, error) {
			return act.Answer{Understood: true, Reason: "nothing was done"}, nil
		}
	})
	if got := peertest.Get[CorrectedOut](t, r.Call(peertest.As{Token: r.User(auth.Operator)}, "POST", "/v1/cache/stt/error-correction", ""), 200); got.Status != "not_removed" || got.Message != "nothing was done" {
		t.Errorf("%+v", got)
	}
	if q, _ := r.deeds.last(); q.Text != "that was wrong" || q.From != "operator" {
		t.Errorf("%+v", q)
	}
}

// FuzzGenerate: whatever a text's body holds, it is taken within the limits, or refused as unusable or too large.
func FuzzGenerate(f *testing.F) {
	f.Add([]byte(`{"prompt":"turn on the lights","metadata":{"wake_word_time":null,"recording_end_time":"2026-01-17T09:00:03.000000"}}`))
	f.Add([]byte(`{"prompt":"\u0000"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := generateFrom(body)
		if err == nil && (len(*in.Prompt) == 0 || len(*in.Prompt) > act.MaxText || schema.Clean(*in.Prompt) != *in.Prompt) {
			t.Errorf("%+v", in)
		}
		if err != nil {
			if p := problemOf(err); p.Status != http.StatusUnprocessableEntity && p.Status != http.StatusRequestEntityTooLarge {
				t.Error(err)
			}
		}
		_ = said(in.Metadata, time.Now())
	})
}

// FuzzBeat: whatever a heartbeat holds, it is taken within the limits, or refused as unusable.
func FuzzBeat(f *testing.F) {
	f.Add([]byte(`{"instance_id":"a","source":"orac_stt","topics":[{"name":"Living Room","status":"active","trigger_count":3}]}`))
	f.Add([]byte(`{"instance_id":"a","source":"b","topics":[{"name":"../x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := beatOf(body, "x")
		if err == nil {
			if len(b.Topics) > maxTopics {
				t.Errorf("%d topics", len(b.Topics))
			}
			for _, topic := range b.Topics {
				if got, err := topicOf(topic.Name); err != nil || got != topic.Name || topic.Triggers < 0 {
					t.Errorf("%+v", topic)
				}
			}
		}
		if err != nil && problemOf(err).Status != 422 {
			t.Error(err)
		}
	})
}

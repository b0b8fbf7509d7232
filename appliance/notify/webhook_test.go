package notify

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

func send(t *testing.T, c WebhookConfig, m Message) error {
	t.Helper()
	w, err := NewWebhook(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = do(t, func(task *rt.Task) (struct{}, error) { return struct{}{}, w.Send(task, m) })
	return err
}

// fire sends an event in the form of Hey ORAC.
func fire(t *testing.T, c WebhookConfig, e hook.Event) error {
	t.Helper()
	m, err := formOf(t, "url = "+strconv.Quote(c.URL)).Make(e)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, c, m)
}

func TestWebhookOnTheWire(t *testing.T) {
	s := stttest.Start(t)
	c := WebhookConfig{URL: s.URL() + "/webhook?key=hush", Headers: map[string]wire.Secret{"x-key": secret("hush")}}
	wake := &hook.Wake{WakeWord: "hey jarvis", Model: "hey_jarvis", Score: 0.75, Threshold: 0.5, Scores: map[string]float64{"hey_jarvis": 0.75, "alexa": 0}, MultiTrigger: true}
	wake.ID, wake.Timestamp = "evt-1", time.UnixMicro(1_768_640_400_123_456).Format(time.RFC3339Nano)
	if err := fire(t, c, wake); err != nil {
		t.Fatal(err)
	}
	if err := fire(t, c, &hook.Wake{Head: hook.Head{Timestamp: wake.Timestamp}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"wake_word":"hey jarvis","confidence":0.75,"threshold":0.5,"timestamp":1768640400.123456,"model_name":"hey_jarvis",` +
			`"all_scores":{"alexa":0,"hey_jarvis":0.75},"multi_trigger":true}`,
		`{"wake_word":"","confidence":0,"threshold":0,"timestamp":1768640400.123456,"model_name":"","all_scores":{},"multi_trigger":false}`,
	}
	for i, h := range s.Heard() {
		if string(h.Body) != want[i] || h.Header.Get("X-Key") != "hush" || h.Query.Get("key") != "hush" || h.Header.Get("Webhook-Signature") != "" {
			t.Errorf("heard %s, header %v, query %v\nwant  %s", h.Body, h.Header, h.Query, want[i])
		}
	}
	if id := s.Heard()[0].Header.Get("Webhook-Id"); id != "evt-1" {
		t.Errorf("identity %q", id)
	}
}

// passes are tokens: the next one each time that the one before was refused.
type passes []string

func (p *passes) Token(_ *rt.Task, refused string) (string, error) {
	switch list := *p; {
	case len(list) == 0:
		return "", &wire.Error{Op: "token", Kind: wire.NoToken, Cause: errors.New("the issuer is away")}
	case refused == list[0] && len(list) == 1:
		return "", wire.ErrSame
	case refused == list[0]:
		*p = list[1:]
	}
	return (*p)[0], nil
}

// TestAWebhookShowsTheTokensOfALogin: with each request, a fresh one after a 401; and while there is none, nothing is sent.
func TestAWebhookShowsTheTokensOfALogin(t *testing.T) {
	s := stttest.Start(t)
	s.RequireToken("fresh")
	m := Message{ID: "evt-1", Method: "POST", URL: s.URL() + "/webhook", Body: []byte("{}")}
	tokens := &passes{"old", "fresh"}
	for range 2 {
		if err := send(t, WebhookConfig{URL: m.URL, Tokens: tokens}, m); err != nil {
			t.Fatal(err)
		}
	}
	var shown []string
	for _, h := range s.Heard() {
		shown = append(shown, h.Header.Get("Authorization"))
	}
	if want := []string{"Bearer old", "Bearer fresh", "Bearer fresh"}; !slices.Equal(shown, want) {
		t.Errorf("it was shown %q, want %q", shown, want)
	}
	err := send(t, WebhookConfig{URL: m.URL, Tokens: &passes{}}, m)
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.NoToken || e.Retry() == wire.GiveUp || len(s.Heard()) != 3 {
		t.Errorf("without a token: %v, and %d requests", err, len(s.Heard()))
	}
	err = send(t, WebhookConfig{URL: m.URL, Tokens: &passes{"stolen"}}, m)
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.Unauthorised || strings.Contains(err.Error(), "stolen") {
		t.Errorf("a token that is refused: %v", err)
	}
}

// signed is a request as a receiver has it, signed with a key.
func signed(t *testing.T, key []byte) stttest.Heard {
	t.Helper()
	s := stttest.Start(t)
	m := Message{ID: "evt-1", Method: "POST", URL: s.URL() + "/webhook", ContentType: "application/json", Body: []byte(`{"text":"é"}`)}
	if err := send(t, WebhookConfig{URL: m.URL, Key: key}, m); err != nil {
		t.Fatal(err)
	}
	return s.Heard()[0]
}

// TestTheStandardsLibraryTakesOurSignature: the Go library of Standard Webhooks takes a request of ours, and no changed one.
func TestTheStandardsLibraryTakesOurSignature(t *testing.T) {
	key := []byte(strings.Repeat("hush", 8))
	h := signed(t, key)
	theirs, err := standardwebhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Verify(h.Body, h.Header); err != nil {
		t.Errorf("%v: %v", h.Header, err)
	}
	if theirs.Verify(append(h.Body, ' '), h.Header) == nil {
		t.Error("it takes another body")
	}
}

// TestTheScriptOfTheDocumentation takes a request of ours, and no other body, time, identity or key.
func TestTheScriptOfTheDocumentation(t *testing.T) {
	key := []byte(strings.Repeat("hush", 8))
	h := signed(t, key)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(text), "```js\n")
	script, _, ok := strings.Cut(script, "```")
	if !ok {
		t.Fatal("the documentation has no script")
	}
	type request struct {
		Secret, Body string
		Headers      map[string]string
	}
	id, stamp, signature := h.Header.Get("Webhook-Id"), h.Header.Get("Webhook-Timestamp"), h.Header.Get("Webhook-Signature")
	var requests []request
	ask := func(key, body, id, stamp, signature string) {
		requests = append(requests, request{key, body, map[string]string{"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}})
	}
	body := string(h.Body)
	ask(string(key), body, id, stamp, signature)
	ask("whsec_"+base64.StdEncoding.EncodeToString(key), body, id, stamp, "v1,AAAA "+signature)
	good := len(requests)
	ask(string(key)+"x", body, id, stamp, signature)
	ask(string(key), body+" ", id, stamp, signature)
	ask(string(key), body, id+"0", stamp, signature)
	ask(string(key), body, id, stamp+"0", signature)
	ask(string(key), body, id, "1614265330", "v1,"+Sign(key, id, "1614265330", h.Body)) // an old one
	ask(string(key), body, id, stamp, "")
	asJSON, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	script += "\nconsole.log(JSON.stringify(" + string(asJSON) + ".map(r => { try { return verify(r.Body, r.Headers, r.Secret) } catch (e) { return String(e) } })))"
	out, err := exec.Command("node", "-e", script).Output()
	if err != nil {
		t.Fatal(err, script)
	}
	var said []any
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err, string(out))
	}
	for i, r := range requests {
		if (said[i] == true) != (i < good) {
			t.Errorf("%+v: %v", r, said[i])
		}
	}
}

func TestWebhookBadBehaviour(t *testing.T) {
	cases := map[string]struct {
		behaviour stttest.Behaviour
		kind      wire.Kind
		status    int
	}{
		"200 is a yes":            {stttest.Behaviour{Do: stttest.Status, Code: 200}, 0, 0},
		"any answer is":           {stttest.Behaviour{Do: stttest.Garbage}, 0, 0},
		"404":                     {stttest.Behaviour{Do: stttest.Status, Code: 404}, wire.Unreachable, 404},
		"410":                     {stttest.Behaviour{Do: stttest.Status, Code: 410}, wire.Unreachable, 410},
		"401":                     {stttest.Behaviour{Do: stttest.Status, Code: 401}, wire.Unauthorised, 401},
		"400":                     {stttest.Behaviour{Do: stttest.Status, Code: 400}, wire.Refused, 400},
		"429":                     {stttest.Behaviour{Do: stttest.Status, Code: 429, RetryAfter: time.Minute}, wire.Busy, 429},
		"redirect with our token": {stttest.Behaviour{Do: stttest.Redirect, To: "http://elsewhere.example/"}, wire.Unreachable, 307},
		"500":                     {stttest.Behaviour{Do: stttest.Status, Code: 500}, wire.Busy, 500},
		"never":                   {stttest.Behaviour{Do: stttest.Never}, wire.Late, 0},
		"huge is a yes, too":      {stttest.Behaviour{Do: stttest.Huge}, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := stttest.Start(t)
			s.Set(stttest.Webhook, c.behaviour)
			timeout := Timeout
			if c.kind == wire.Late {
				timeout = patience
			}
			err := fire(t, WebhookConfig{URL: s.URL() + "/webhook/hush?key=hush", Timeout: timeout,
				Headers: map[string]wire.Secret{"Authorization": secret("hush")}}, &hook.Wake{})
			if c.kind == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.kind || e.Status != c.status || e.RetryAfter != c.behaviour.RetryAfter || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v; want %v", err, c.kind)
			}
		})
	}
}

func TestBadWebhook(t *testing.T) {
	for _, c := range []WebhookConfig{
		{URL: "hook.local"},
		{URL: "http://me:hush@hook.local"},
		{URL: "hook://hook.local/hush"},
		{URL: "http://hook.local/hush", Headers: map[string]wire.Secret{"a b": secret("x")}},
		{URL: "http://hook.local", Headers: map[string]wire.Secret{"a b": secret("x")}},
		{URL: "http://hook.local", Headers: map[string]wire.Secret{"A": secret("hush\r\nB: c")}},
	} {
		if _, err := NewWebhook(c); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", c.URL, err)
		}
	}
}

// formOf is the form of a webhook that a runbook declares.
func formOf(t *testing.T, block string) Form {
	t.Helper()
	rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nwebhook \"w\" {\n"+block+"\n}\n"), "x.hcl", language.Options{Secret: func(string) (string, error) { return "hush", nil }})
	if ds.HasErrors() {
		t.Fatal(ds.Error())
	}
	return FormOf(rb.Webhooks[0])
}

func TestMessagesAreMade(t *testing.T) {
	said := &hook.Transcript{Text: `turn "on" & off`}
	said.ID, said.Type, said.Listener = "evt-1", "transcript", "kitchen"
	for name, c := range map[string]struct {
		block, url, kind, body string
	}{
		"the event": {`url = "http://a.local"
  events = ["transcript"]`, "http://a.local", "application/json", string(hook.Encode(said))},
		"GET": {`url = "http://a.local/say?text=${event.text}"
  events = ["transcript"]
  method = "GET"`, "http://a.local/say?text=turn+%22on%22+%26+off", "", ""},
		"JSON": {`url = "http://a.local"
  events = ["transcript"]
  body = jsonencode({ token = secret("k"), message = "${event.listener}: ${event.text}" })`, "http://a.local", "application/json",
			`{"message":"kitchen: turn \"on\" \u0026 off","token":"hush"}`},
		"text": {`url = "http://a.local/${event.listener}"
  events = ["transcript"]
  body = event.text`, "http://a.local/kitchen", "text/plain; charset=utf-8", said.Text},
	} {
		m, err := formOf(t, c.block).Make(said)
		if err != nil || m.URL != c.url || m.ContentType != c.kind || string(m.Body) != c.body || m.ID != "evt-1" {
			t.Errorf("%s: %+v %s, %v", name, m, m.Body, err)
		}
	}
	said.Text = ".."
	if _, err := formOf(t, "url = \"http://a.local/x/${event.text}\"\n  events = [\"transcript\"]").Make(said); err == nil || err.(*Error).Retry() != wire.GiveUp {
		t.Errorf("a path that leads elsewhere: %v", err)
	}
}

// TestTheTableOfTheDocumentation: it is that of the code.
func TestTheTableOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- events: made by go test ./appliance/notify -run Documentation -update -->\n", "<!-- end of events -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the documentation has no place for the table")
	}
	testkit.Golden(t, "README.md", before+begin+"\n"+hook.Markdown()+"\n"+end+after)
}

// TestTheExamplesOfTheDocumentation are webhooks that the language takes.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?ms)^webhook .*?^}`).FindAllString(string(text), -1)
	if len(blocks) < 4 {
		t.Fatalf("%d blocks", len(blocks))
	}
	opts := language.Options{StandIns: true, Secret: func(string) (string, error) { return "a stand-in of a secret that is long", nil }}
	if _, ds := runbook.Parse([]byte("appliance \"a\" {}\n"+strings.Join(blocks, "\n")+"\n"), "README.md", opts); ds.HasErrors() {
		t.Error(ds.Error())
	}
}

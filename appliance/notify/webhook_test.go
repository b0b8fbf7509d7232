package notify

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
)

func fire(t *testing.T, c WebhookConfig, d Firing) error {
	t.Helper()
	w, err := NewWebhook(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = do(t, func(task *rt.Task) (struct{}, error) { return struct{}{}, w.Fire(task, d) })
	return err
}

func TestWebhookOnTheWire(t *testing.T) {
	s := stttest.Start(t)
	c := WebhookConfig{URL: s.URL() + "/webhook?key=hush", Headers: map[string]wire.Secret{"x-key": secret("hush")}}
	at := time.UnixMicro(1_768_640_400_123_456)
	err := fire(t, c, Firing{"hey jarvis", "hey_jarvis", 0.75, 0.5, at, map[string]float64{"hey_jarvis": 0.75, "alexa": math.NaN()}, true})
	if err != nil {
		t.Fatal(err)
	}
	if err := fire(t, c, Firing{At: at}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"wake_word":"hey jarvis","confidence":0.75,"threshold":0.5,"timestamp":1768640400.123456,"model_name":"hey_jarvis",` +
			`"all_scores":{"alexa":0,"hey_jarvis":0.75},"multi_trigger":true}`,
		`{"wake_word":"","confidence":0,"threshold":0,"timestamp":1768640400.123456,"model_name":"","all_scores":{},"multi_trigger":false}`,
	}
	for i, h := range s.Heard() {
		if string(h.Body) != want[i] || h.Header.Get("X-Key") != "hush" || h.Query.Get("key") != "hush" {
			t.Errorf("heard %s, header %v, query %v\nwant  %s", h.Body, h.Header, h.Query, want[i])
		}
	}
}

func TestWebhookBadBehaviour(t *testing.T) {
	cases := map[string]struct {
		behaviour stttest.Behaviour
		kind      wire.Kind
	}{
		"200 is a yes":            {stttest.Behaviour{Do: stttest.Status, Code: 200}, 0},
		"any answer is":           {stttest.Behaviour{Do: stttest.Garbage}, 0},
		"404":                     {stttest.Behaviour{Do: stttest.Status, Code: 404}, wire.Unreachable},
		"redirect with our token": {stttest.Behaviour{Do: stttest.Redirect, To: "http://elsewhere.example/"}, wire.Unreachable},
		"500":                     {stttest.Behaviour{Do: stttest.Status, Code: 500}, wire.Busy},
		"never":                   {stttest.Behaviour{Do: stttest.Never}, wire.Late},
		"huge is, too":            {stttest.Behaviour{Do: stttest.Huge}, 0},
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
				Headers: map[string]wire.Secret{"Authorization": secret("hush")}}, Firing{At: time.Now()})
			if c.kind == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.kind || strings.Contains(err.Error(), "hush") {
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

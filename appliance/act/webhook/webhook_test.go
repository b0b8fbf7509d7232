package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

func run[T any](ctx context.Context, f func(*rt.Task) T) (out T) {
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out = f(t)
		return nil
	})
	return out
}

func saying(name, text string) act.Command {
	half := 0.5
	return act.Command{Intent: "test", Targets: []string{"light.a", "light.b"}, Slots: []act.Slot{
		{Name: name, Value: act.Value{Text: text}}, {Name: "n", Value: act.Value{Number: &half, Unit: "%"}},
	}}
}

// receiver answers every request alike; status 0 resets the connection. It tells what it heard.
func receiver(t *testing.T, status int, answer string) (*httptest.Server, <-chan string) {
	heard := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard <- fmt.Sprintf("%s %s %s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("X-Request-ID"), body)
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s, heard
}

// TestRequests on the wire, and the truth about their answers.
func TestRequests(t *testing.T) {
	data := map[string]any{"say": "{x}", "level": "{n}", "text": "{n} of {x}", "all": []any{"{targets}", 2.0, true}}
	for _, c := range []struct {
		name, method, path string
		template           act.Template
		status             int
		answer, want       string
		verdict            act.Verdict
	}{
		{"data", "", "/hook/?key=k1234", act.Template{Service: "do/{x}?a={x}", Data: data}, 200, "",
			`POST /hook/do/a%2F%3F%22b?key=k1234&a=a%2F%3F%22b application/json Bearer hush r {"all":[["light.a","light.b"],2,true],"level":0.5,"say":"a/?\"b","text":"0.5 of a/?\"b"}`, act.Unproven},
		{"a payload of JSON", "PUT", "/hook", act.Template{Payload: `{"say":"{x}","n":{n}}`}, 202, `{"verified":true,"reply":"Done"}`,
			`PUT /hook application/json Bearer hush r {"say":"a/?\"b","n":0.5}`, act.Proven},
		{"a payload of text", "", "/hook", act.Template{Payload: `say {x}`}, 200, `{"executed":false,"reason":"no milk"}`,
			`POST /hook text/plain; charset=utf-8 Bearer hush r say a/?"b`, act.Failed},
		{"get", "GET", "/hook", act.Template{Service: "{n}", Data: data}, 204, "", `GET /hook/0.5  Bearer hush r `, act.Unproven},
		{"refused", "", "/hook", act.Template{}, 403, "hush", ``, act.Failed},
		{"elsewhere", "", "/hook", act.Template{}, 307, "", ``, act.Failed},
		{"a proxy lost it", "", "/hook", act.Template{}, 504, "", ``, act.Unknown},
		{"reset", "", "/hook", act.Template{}, 0, "", ``, act.Unknown},
		{"too much", "", "/hook", act.Template{}, 200, strings.Repeat("x", 100<<10), ``, act.Unknown},
	} {
		s, heard := receiver(t, c.status, c.answer)
		w, err := New(Config{Name: "coffee", URL: s.URL + c.path, Token: secret("hush"), Method: c.method})
		testkit.Must(t, err)
		call, err := w.Fill(saying("x", `a/?"b`), c.template)
		testkit.Must(t, err)
		o := run(t.Context(), func(task *rt.Task) act.Outcome { return w.Do(task, call, thread.Thread{ID: "r"}) })
		if o.Verdict != c.verdict || strings.Contains(o.Reason+o.Reply, "hush") || strings.Contains(o.Reason, "k1234") {
			t.Errorf("%s: %s, %s", c.name, o.Verdict, o.Reason)
		}
		if got := <-heard; c.want != "" && got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	s, _ := receiver(t, 200, "")
	w, err := New(Config{Name: "coffee", URL: s.URL, Timeout: time.Second})
	testkit.Must(t, err)
	s.Close()
	if o := run(t.Context(), func(task *rt.Task) act.Outcome { return w.Do(task, act.Call{}, thread.Thread{}) }); o.Verdict != act.Failed || !o.Sent.IsZero() {
		t.Errorf("%+v", o)
	}
}

// TestAnIDThatNoHeaderHolds is sent as one that it does, and keeps nobody from being called.
func TestAnIDThatNoHeaderHolds(t *testing.T) {
	s, heard := receiver(t, 200, "")
	w, err := New(Config{Name: "coffee", URL: s.URL})
	testkit.Must(t, err)
	o := run(t.Context(), func(task *rt.Task) act.Outcome {
		return w.Do(task, act.Call{}, thread.Thread{ID: "a\r\nX-Evil: b\x00"})
	})
	if o.Verdict != act.Unproven {
		t.Fatalf("%+v", o)
	}
	if got := <-heard; got != "POST / text/plain; charset=utf-8  a  X-Evil: b " {
		t.Errorf("%q", got)
	}
}

// TestNoValueLeadsElsewhere: the host is that of the runbook, whatever was said.
func TestNoValueLeadsElsewhere(t *testing.T) {
	w, err := New(Config{Name: "b", URL: "http://house.example/hook"})
	testkit.Must(t, err)
	for _, text := range []string{"..", ".", "../..", "@evil.example/", "//evil.example", "\r\nHost: evil", "a#b", "%2e%2e", "x?y=z"} {
		for _, template := range []string{"{x}", "a/{x}/b", "{x}{x}", "?q={x}"} {
			call, err := w.Fill(saying("x", text), act.Template{Service: template})
			if err != nil {
				continue
			}
			at, err := w.address(call)
			if err != nil || !strings.HasPrefix(at, "http://house.example/hook") || strings.ContainsAny(at, "\r\n#") || strings.Contains(at, "/../") || strings.HasSuffix(at, "/..") {
				t.Errorf("%q in %q: %s, %v", text, template, at, err)
			}
		}
	}
	if _, err := w.Fill(act.Command{}, act.Template{Service: "{x}"}); err == nil {
		t.Error("nothing was said for {x}")
	}
}

package coreserver

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/account"
	"orac/appliance/act"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/language"
)

// raw opens a connection and says something.
func raw(t testing.TB, url, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, text) // a connection that is refused may be closed already
	return c
}

// served asks with a token until it is served.
func (r *rig) served(t *testing.T, url, beside string) {
	t.Helper()
	req, err := http.NewRequest("GET", url+"/v1/status", nil)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+r.token("orac_stt"))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		if err == nil && res.StatusCode == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("beside %s: %v, %v", beside, res, err)
		}
	}
}

// TestSlowAndManyConnections: a client that says nothing, or a byte at a time, is cut off, and however many there are, who has a token is
// served.
func TestSlowAndManyConnections(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.CoreServers[0].MaxConnections = 10 })
	url := r.listening(t)
	for _, text := range []string{"", "POST /v1/generate HTTP/1.1\r\nHost: x", "POST /v1/generate HTTP/1.1\r\nHost: core\r\nContent-Length: 1000\r\n\r\n{"} {
		for range 30 {
			raw(t, url, text)
		}
		r.served(t, url, "connections that say "+text)
	}
}

// TestTenThousandConnections, one after the other faster than they are cut off: who has a token is served meanwhile.
func TestTenThousandConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("10 000 connections")
	}
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.CoreServers[0].MaxConnections = 64 })
	url := r.listening(t)
	const all, atOnce = 10_000, 200
	var opened sync.WaitGroup
	for range atOnce {
		opened.Go(func() {
			for range all / atOnce {
				if c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
					_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost:") // never whole
					c.Close()
				}
			}
		})
	}
	r.served(t, url, "thousands of connections")
	opened.Wait()
	r.served(t, url, "nothing")
}

// TestASlowBodyIsCutOff: a text that never comes whole holds a connection only so long, and no room.
func TestASlowBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	url := r.listening(t)
	site := r.hosts.Site(house).(*Server)
	site.times.arrive = time.Second / 4
	r.hosts.Use(r.rb)
	c := raw(t, url, "POST /v1/generate HTTP/1.1\r\nHost: core\r\nAuthorization: Bearer "+r.token("orac_stt")+"\r\nContent-Length: 10000\r\n\r\n{\"prompt\":\"tu")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	r.must(err)
	res.Body.Close()
	if res.StatusCode != 422 {
		t.Errorf("%d", res.StatusCode)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection stays")
	}
	if n := site.room.Taken(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// TestAHeartbeatDoesNotWaitForTexts: while texts wait for a backend that answers nothing, heartbeats and health are answered, and what is
// too much is refused at once with the time to come back.
func TestAHeartbeatDoesNotWaitForTexts(t *testing.T) {
	r := newRig(t)
	url := r.listening(t)
	const places = 4
	let, began := make(chan struct{}), make(chan struct{}, places)
	r.deeds.set(func() {
		r.deeds.do = func(ctx context.Context, q act.Request) (act.Answer, error) {
			select {
			case began <- struct{}{}:
			default:
				return act.Answer{}, &act.BusyError{What: "topic.general", RetryAfter: time.Second}
			}
			select {
			case <-let:
			case <-ctx.Done():
			}
			return dimmed(q), ctx.Err()
		}
	})
	token := r.token("orac_stt")
	post := func(path, body string) (int, string) {
		req, err := http.NewRequest("POST", url+path, strings.NewReader(body))
		r.must(err)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	var waiting sync.WaitGroup
	for range places {
		waiting.Go(func() {
			if code, text := post("/v1/generate", `{"prompt":"x"}`); code != 200 || !strings.Contains(text, `"success"`) {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	for range 1000 { // until all places are taken; the deadline of the test is the bound
		if len(began) == places {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if code, text := post("/v1/topics/heartbeat", goodBeat); code != 200 {
		t.Errorf("a heartbeat: %d %s", code, text)
	}
	code, text := post("/v1/generate", `{"prompt":"x"}`)
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(text), &p); err != nil || code != 503 || p.Code != "queue-full" {
		t.Errorf("one more: %d %s", code, text)
	}
	close(let)
	waiting.Wait()
}

// task runs f as a task of the live driver.
func task(t *testing.T, f func(*rt.Task) error) (err error) {
	t.Helper()
	_ = live.New(nil).Run(t.Context(), "test", func(t *rt.Task) error { err = f(t); return nil })
	return err
}

// TestOurOwnClient speaks to the server as it does to an ORAC Core: texts and heartbeats, with the token of its account, and by its
// address. What was not done is no reason to send it again.
func TestOurOwnClient(t *testing.T) {
	for name, legacy := range map[string]bool{"an account": false, "a legacy peer": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var tokens wire.Tokens
			if legacy {
				r.rb.Peers[0].From = "127.0.0.1"
			} else {
				made, err := account.New(account.Config{Name: "orac_stt", Secret: language.NewSecret(secret), Permissions: []string{Results, Status}, Issuer: "orac", Audience: Audience, Lifetime: 15 * time.Minute})
				r.must(err)
				tokens = made
			}
			url := r.listening(t)
			core, err := notify.NewCore(notify.CoreConfig{URL: url, Tokens: tokens})
			r.must(err)
			command := notify.Command{ID: "evt-1", Topic: "general", Text: "turn the kitchen lights to half", Language: "en", Wake: time.Now(), End: time.Now(), Start: time.Now(), Done: time.Now()}
			say := func() error {
				return task(t, func(k *rt.Task) error {
					return core.Generate(k, command, func(*rt.Task) error { return nil })
				})
			}
			r.must(say())
			if q, n := r.deeds.last(); n != 1 || q.Text != command.Text || !strings.HasSuffix(q.ID, "evt-1") || q.Said.IsZero() {
				t.Errorf("%d, %+v", n, q)
			}
			r.must(task(t, func(k *rt.Task) error {
				return core.Topics(k, notify.TopicsBeat{InstanceID: "house", Upstream: "hey_orac", At: time.Now(), Topics: []notify.ActiveTopic{{Name: "general", WakeWord: "hey jarvis"}}})
			}))
			if len(r.deeds.beats) != 1 || r.deeds.beats[0].Topics[0].WakeWord != "hey jarvis" {
				t.Errorf("%+v", r.deeds.beats)
			}
			for cause, kind := range map[error]wire.Kind{
				&act.BusyError{RetryAfter: time.Second}:         wire.Busy,
				&act.TopicError{Topic: "general", Off: !legacy}: map[bool]wire.Kind{true: wire.Unreachable, false: wire.Refused}[legacy],
				&act.ExpiredError{Age: time.Minute}:             wire.Refused,
			} {
				r.deeds.set(func() {
					r.deeds.do = func(context.Context, act.Request) (act.Answer, error) { return act.Answer{}, cause }
				})
				if e, ok := say().(*wire.Error); !ok || e.Kind != kind {
					t.Errorf("%v: %+v", cause, e)
				}
			}
			if legacy {
				return
			}
			r.deeds.set(func() {
				r.deeds.do = func(context.Context, act.Request) (act.Answer, error) { return act.Answer{}, nil }
			})
			if err := say(); err != nil {
				t.Errorf("a text that was not understood is sent again: %v", err)
			}
		})
	}
}

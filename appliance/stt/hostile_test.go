package stt

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/stttest"
)

const (
	ok200   = "HTTP/1.1 200 OK\r\n"
	chunked = ok200 + "Transfer-Encoding: chunked\r\n\r\n"
)

// bomb is 8 MiB of an answer, packed.
func bomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, `{"text":"`)
	for zeros := make([]byte, 1<<20); b.Len() < 8<<10; {
		_, _ = z.Write(zeros)
	}
	z.Close()
	return b.String()
}

// answerOf is the answer of a service whose fields are these.
func answerOf(fields string) stttest.Act {
	return stttest.Says(stttest.Body(`{"text":"lights on",` + fields + `}`))
}

// hostilities are what a service can do to any client that sends it a request and expects a transcription in JSON.
func hostilities() map[string]stttest.Act {
	return map[string]stttest.Act{
		"redirect to another host":  stttest.Says("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere.example/hush\r\nContent-Length: 0\r\n\r\n"),
		"redirect to a file":        stttest.Says("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
		"redirect to itself":        stttest.Says("HTTP/1.1 308 Permanent Redirect\r\nLocation: /stt/v1/stream/x\r\nContent-Length: 0\r\n\r\n"),
		"redirect to a terminal":    stttest.Says("HTTP/1.1 301 Moved\r\nLocation: http://\x1b[2J/\r\nContent-Length: 0\r\n\r\n"),
		"switching protocols":       stttest.Holds("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
		"switching, and a flood":    stttest.Floods("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "x"),
		"100 for ever":              stttest.Floods("", "HTTP/1.1 100 Continue\r\n\r\n"),
		"103 for ever":              stttest.Floods("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
		"102 again and again":       stttest.Drips("", "HTTP/1.1 102 Processing\r\n\r\n"),
		"status 000":                stttest.Says("HTTP/1.1 000 X\r\n\r\n"),
		"status 999":                stttest.Says("HTTP/1.1 999 \x1b[31m\r\nContent-Length: 0\r\n\r\n"),
		"204":                       stttest.Says("HTTP/1.1 204 No Content\r\n\r\n"),
		"206":                       stttest.Says("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}"),
		"no HTTP":                   stttest.Says("SSH-2.0-\x1b]0;x\x07 hush\r\n"),
		"HTTP/2":                    stttest.Holds("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80"),
		"nothing":                   stttest.Says(""),
		"silence":                   stttest.Holds(""),
		"half a status line":        stttest.Holds("HTTP/1.1 2"),
		"a byte now and then":       stttest.Drips("", "H"),
		"header for ever":           stttest.Floods(ok200, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"),
		"header without end":        stttest.Floods(ok200+"X: ", "y"),
		"header byte by byte":       stttest.Drips(ok200+"X: ", "y"),
		"header that is none":       stttest.Says(ok200 + "\x1b[31m Bearer hush\x07\r\n\r\n"),
		"header name and escape":    stttest.Says(ok200 + "a\x1b[31m: hush\r\n\r\n{}"),
		"two lengths":               stttest.Says(ok200 + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
		"negative length":           stttest.Says(ok200 + "Content-Length: -1\r\n\r\n{}"),
		"huge length":               stttest.Says(ok200 + "Content-Length: 99999999999999999999\r\n\r\n{}"),
		"length that does not come": stttest.Says(ok200 + "Content-Length: 1000\r\n\r\n" + stttest.GoodAnswer),
		"held back":                 stttest.Holds(ok200 + "Content-Length: 1000\r\n\r\n" + stttest.GoodAnswer),
		"body for ever":             stttest.Floods(ok200+"\r\n", "x"),
		"100 MB of text":            stttest.Floods(ok200+"Content-Length: 104857600\r\n\r\n{\"text\":\"", "x"),
		"chunks for ever":           stttest.Floods(chunked, "4\r\nxxxx\r\n"),
		"chunks byte by byte":       stttest.Drips(chunked, "1\r\nx\r\n"),
		"chunk of any size":         stttest.Says(chunked + "ffffffffffffffff\r\nx"),
		"chunk extension":           stttest.Floods(chunked+"1;", "x"),
		"trailers for ever":         stttest.Floods(chunked+"0\r\n", "X: y\r\n"),
		"unknown coding":            stttest.Says(ok200 + "Transfer-Encoding: gzip\r\n\r\nxx"),
		"compressed bomb":           stttest.Says(stttest.Body(bomb(), "Content-Encoding: gzip")),
		"401 for ever":              stttest.Floods("HTTP/1.1 401 Unauthorized\r\n\r\n", "Bearer hush "),
		"500 that says the token":   stttest.Says("HTTP/1.1 500 X\r\nContent-Length: 25\r\n\r\nBearer hush \x1b[31m\u202e\x00 hush"),
		"503 and a long wait":       stttest.Says("HTTP/1.1 503 X\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n"),
		"deep JSON":                 stttest.Says(stttest.Body(strings.Repeat("[", 60000))),
		"deep JSON in a field":      stttest.Says(stttest.Body(`{"text":` + strings.Repeat(`{"text":`, 8000))),
		"many keys":                 stttest.Says(stttest.Body(`{` + strings.Repeat(`"text":1,`, 7000) + `"text":2}`)),
		"no text":                   stttest.Says(stttest.Body(`{"confidence":1}`)),
		"null":                      stttest.Says(stttest.Body(`null`)),
		"a list":                    stttest.Says(stttest.Body(`["lights on"]`)),
		"text of another kind":      stttest.Says(stttest.Body(`{"text":{"a":1}}`)),
		"many digits":               answerOf(`"duration":` + strings.Repeat("9", 60000)),
		"a negative duration":       answerOf(`"duration":-1`),
		"an endless duration":       answerOf(`"duration":1e300`),
		"an error in escapes":       stttest.Says(stttest.Body(`{"error":"\u001b[31mhush\u0000\u202e"}`)),
		"two answers in one":        stttest.Says(stttest.Body(stttest.GoodAnswer + stttest.GoodAnswer)),
		"a failure in the text":     stttest.Says(stttest.Body(`{"text":"[Transcription FAILED: hush \u001b]0;x\u0007"}`)),
	}
}

// TestAHostileServiceOverHTTP: whatever comes, the call ends in time with an error that is fit to be shown and holds no secret; memory
// stays bounded; the utterance is to be tried again; and the next one is delivered by the same client.
func TestAHostileServiceOverHTTP(t *testing.T) {
	cases := hostilities()
	maps.Copy(cases, map[string]stttest.Act{
		"a huge number":         answerOf(`"confidence":1e999`),
		"an endless processing": answerOf(`"processing_time":86401`),
	})
	together(t, cases, hostile(func(t *testing.T, url string) Client {
		return newOrac(t, OracConfig{URL: url, Timeout: patience, Token: secret("hush")})
	}))
}

// hostile tries a client on one hostility.
func hostile(client func(t *testing.T, url string) Client) func(*testing.T, string, *stttest.Foe) Client {
	return func(t *testing.T, _ string, p *stttest.Foe) Client {
		c := client(t, p.URL())
		began := time.Now()
		before := allocated()
		got, err := asked(t, c)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if grown := allocated() - before; grown > 64<<20 {
			t.Errorf("it took %d MiB", grown>>20) // the cases beside it are counted, too
		}
		wantHeld(t, got, err, Unreachable, Timeout, Protocol, Engine, Busy, Unauthorised)
		return c
	}
}

// alone is do without its look at what is left: other cases run beside. What a group of cases leaves is looked at when it has ended.
func alone[T any](t *testing.T, f func(*rt.Task) (T, error)) (out T, err error) {
	_ = live.New(nil).Run(t.Context(), "test", func(t *rt.Task) error {
		out, err = f(t)
		return nil
	})
	return out, err
}

func asked(t *testing.T, o Client) (Result, error) {
	return alone(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, said, voice(16000)) })
}

// together runs cases all at once, however few processors there are: they wait for time to pass. Then the client of each delivers an
// utterance to the same service, which is good by now.
func together(t *testing.T, cases map[string]stttest.Act, try func(t *testing.T, name string, p *stttest.Foe) Client) {
	nothingIsLeft(t)
	var all sync.WaitGroup
	var after sync.Map
	var foes []*stttest.Foe
	for name, bad := range cases {
		p := stttest.Hostile(t, bad)
		foes = append(foes, p)
		all.Go(func() { t.Run(name, func(t *testing.T) { after.Store(name, try(t, name, p)) }) })
	}
	all.Wait()
	for _, p := range foes {
		p.Behave()
	}
	after.Range(func(name, o any) bool {
		got, err := asked(t, o.(Client))
		for n := 0; n < 5 && timedOut(err); n++ { // of this machine, which may be busy; the spool would try again, too
			got, err = asked(t, o.(Client))
		}
		if err != nil || got.Text != "lights on" {
			t.Errorf("%s: the next one: %+v, %v", name, got, err)
		}
		return true
	})
}

func timedOut(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Kind == Timeout
}

func nothingIsLeft(t *testing.T) {
	t.Cleanup(func() { _, _ = do(t, func(*rt.Task) (int, error) { return 0, nil }) })
}

// allocated is how many bytes of the heap live.
func allocated() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// wantHeld checks that an error keeps the utterance, is short, one line of plain text, and without the token.
func wantHeld(t *testing.T, got Result, err error, kinds ...Kind) {
	t.Helper()
	if got != (Result{}) {
		t.Errorf("a result beside the error: %+v", got)
	}
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("%v is no *Error", err)
	}
	known := false
	for _, k := range kinds {
		known = known || e.Kind == k
	}
	if !known || RetryOf(err) == GiveUp || e.RetryAfter > 10*time.Minute {
		t.Errorf("kind %v, %v, again after %v", e.Kind, RetryOf(err), e.RetryAfter)
	}
	text := err.Error()
	if len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}) {
		t.Errorf("unfit to be shown (%d bytes): %.300q", len(text), text)
	}
	if strings.Contains(text, "hush") {
		t.Errorf("the token shows: %.300q", text)
	}
}

// TestATranscriptIsClean: what a service says is text in one line when it is stored and shown, whatever it holds.
func TestATranscriptIsClean(t *testing.T) {
	for in, want := range map[string]string{
		`"lights\u0000 on"`:                       "lights  on",
		`"\u001b[31mlights\u001b[0m"`:             "[31mlights [0m",
		`"\u009b31mlights"`:                       "31mlights",
		`"lights\r\nno"`:                          "lights  no",
		`"a\u202ecod.exe\u2066b"`:                 "a cod.exe b",
		`"a\u2028b\u2029c"`:                       "a b c",
		"\"a\xff\xfeb\"":                          "a\ufffd\ufffdb",
		`"\ud800 lone"`:                           "\ufffd lone",
		`"a\u0007"`:                               "a",
		`"</script><svg onload=alert(1)>{{7*7}}"`: "</script><svg onload=alert(1)>{{7*7}}",
	} {
		r, err := parseResult([]byte(`{"text":` + in + `,"language":` + in + `,"confidence":-7,"duration":2}`))
		if err != nil || r.Text != want || r.Language != want || r.Confidence != 0 {
			t.Errorf("%s: %q %q %v, %v", in, r.Text, r.Language, r.Confidence, err)
		}
	}
	if r, err := parseResult([]byte(`{"text":"a","language":"` + strings.Repeat("e", 10000) + `","confidence":1e300}`)); err != nil || len(r.Language) > 100 || r.Confidence != 1 {
		t.Errorf("a language of %d bytes, confidence %v, %v", len(r.Language), r.Confidence, err)
	}
}

// frame is a WebSocket frame as a server sends it (RFC 6455, 5.2): first byte, and payload.
func frame(first byte, payload string) string {
	switch n := len(payload); {
	case n < 126:
		return string([]byte{first, byte(n)}) + payload
	case n < 1<<16:
		return string([]byte{first, 126, byte(n >> 8), byte(n)}) + payload
	default:
		return string([]byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + payload
	}
}

// upgraded is an act on a WebSocket.
func upgraded(bad stttest.Act) stttest.Act {
	return func(c net.Conn, r *bufio.Reader, req *http.Request) {
		sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		taken, took := io.Pipe()
		go func() { // frames of the client
			_, err := io.Copy(io.Discard, r)
			took.CloseWithError(err)
		}()
		bad(c, bufio.NewReader(taken), req)
	}
}

const (
	fin    = 0x80
	text   = 1
	raw    = 2
	closes = 8
	ping   = 9
	pong   = 10
)

// TestAHostileServiceOverWebSocket: as over HTTP. What Stream does not deliver goes by Transcribe.
func TestAHostileServiceOverWebSocket(t *testing.T) {
	good := frame(fin|text, `{"type":"transcription","text":"x","duration":1}`)
	cases := map[string]stttest.Act{
		"pings for ever":              stttest.Floods("", frame(fin|ping, "hush")),
		"pongs for ever":              stttest.Floods("", frame(fin|pong, "hush")),
		"pings now and then":          stttest.Drips("", frame(fin|ping, "")),
		"a ping too long":             stttest.Holds(frame(fin|ping, strings.Repeat("x", 126))),
		"a ping in pieces":            stttest.Holds(frame(ping, "x")),
		"our pings for ever":          stttest.Floods("", frame(fin|text, `{"type":"ping"}`)),
		"messages for ever":           stttest.Floods("", frame(fin|text, `{"type":"partial","text":"x"}`)),
		"interim texts for ever":      stttest.Floods("", frame(fin|text, `{"type":"transcription","is_final":false,"text":"x"}`)),
		"a close that says the token": stttest.Says(frame(fin|closes, "\x0f\xa0Bearer hush\x1b[31m")),
		"a close with a bad code":     stttest.Says(frame(fin|closes, "\x00\x01x")),
		"a close of one byte":         stttest.Says(frame(fin|closes, "x")),
		"a close that is no text":     stttest.Says(frame(fin|closes, "\x03\xe8\xff\xfe")),
		"a close too long":            stttest.Says(frame(fin|closes, "\x03\xe8"+strings.Repeat("x", 200))),
		"a good close":                stttest.Says(frame(fin|closes, "\x03\xe8")),
		"no close":                    stttest.Says(""),
		"silence":                     stttest.Holds(""),
		"half a frame":                stttest.Holds("\x81"),
		"a frame byte by byte":        stttest.Drips("\x81\x7e\xff\xff", "x"),
		"pieces without end":          stttest.Floods(frame(text, "x"), frame(0, "x")),
		"empty pieces without end":    stttest.Floods(frame(text, ""), frame(0, "")),
		"a piece of nothing":          stttest.Holds(frame(fin, "x")),
		"a text within a text":        stttest.Holds(frame(text, "{") + frame(fin|text, "}")),
		"reserved bits":               stttest.Holds(frame(fin|0x70|text, "{}")),
		"compressed":                  stttest.Holds(frame(fin|0x40|text, "\xaa\x56\x2a\xa9\x2c\x48\x55\xb2\x52\x50\x2a\x49\xad\x28\x01\x00")),
		"an unknown opcode":           stttest.Holds(frame(fin|3, "x")),
		"masked":                      stttest.Holds("\x81\x82\x01\x02\x03\x04ab"),
		"63 bits of length":           stttest.Floods("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "x"),
		"64 bits of length":           stttest.Holds("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
		"a long way to write 1":       stttest.Holds("\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"),
		"1 MiB":                       stttest.Says(frame(fin|text, strings.Repeat("x", 1<<20))),
		"binary":                      stttest.Says(frame(fin|raw, stttest.GoodAnswer)),
		"no JSON":                     stttest.Says(frame(fin|text, "\x1b[31mhush")),
		"no UTF-8":                    stttest.Says(frame(fin|text, "\"\xff\xfe\"")),
		"deep JSON":                   stttest.Says(frame(fin|text, strings.Repeat("[", 60000))),
		"a huge number":               stttest.Says(frame(fin|text, `{"type":"transcription","text":"x","confidence":1e999}`)),
		"many digits":                 stttest.Says(frame(fin|text, `{"type":"transcription","text":"x","duration":`+strings.Repeat("9", 60000)+`}`)),
		"an error in escapes":         stttest.Says(frame(fin|text, `{"type":"error","error":"hush\u001b[31m\u202e"}`)),
		"an error without words":      stttest.Says(frame(fin|text, `{"type":"error"}`)),
		"an early answer":             stttest.Holds(good),
		"an answer and a flood":       stttest.Floods(good, good),
	}
	for name, bad := range cases {
		cases[name] = upgraded(bad)
	}
	together(t, cases, func(t *testing.T, name string, p *stttest.Foe) Client {
		o := newOrac(t, OracConfig{URL: p.URL(), Timeout: patience, Token: secret("hush")})
		began := time.Now()
		got, err := alone(t, func(task *rt.Task) (Result, error) {
			m := rt.NewMailbox[Chunk]("chunks", 32)
			for n := range 10 {
				m.Push(task, chunk(voice(12800)[n*1280:(n+1)*1280]))
			}
			if !strings.Contains(name, "early") && !strings.Contains(name, "answer and") {
				m.Close(task)
			}
			return o.Stream(task, said, m)
		})
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		wantHeld(t, got, err, Unreachable, Timeout, Protocol, Engine, Busy)
		return o
	})
}

// TestAHostileUpgrade: what answers the request for a WebSocket is no better than any other answer.
func TestAHostileUpgrade(t *testing.T) {
	const switches = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	together(t, map[string]stttest.Act{
		"another accept":          stttest.Holds(switches + "Sec-WebSocket-Accept: hush\x1b[31m\r\n\r\n"),
		"another accept, a flood": stttest.Floods(switches+"Sec-WebSocket-Accept: x\r\n\r\n", "hush"),
		"no accept":               stttest.Holds(switches + "\r\n"),
		"another protocol":        stttest.Holds("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: hush\r\n\r\n"),
		"an extension":            stttest.Holds(switches + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
		"200":                     stttest.Holds("HTTP/1.1 200 OK\r\n\r\nhush"),
		"redirect":                stttest.Says("HTTP/1.1 307 X\r\nLocation: http://elsewhere.example/hush\r\nContent-Length: 0\r\n\r\n"),
		"redirect to itself":      stttest.Says("HTTP/1.1 307 X\r\nLocation: /stt/v1/ws/stream/x\r\nContent-Length: 0\r\n\r\n"),
		"401 for ever":            stttest.Floods("HTTP/1.1 401 X\r\n\r\n", "Bearer hush "),
		"103 for ever":            stttest.Floods("", "HTTP/1.1 103 X\r\n\r\n"),
		"header for ever":         stttest.Floods(switches, "X: y\r\n"),
		"silence":                 stttest.Holds(""),
	}, func(t *testing.T, name string, p *stttest.Foe) Client {
		o := newOrac(t, OracConfig{URL: p.URL(), Timeout: patience, Token: secret("hush")})
		began := time.Now()
		got, err := alone(t, func(task *rt.Task) (Result, error) { return o.Stream(task, said, chunksOf(task, voice(12800))) })
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		wantHeld(t, got, err, Unreachable, Timeout, Protocol, Unauthorised)
		if n := p.Asked(); n > 1 {
			t.Errorf("it was asked %d times", n)
		}
		return o
	})
}

// TestNobodyElseIsAsked: wherever a service points, only its own address is ever connected to, and the token goes to no other.
func TestNobodyElseIsAsked(t *testing.T) {
	other := stttest.Hostile(t, nil)
	for _, code := range []int{301, 302, 303, 307, 308} {
		answer := stttest.Says(fmt.Sprintf("HTTP/1.1 %d X\r\nLocation: %s/stt/v1/stream/x\r\nContent-Length: 0\r\n\r\n", code, other.URL()))
		o := newOrac(t, OracConfig{URL: stttest.Hostile(t, answer).URL(), Timeout: DefaultTimeout, Token: secret("hush")})
		_, err := asked(t, o)
		wantError(t, err, Unreachable, code, RetryForever, "redirects are not followed")
		o = newOrac(t, OracConfig{URL: stttest.Hostile(t, answer).URL(), Timeout: DefaultTimeout, Token: secret("hush")})
		if _, err := streamAll(t, o, voice(12800)); err == nil {
			t.Errorf("%d: the stream was followed", code)
		}
		o = newOrac(t, OracConfig{URL: stttest.Hostile(t, answer).URL(), Timeout: DefaultTimeout, Token: secret("hush")})
		if _, err := do(t, o.Health); err == nil {
			t.Errorf("%d: the question for health was followed", code)
		}
	}
	if n := other.Asked(); n != 0 {
		t.Errorf("the other was connected to %d times", n)
	}
}

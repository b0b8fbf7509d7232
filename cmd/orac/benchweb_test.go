package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/status"
	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

// These benchmarks put the web server of the real binary under load while a real capture process listens to a microphone.
// What is asked for of time is only reported: it is the machine's, too. A hop that was lost, a request that failed, or a guess
// that was let in fails them.

const annasPassword = "correct horse battery"

// loadTime is how long a load lasts; ORAC_BENCH_TIME is another one, for trying.
func loadTime(b *testing.B, usual time.Duration) time.Duration {
	text := os.Getenv("ORAC_BENCH_TIME")
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		b.Fatalf("ORAC_BENCH_TIME=%s: it wants a duration of at least 1s", text)
	}
	return d
}

// kitchen is a running appliance beside a load: it hears, and its console is served on loopback.
type kitchen struct {
	b       *testing.B
	daemon  *daemon
	pids    []int // daemon and capture process
	address string
	token   string
}

// newKitchen starts it. The limits are those that a person writes into the runbook who expects such a load.
func newKitchen(b *testing.B) *kitchen {
	audio, err := pulsetest.Start()
	testkit.Must(b, err)
	b.Cleanup(audio.Close)
	_, err = audio.Plug("testmic", "Test microphone")
	testkit.Must(b, err)
	dir, address := b.TempDir(), freeAddress(b)
	text := kitchenRunbook(stttest.Start(b).URL()) + fmt.Sprintf(`
web {
  listen = %q
  limits {
    max_connections = 500
    admin           = 1000000
    per_address     = 1000000
  }
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, address)
	testkit.Must(b, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	command(b, dir, annasPassword+"\n", "user", "add", "anna", "--role", "admin")
	k := &kitchen{b: b, address: address, daemon: start(b, dir, text, audio.Env())}
	k.daemon.kind("listening")
	k.pids = []int{k.daemon.cmd.Process.Pid, child(b, k.daemon.cmd.Process.Pid)}
	awaitServed(b, "http://"+address) // on a busy machine, sound is heard first
	k.token = k.logIn()
	time.Sleep(4 * time.Second) // until what only the start needs is given back
	return k
}

// logIn gives a token, as every program gets one.
func (k *kitchen) logIn() string {
	k.b.Helper()
	body := fmt.Sprintf(`{"username":"anna","password":%q}`, annasPassword)
	res, err := http.Post("http://"+k.address+"/api/auth/login", "application/json", strings.NewReader(body))
	testkit.Must(k.b, err)
	defer res.Body.Close()
	var in struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&in); err != nil || in.Token == "" {
		k.b.Fatalf("anna cannot log in: %s, %v", res.Status, err)
	}
	return in.Token
}

// get asks in anna's name; the answer is to be closed.
func (k *kitchen) get(path string) *http.Response {
	k.b.Helper()
	req, err := http.NewRequest("GET", "http://"+k.address+path, nil)
	testkit.Must(k.b, err)
	req.Header.Set("Authorization", "Bearer "+k.token)
	res, err := http.DefaultClient.Do(req)
	testkit.Must(k.b, err)
	if res.StatusCode != http.StatusOK {
		k.b.Fatalf("%s: %s", path, res.Status)
	}
	return res
}

func (k *kitchen) status() (s status.Status) {
	k.b.Helper()
	res := k.get("/api/status")
	defer res.Body.Close()
	testkit.Must(k.b, json.NewDecoder(res.Body).Decode(&s))
	return s
}

// cpu is the processor time that the appliance has taken so far, by process.
func (k *kitchen) cpu() (list []time.Duration) {
	k.b.Helper()
	for _, pid := range k.pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		testkit.Must(k.b, err)
		_, rest, _ := bytes.Cut(text, []byte(") "))
		fields := strings.Fields(string(rest))
		var user, system int64
		if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
			k.b.Fatal(err)
		}
		list = append(list, time.Duration(user+system)*10*time.Millisecond) // USER_HZ is 100 everywhere
	}
	return list
}

// resident is the memory in KiB: the least of some looks, since garbage comes and goes.
func (k *kitchen) resident() int {
	least := math.MaxInt
	for range 5 {
		least = min(least, resident(k.b, k.pids[0]))
		time.Sleep(100 * time.Millisecond)
	}
	return least
}

// hears is what was heard while something happened.
type meanwhile struct {
	took    time.Duration // of the clock
	cpu     time.Duration // of the appliance
	hops    int
	gap     time.Duration // the longest between two hops; 80 ms would be perfect
	scored  time.Duration // from a hop to its score: 99 of 100 are faster
	slowest time.Duration
}

// during watches the microphone while something happens. It fails when any sound was lost, wherever.
func (k *kitchen) during(what func()) (h meanwhile) {
	k.b.Helper()
	before, events := k.status(), k.get("/api/events?kinds=level,score")
	defer events.Body.Close()
	type moment struct {
		At   time.Time
		Kind string
	}
	heard := make(chan moment, 1<<16)
	go func() { // ends with the stream
		defer close(heard)
		for lines := bufio.NewScanner(events.Body); lines.Scan(); {
			var m moment
			if text, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok && json.Unmarshal(text, &m) == nil {
				heard <- m
			}
		}
	}()
	cpu, began := k.cpu(), time.Now()
	what()
	h.took = time.Since(began)
	for i, used := range k.cpu() {
		h.cpu += used - cpu[i]
	}
	time.Sleep(200 * time.Millisecond) // what was heard has been told
	events.Body.Close()
	var first, last time.Time
	var scores []time.Duration
	for m := range heard {
		switch {
		case m.Kind == "score" && !last.IsZero():
			scores = append(scores, m.At.Sub(last))
		case m.Kind == "level":
			if h.hops++; h.hops == 1 {
				first = m.At
			} else {
				h.gap = max(h.gap, m.At.Sub(last))
			}
			last = m.At
		}
	}
	if len(scores) == 0 {
		k.b.Fatal("nothing is heard")
	}
	slices.Sort(scores)
	h.scored, h.slowest = scores[len(scores)*99/100], scores[len(scores)-1]
	if want := int(last.Sub(first)/(80*time.Millisecond)) + 1; h.hops < want-2 {
		k.b.Errorf("%d hops were heard in the time of %d: here, or by an audio server that had no time on a busy machine", h.hops, want)
	}
	k.unharmed(before)
	return h
}

// unharmed fails if anything was dropped or restarted since.
func (k *kitchen) unharmed(before status.Status) {
	k.b.Helper()
	after := k.status()
	for i, n := range after.Nodes {
		if was := before.Nodes[i]; n.Dropped != was.Dropped || n.Restarts != was.Restarts || n.Generation != was.Generation {
			k.b.Errorf("%s has dropped %d and was started %d times again", n.Address, n.Dropped-was.Dropped, n.Restarts-was.Restarts)
		}
	}
	if after.Incident != nil {
		k.b.Errorf("an incident: %+v", *after.Incident)
	}
	for {
		select {
		case e := <-k.daemon.events:
			if e.Kind == "overrun" || e.Kind == "device_lost" || e.Kind == "node_failed" {
				k.b.Errorf("%+v", e)
			}
		default:
			return
		}
	}
}

func (k *kitchen) report(h meanwhile) {
	k.b.ReportMetric(0, "ns/op")
	k.b.ReportMetric(0, "hops-lost") // else it has failed
	k.b.ReportMetric(ms(h.gap), "ms-hop-gap-max")
	k.b.ReportMetric(ms(h.scored), "ms-hop-to-score-p99")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percent of one core.
func percent(cpu, of time.Duration) float64 { return 100 * float64(cpu) / float64(of) }

// flat is what memory may be larger at the end of a minute than after a sixth of it, in KiB: the program's own pages are read
// from its file when they are first needed, too.
const flat = 4 << 10

// BenchmarkRequests: 1000 requests a second of /api/status for a minute. p99 under 20 ms is asked for, and that memory stays.
func BenchmarkRequests(b *testing.B) {
	k, length := newKitchen(b), loadTime(b, time.Minute)
	early := length / 6
	for b.Loop() {
		quiet := k.during(func() { time.Sleep(min(length, 10*time.Second)) })
		var got tally
		var first, last int
		h := k.during(func() {
			end := (crowd{Kind: "requests", Address: k.address, Token: k.token, Size: 16, Rate: 1000, For: length}).start(b)
			began := time.Now()
			time.Sleep(early)
			first = k.resident()
			time.Sleep(time.Until(began.Add(length - time.Second)))
			last = k.resident()
			got = end()
		})
		if got.Failed > 0 {
			b.Errorf("%d requests failed: %s", got.Failed, got.Why)
		}
		if grown := last - first; length >= time.Minute && grown > flat {
			b.Errorf("memory has grown by %d KiB", grown)
		}
		own := h.cpu - time.Duration(float64(quiet.cpu)*float64(h.took)/float64(quiet.took))
		b.ReportMetric(float64(got.Done)/got.Took.Seconds(), "req/s")
		b.ReportMetric(ms(got.P50), "ms-p50")
		b.ReportMetric(ms(got.P99), "ms-p99")
		b.ReportMetric(ms(got.P999), "ms-p99.9")
		b.ReportMetric(ms(got.Max), "ms-max")
		b.ReportMetric(float64(own.Microseconds())/float64(max(1, got.Done)), "us-CPU/req")
		b.ReportMetric(percent(h.cpu, h.took), "%core-appliance")
		b.ReportMetric(percent(quiet.cpu, quiet.took), "%core-appliance-quiet")
		b.ReportMetric(percent(got.CPU, h.took), "%core-asking")
		b.ReportMetric(float64(last)/1024, "MB-resident")
		b.ReportMetric(float64(last-first)/1024, "MB-grown")
		b.ReportMetric(ms(quiet.scored), "ms-hop-to-score-p99-quiet")
		k.report(h)
	}
	k.daemon.stop()
}

// BenchmarkStreams: 100 streams of what each hop is like, which is two events 12.5 times a second for each. Under 10 % of a core
// is asked for, beyond what the appliance takes without them.
func BenchmarkStreams(b *testing.B) {
	k, length := newKitchen(b), loadTime(b, 20*time.Second)
	for _, kind := range []string{"streams", "sockets"} {
		b.Run(kind, func(b *testing.B) {
			k.b = b
			for b.Loop() {
				before := k.during(func() { time.Sleep(length) })
				var got tally
				h := k.during(func() {
					got = (crowd{Kind: kind, Address: k.address, Token: k.token, Size: 100, For: length}).run(b)
				})
				after := k.during(func() { time.Sleep(length) })
				if got.Failed > 0 {
					b.Errorf("%d streams failed: %s", got.Failed, got.Why)
				}
				if want := int(length.Seconds() * 2 * 12.5 * 0.97); got.Least < want {
					b.Errorf("a stream had %d events, and should have had %d", got.Least, want)
				}
				without := (percent(before.cpu, before.took) + percent(after.cpu, after.took)) / 2
				b.ReportMetric(float64(got.Events)/float64(got.Done)/length.Seconds(), "events/s/stream")
				b.ReportMetric(percent(h.cpu, h.took)-without, "%core")
				b.ReportMetric(without, "%core-without")
				k.report(h)
			}
		})
	}
	k.b = b
	k.daemon.stop()
}

// BenchmarkLogins: 200 wrong logins side by side, again and again, from as many addresses. The user who has logged in from
// another address before gets in meanwhile.
func BenchmarkLogins(b *testing.B) {
	k, length := newKitchen(b), loadTime(b, 20*time.Second)
	for b.Loop() {
		quiet := k.resident()
		var first, last int
		var got tally
		var in time.Duration
		h := k.during(func() {
			end := (crowd{Kind: "logins", Address: k.address, Size: 200, For: length}).start(b)
			time.Sleep(length / 4)
			began := time.Now()
			k.logIn()
			in, first = time.Since(began), k.resident()
			time.Sleep(time.Until(began.Add(length*3/4 - time.Second)))
			last = k.resident()
			got = end()
		})
		if got.Failed > 0 || got.Untold > 0 {
			b.Errorf("%d guesses failed: %s; %d were told to wait, but not how long", got.Failed, got.Why, got.Untold)
		}
		if length >= 10*time.Second && got.MaxWait <= 2 {
			b.Errorf("nobody was told to wait longer than %d s: the delay does not grow", got.MaxWait)
		}
		b.ReportMetric(float64(got.Done), "guesses")
		b.ReportMetric(float64(got.Looked), "compared")
		b.ReportMetric(float64(got.Refused), "told-to-wait")
		b.ReportMetric(float64(got.MaxWait), "s-longest-wait")
		b.ReportMetric(ms(in), "ms-to-let-anna-in")
		b.ReportMetric(percent(h.cpu, h.took), "%core-appliance")
		b.ReportMetric(float64(first-quiet)/1024, "MB-taken")
		b.ReportMetric(float64(last-first)/1024, "MB-grown")
		k.report(h)
	}
	k.daemon.stop()
}

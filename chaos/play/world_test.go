package play

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/chaos"
	"orac/chaos/process"
	"orac/runbook"
	"orac/runbook/scenario"
)

func TestDiskFaults(t *testing.T) {
	w, a := world(t)
	fine := disk(t, a, "fine")
	for _, c := range []struct {
		scenario.Fault
		want string
	}{
		{scenario.Fault{Kind: scenario.DiskFull}, fmt.Sprint(int(syscall.ENOSPC))},
		{scenario.Fault{Kind: scenario.DiskError}, fmt.Sprint(int(syscall.EIO))},
		{scenario.Fault{Kind: scenario.DiskReadOnly}, fmt.Sprint(int(syscall.EROFS))},
		{scenario.Fault{Kind: scenario.DiskSlow, Delay: 200 * time.Millisecond}, "slow"},
	} {
		t.Run(string(c.Kind), func(t *testing.T) { during(t, w, c.Fault, disk(t, a, c.want), fine) })
	}
}

func TestProcessFaults(t *testing.T) {
	w, a := world(t)
	still := func() error {
		mark := a.Mark()
		time.Sleep(300 * time.Millisecond)
		if n := len(a.Since(mark)); n > 1 {
			return fmt.Errorf("it said %d things in 300 ms", n)
		}
		return nil
	}
	// Before anything of the victim ends: a descriptor that it closes is one that it can open again.
	t.Run("descriptors", func(t *testing.T) {
		during(t, w, scenario.Fault{Kind: scenario.Descriptors}, disk(t, a, fmt.Sprint(int(syscall.EMFILE))), disk(t, a, "fine"))
	})
	t.Run("cpu_starve", func(t *testing.T) { during(t, w, scenario.Fault{Kind: scenario.CPUStarve}, still, disk(t, a, "fine")) })
	t.Run("memory_rise", func(t *testing.T) {
		before, err := a.Usage()
		if err != nil {
			t.Fatal(err)
		}
		grown := func() error {
			u, err := a.Usage()
			if err == nil && u.Resident-before.Resident < 192<<20 { // the victim itself may have shrunk meanwhile
				err = fmt.Errorf("it has grown by %d bytes", u.Resident-before.Resident)
			}
			return err
		}
		during(t, w, scenario.Fault{Kind: scenario.MemoryRise, Size: 256 << 20}, grown, disk(t, a, "fine"))
		if _, err := rise(w, occurrence{Fault: scenario.Fault{Size: 100 << 30}}); err == nil {
			t.Error("100 GiB were to be taken of the machine")
		}
	})
	t.Run("memory_leak", func(t *testing.T) {
		before, err := a.Usage()
		if err != nil {
			t.Fatal(err)
		}
		grown := func() error {
			u, err := a.Usage()
			if err == nil && u.Resident-before.Resident < 15<<20 {
				err = fmt.Errorf("it has grown by %d bytes", u.Resident-before.Resident)
			}
			return err
		}
		during(t, w, scenario.Fault{Kind: scenario.MemoryLeak, Size: 600 << 20}, grown, disk(t, a, "fine"))
	})
	t.Run("worker_trash", func(t *testing.T) {
		mark := a.Mark()
		b := fault(t, w, scenario.Fault{Kind: scenario.WorkerTrash})
		if err := b.apply(); err != nil {
			t.Fatal(err)
		}
		if err := tells(t.Context(), a, mark, 5*time.Second, "piped "); err != nil {
			t.Error(err)
		}
	})
	t.Run("worker_stop", func(t *testing.T) {
		p, err := a.Worker()
		if err != nil {
			t.Fatal(err)
		}
		stopped := func() error {
			if !p.Stopped() {
				return errors.New("it runs")
			}
			return nil
		}
		// At the end of the run it is not left behind.
		during(t, w, scenario.Fault{Kind: scenario.WorkerStop}, stopped, func() error {
			if p.Alive() {
				return errors.New("it is left")
			}
			return nil
		})
		if _, err := strike(w, occurrence{Fault: scenario.Fault{Kind: scenario.WorkerKill, Target: "usb"}}); !errors.Is(err, chaos.ErrNoWorker) {
			t.Errorf("without a capture process: %v", err)
		}
	})
	t.Run("kill", func(t *testing.T) {
		down := func() error {
			if _, err := w.Running(); !errors.Is(err, errDown) {
				return fmt.Errorf("it runs: %v", err)
			}
			return nil
		}
		during(t, w, scenario.Fault{Kind: scenario.Kill}, down, func() error { _, err := w.Running(); return err })
		if w.booted() != 2 {
			t.Errorf("it was started %d times", w.booted())
		}
	})
	t.Run("out_of_memory", func(t *testing.T) {
		was, err := w.Running()
		if err != nil {
			t.Fatal(err)
		}
		if err := tells(t.Context(), was, 0, 5*time.Second, "disk "); err != nil {
			t.Fatal(err)
		}
		during(t, w, scenario.Fault{Kind: scenario.OutOfMemory}, func() error {
			e := was.Last(1)[0]
			if end, ended := e.Body.(chaos.Ended); !ended || !strings.Contains(end.How, "killed") {
				return fmt.Errorf("%v", e)
			}
			return nil
		}, func() error { _, err := w.Running(); return err })
		if w.booted() != 3 {
			t.Errorf("it was started %d times", w.booted())
		}
	})
}

func TestAudioFaults(t *testing.T) {
	w, _ := world(t)
	mic := w.mics["usb"].mic
	index := func() (string, error) {
		w.pulse.Lock()
		defer w.pulse.Unlock()
		return mic.Index()
	}
	was, err := index()
	if err != nil {
		t.Fatal(err)
	}
	gone := func() error {
		if i, err := index(); err == nil {
			return fmt.Errorf("it is there, with index %s", i)
		}
		return nil
	}
	back := func() error { _, err := index(); return err }
	t.Run("unplug", func(t *testing.T) {
		during(t, w, scenario.Fault{Kind: scenario.Unplug, Other: true}, func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			if _, err := w.other.Index(); err != nil {
				return err
			}
			if _, err := mic.Index(); err == nil {
				return errors.New("it is there")
			}
			return nil
		}, func() error {
			is, err := index()
			if err == nil && is == was {
				err = fmt.Errorf("it has the index %s as before", is)
			}
			return err
		})
	})
	t.Run("suspended", func(t *testing.T) {
		state := func(want string) func() error {
			return func() error {
				w.pulse.Lock()
				defer w.pulse.Unlock()
				list, err := w.audio.Control("list", "short", "sources")
				if err == nil && !strings.Contains(list, want) {
					err = fmt.Errorf("no source is %s:\n%s", want, list)
				}
				return err
			}
		}
		during(t, w, scenario.Fault{Kind: scenario.Suspended}, state("SUSPENDED"), back)
	})
	t.Run("audio_down", func(t *testing.T) { during(t, w, scenario.Fault{Kind: scenario.AudioDown}, gone, back) })
	t.Run("open_hangs", func(t *testing.T) {
		p, err := process.Of(w.audio.PID())
		if err != nil {
			t.Fatal(err)
		}
		during(t, w, scenario.Fault{Kind: scenario.OpenHangs}, func() error {
			if !p.Stopped() {
				return errors.New("the audio server runs")
			}
			return nil
		}, back)
	})
}

func TestServiceFaults(t *testing.T) {
	w, _ := world(t)
	ask := func(s *service, path string) func() (int, time.Duration, error) {
		return func() (int, time.Duration, error) {
			client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			began := time.Now()
			resp, err := client.Post("http://"+s.proxy.Address()+path, "application/json", strings.NewReader("{}"))
			if err != nil {
				return 0, time.Since(began), err
			}
			return resp.StatusCode, time.Since(began), resp.Body.Close()
		}
	}
	webhook := ask(w.services["webhook.light"], "/webhook")
	heartbeat := ask(w.services["heartbeat.whisper"], "/stt/v1/heartbeat")
	transcribe := ask(w.services["stt.whisper"], "/stt/v1/stream/general")
	code := func(f func() (int, time.Duration, error), want int) func() error {
		return func() error {
			if got, _, err := f(); got != want {
				return fmt.Errorf("%d, %v; want %d", got, err, want)
			}
			return nil
		}
	}
	const noFile = http.StatusUnprocessableEntity // what a server that is well says of these requests
	during(t, w, scenario.Fault{Kind: scenario.WebhookDown}, code(webhook, 0), code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.WebhookRefused}, code(webhook, http.StatusUnauthorized), code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.WebhookGone}, code(webhook, http.StatusGone), code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.WebhookPoison, Way: "refuse"}, code(webhook, http.StatusBadRequest), code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.WebhookSlow, Delay: 300 * time.Millisecond}, func() error {
		if got, took, err := webhook(); err != nil || got != http.StatusOK || took < 300*time.Millisecond {
			return fmt.Errorf("%d after %v, %v", got, took, err)
		}
		return nil
	}, code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.HeartbeatDown}, code(heartbeat, 0), code(heartbeat, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTDown}, code(transcribe, 0), code(transcribe, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTCut}, code(transcribe, 0), code(transcribe, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTUnauthorized}, code(transcribe, http.StatusUnauthorized), code(transcribe, noFile))
	service, err := stt.NewOrac(stt.OracConfig{URL: "http://" + w.services["stt.whisper"].proxy.Address(), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	streams := func(on bool) func() error { // as the appliance's own client sees it
		return func() error {
			var h stt.Health
			var refused error
			err := live.New(nil).Run(t.Context(), "client", func(t *rt.Task) (err error) {
				if h, err = service.Health(t); err != nil {
					return err
				}
				chunks := rt.NewMailbox[stt.Chunk]("chunks", 1)
				chunks.Push(t, stt.Chunk{N: 1280})
				chunks.Close(t)
				_, refused = service.Stream(t, stt.Utterance{ID: "u", Topic: "general"}, chunks)
				return nil
			})
			e, _ := errors.AsType[*stt.Error](refused)
			if err != nil || h.Streaming == nil || *h.Streaming != on || on != (refused == nil) || e != nil && e.Status != http.StatusForbidden {
				return fmt.Errorf("health %+v, %v; the stream: %v", h, err, refused)
			}
			return nil
		}
	}
	during(t, w, scenario.Fault{Kind: scenario.STTNoStream}, streams(false), streams(true))
	// Of two at once the one that is left still holds when the other is over.
	lies, refuses := fault(t, w, scenario.Fault{Kind: scenario.STTLies}), fault(t, w, scenario.Fault{Kind: scenario.STTUnauthorized})
	if err := errors.Join(refuses.apply(), lies.apply(), lies.undo()); err != nil {
		t.Fatal(err)
	}
	if err := code(transcribe, http.StatusUnauthorized)(); err != nil {
		t.Errorf("after the other: %v", err)
	}
	if err := refuses.undo(); err != nil {
		t.Fatal(err)
	}
	if err := code(transcribe, noFile)(); err != nil {
		t.Error(err)
	}
	if err := w.supported(occurrence{Fault: scenario.Fault{Kind: scenario.STTDown, Target: "local"}}); err == nil {
		t.Error("a program was to refuse connections")
	}
	if err := w.supported(occurrence{Fault: scenario.Fault{Kind: scenario.STTDown, Target: "../../etc"}}); err == nil {
		t.Error("a service that is not there was to break")
	}
}

// TestFaultsOfAHouse: a home and a language model break, and are well again.
func TestFaultsOfAHouse(t *testing.T) {
	w, _ := world(t)
	ask := func(address runbook.Address, path, body string) func() (int, time.Duration) {
		return func() (int, time.Duration) {
			client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			r, err := http.NewRequest(http.MethodPost, "http://"+w.services[address].proxy.Address()+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+secretText)
			began := time.Now()
			answer, err := client.Do(r)
			if err != nil {
				return 0, time.Since(began)
			}
			answer.Body.Close()
			return answer.StatusCode, time.Since(began)
		}
	}
	home := ask("backend.home", "/api/services/light/turn_on", `{"entity_id":"light.lamp1"}`)
	model := ask("language_model.qwen", "/v1/chat/completions", `{"model":"qwen3","messages":[{"role":"user","content":"\"hello\""}]}`)
	code := func(f func() (int, time.Duration), want int, least time.Duration) func() error {
		return func() error {
			if got, took := f(); got != want || took < least {
				return fmt.Errorf("%d after %v; want %d", got, took, want)
			}
			return nil
		}
	}
	done := func(want int) func() error { // how much the home has done since it was asked last
		return func() error {
			s := w.services["backend.home"]
			home()
			list, calls, err := s.house.Deeds(s.calls)
			if s.calls = calls; err == nil && len(list) != want {
				err = fmt.Errorf("it has done %d things", len(list))
			}
			return err
		}
	}
	during(t, w, scenario.Fault{Kind: scenario.BackendDown}, code(home, 0, 0), code(home, http.StatusOK, 0))
	during(t, w, scenario.Fault{Kind: scenario.BackendUnauthorized}, code(home, http.StatusUnauthorized, 0), code(home, http.StatusOK, 0))
	during(t, w, scenario.Fault{Kind: scenario.BackendSlow, Delay: 300 * time.Millisecond}, code(home, http.StatusOK, 300*time.Millisecond), code(home, http.StatusOK, 0))
	_ = done(0)() // what was done so far
	during(t, w, scenario.Fault{Kind: scenario.BackendEnds}, code(home, 0, 0), done(2))
	during(t, w, scenario.Fault{Kind: scenario.BackendStuck}, done(0), done(1))
	during(t, w, scenario.Fault{Kind: scenario.ModelDown}, code(model, 0, 0), code(model, http.StatusOK, 0))
	during(t, w, scenario.Fault{Kind: scenario.ModelSlow, Delay: 300 * time.Millisecond}, code(model, http.StatusOK, 300*time.Millisecond), code(model, http.StatusOK, 0))
	during(t, w, scenario.Fault{Kind: scenario.ModelHangs}, code(model, 0, time.Second), code(model, http.StatusOK, 0))
	during(t, w, scenario.Fault{Kind: scenario.ModelTrash}, code(model, http.StatusOK, 0), code(model, http.StatusOK, 0))
}

// TestTheNetworkIsTakenAway: what listens in a network of its own is reached from there alone, and not while its link is down.
func TestTheNetworkIsTakenAway(t *testing.T) {
	if err := separable(); err != nil {
		t.Skip(err)
	}
	w, err := build(t.Context(), parse(t, kitchen, "fault \"net_down\" \"x\" {\n  at = \"1s\"\n}\n"), Options{Binary: "/proc/self/exe", Tools: "/proc/self/exe", Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	address := w.services["stt.whisper"].proxy.Address()
	dial := func() error {
		return w.network.within(func() error {
			c, err := net.DialTimeout("tcp4", address, time.Second)
			if err != nil {
				return err
			}
			return c.Close()
		})
	}
	if err := dial(); err != nil {
		t.Errorf("from inside: %v", err)
	}
	if c, err := net.DialTimeout("tcp4", address, time.Second); err == nil {
		t.Errorf("from outside: %v", c.Close())
	}
	during(t, w, scenario.Fault{Kind: scenario.NetDown}, func() error {
		if dial() == nil {
			return errors.New("it is reached")
		}
		return nil
	}, dial)
}

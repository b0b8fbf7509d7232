package wyoming

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/models/wake"
	"orac/runbook"
)

// rig is a service with a modelled engine and modelled networks.
type rig struct {
	port     string
	settings *rt.Cell[node.WyomingConfig]
	refused  atomic.Int64
	engines  atomic.Int64 // that work at this moment
	networks atomic.Int64 // that are open
	end      func()
}

// serve runs a service until the test ends.
func serve(t *testing.T, c node.WyomingConfig) *rig {
	t.Helper()
	r := &rig{settings: rt.NewCell(c)}
	release := make(chan struct{}, 100)
	o := Options{
		Log:     slog.New(slog.DiscardHandler),
		Refused: func(runbook.Address, netip.Addr, string) { r.refused.Add(1) },
		Transcribe: func(ctx context.Context, engine runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error) {
			if len(pcm) > pieceMost || engine != "stt.local" || u.ID == "" {
				t.Errorf("%s was given %d samples of %q", engine, len(pcm), u.ID)
			}
			r.engines.Add(1)
			defer r.engines.Add(-1)
			switch pcm[0] {
			case 2000:
				return stt.Result{}, errors.New("it is broken")
			case 3000:
				select {
				case <-release:
				case <-ctx.Done():
					return stt.Result{}, ctx.Err()
				}
			case 4000:
				release <- struct{}{}
			}
			return stt.Result{Text: fmt.Sprintf("%.1f s", float64(len(pcm))/16000)}, nil
		},
	}
	ports := make(chan string, 1)
	o.Listen = func(string) (net.Listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			ports <- strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		}
		return l, err
	}
	c.Extractor = func() (node.Extractor, error) { r.networks.Add(1); return &hearsFirst{r: r}, nil }
	c.Head = func(model string) (node.Classifier, error) {
		r.networks.Add(1)
		return &firesAt{r: r, value: map[string]float32{"alpha": 1000, "beta": 2000}[model]}, nil
	}
	r.settings = rt.NewCell(c)
	door, err := o.Door(c.Block.Address, "unused")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- live.New(nil).Run(ctx, "door", func(k *rt.Task) error {
			return door.Serve(k, r.settings.Get, func() {}, func(event.Body) {})
		})
	}()
	r.port = <-ports
	r.end = func() {
		cancel()
		if err := <-ended; !errors.Is(err, rt.ErrStopped) && !errors.Is(err, context.Canceled) {
			t.Errorf("the service ended with %v", err)
		}
		ended <- rt.ErrStopped
	}
	t.Cleanup(func() {
		r.end()
		if r.engines.Load() != 0 || r.networks.Load() != 0 {
			t.Errorf("%d engines and %d networks are left behind", r.engines.Load(), r.networks.Load())
		}
	})
	return r
}

// hearsFirst is an extractor whose embedding is the first sample of a hop.
type hearsFirst struct{ r *rig }

func (*hearsFirst) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	out[0] = float32(pcm[0])
	return nil
}
func (*hearsFirst) Reset() error   { return nil }
func (h *hearsFirst) Close() error { h.r.networks.Add(-1); return nil }

// firesAt is a head that fires at one value.
type firesAt struct {
	r     *rig
	value float32
}

func (f *firesAt) Push(embedding *[96]float32) ([]float32, bool, error) {
	if embedding[0] == f.value {
		return []float32{0.9}, false, nil
	}
	return []float32{0.1}, false, nil
}
func (*firesAt) Reset()         {}
func (f *firesAt) Close() error { f.r.networks.Add(-1); return nil }

func config(serve string) node.WyomingConfig {
	return node.WyomingConfig{
		Block: runbook.Wyoming{
			Address: "wyoming.test", Name: "test", Serve: serve, Engine: "stt.local", MaxConnections: 64, PerAddress: 64, MaxStreams: 16,
			Idle: time.Minute, MaxSound: 30 * time.Second, MaxBytes: 6 << 20,
		},
		Appliance: "kitchen", Language: "en",
		Words: []node.ServedWord{
			{Model: wake.Model{Name: "alpha", Threshold: 0.5, Cooldown: 2 * time.Second, Classes: 1}, WakeWord: "hey alpha"},
			{Model: wake.Model{Name: "beta", Threshold: 0.5, Cooldown: 2 * time.Second, Classes: 1}},
		},
	}
}

// node runs a suite of the independent client.
func nodeClient(t *testing.T, suite, port string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "node", "testdata/"+suite+".mjs", port).CombinedOutput()
	if err != nil || strings.Contains(string(out), "FAIL") || !strings.Contains(string(out), "ok ") {
		t.Errorf("%v\n%s", err, out)
	}
}

package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/stt/stttest"
)

// echo is a service that says back what it hears, until the client ends.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func start(t *testing.T, seed uint64, target string) *Proxy {
	t.Helper()
	p, err := Listen(seed, func() string { return target })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

var text = []byte(strings.Repeat("0123456789", 200))

// talk sends text, ends its side, and gives what came back.
func talk(t *testing.T, p *Proxy, most time.Duration) (got []byte, took time.Duration, err error) {
	t.Helper()
	began := time.Now()
	c, err := net.DialTimeout("tcp4", p.Address(), most)
	if err != nil {
		return nil, time.Since(began), err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(most))
	if _, err := c.Write(text); err != nil {
		return nil, time.Since(began), err
	}
	_ = c.(*net.TCPConn).CloseWrite() // there is nothing to end after a reset
	got, err = io.ReadAll(c)
	return got, time.Since(began), err
}

func TestModes(t *testing.T) {
	const delay = 200 * time.Millisecond
	for _, c := range []struct {
		how   Behaviour
		whole bool                             // the answer is all of the text
		fits  func([]byte, time.Duration) bool // the answer and how long it took
		err   error
	}{
		{Behaviour{}, true, nil, nil},
		{Behaviour{Mode: Down}, false, nil, syscall.ECONNREFUSED},
		{Behaviour{Mode: Slow, Delay: delay}, true, func(_ []byte, d time.Duration) bool { return d >= delay }, nil},
		{Behaviour{Mode: Reset}, false, nil, syscall.ECONNRESET},
		{Behaviour{Mode: Truncate}, false, func(b []byte, _ time.Duration) bool { return len(b) < 400 && bytes.HasPrefix(text, b) }, nil},
		{Behaviour{Mode: Corrupt}, false, func(b []byte, _ time.Duration) bool { return len(b) == len(text) }, nil},
		{Behaviour{Mode: BlackHole}, false, func(b []byte, _ time.Duration) bool { return len(b) == 0 }, os.ErrDeadlineExceeded},
	} {
		t.Run(string("mode "+c.how.Mode), func(t *testing.T) {
			p := start(t, 7, echo(t))
			most := 10 * time.Second
			if c.how.Mode == BlackHole {
				most = 300 * time.Millisecond
			}
			if err := p.Set(c.how); err != nil {
				t.Fatal(err)
			}
			got, took, err := talk(t, p, most)
			if c.err == nil && err != nil || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("%v; want %v", err, c.err)
			}
			if bytes.Equal(got, text) != c.whole || c.fits != nil && !c.fits(got, took) {
				t.Errorf("%d bytes after %v", len(got), took)
			}
			// Undone, it passes everything on, at the same address.
			if err := p.Set(Behaviour{}); err != nil {
				t.Fatal(err)
			}
			if got, _, err := talk(t, p, 10*time.Second); err != nil || !bytes.Equal(got, text) {
				t.Errorf("afterwards: %d bytes, %v", len(got), err)
			}
		})
	}
}

// TestConnectionsThatThereAre go wrong as well.
func TestConnectionsThatThereAre(t *testing.T) {
	for mode, want := range map[Mode]error{Down: syscall.ECONNRESET, Reset: syscall.ECONNRESET, Truncate: io.EOF, BlackHole: os.ErrDeadlineExceeded} {
		p := start(t, 1, echo(t))
		c, err := net.Dial("tcp4", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		if err := p.Set(Behaviour{Mode: mode}); err != nil {
			t.Fatal(err)
		}
		if mode == BlackHole {
			_ = c.SetDeadline(time.Now().Add(200 * time.Millisecond))
		}
		_, broken := c.Write(text) // whoever is first told of a reset has it to himself
		_, err = io.ReadFull(c, make([]byte, len(text)))
		if err := errors.Join(broken, err); !errors.Is(err, want) && !(want == io.EOF && errors.Is(err, io.ErrUnexpectedEOF)) {
			t.Errorf("%s: %v; want %v", mode, err, want)
		}
	}
}

// TestTheSeedDecides: the same seed breaks the same connections in the same way, another one in another.
func TestTheSeedDecides(t *testing.T) {
	target := echo(t)
	run := func(seed uint64, mode Mode) (all [][]byte) {
		p := start(t, seed, target)
		if err := p.Set(Behaviour{Mode: mode}); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			got, _, err := talk(t, p, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got)
		}
		return all
	}
	for _, mode := range []Mode{Truncate, Corrupt} {
		a, b, c := run(1, mode), run(1, mode), run(2, mode)
		for i := range a {
			if !bytes.Equal(a[i], b[i]) {
				t.Errorf("%s: connection %d differs with the same seed", mode, i)
			}
		}
		same := true
		for i := range a {
			same = same && bytes.Equal(a[i], c[i])
		}
		if same || bytes.Equal(a[0], a[1]) {
			t.Errorf("%s: the seed decides nothing", mode)
		}
	}
}

// TestThePortStaysItsOwn: while the proxy is down, nobody else can take its port.
func TestThePortStaysItsOwn(t *testing.T) {
	p := start(t, 1, echo(t))
	if err := p.Set(Behaviour{Mode: Down}); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	_, port, err := net.SplitHostPort(p.Address())
	if err != nil {
		t.Fatal(err)
	}
	number, err := net.LookupPort("tcp4", port)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("its port could be taken: %v", err)
	}
}

// TestHTTPAndWebSocketPass: both protocols of the service work through a proxy, and fail when it does.
func TestHTTPAndWebSocketPass(t *testing.T) {
	s := stttest.Start(t)
	p := start(t, 3, s.Address())
	ask := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address()+"/stt/v1/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return err
	}
	stream := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c, _, err := websocket.Dial(ctx, "ws://"+p.Address()+"/stt/v1/ws/stream/general", nil)
		if err != nil {
			return err
		}
		defer c.CloseNow()
		for range 4 {
			if err := c.Write(ctx, websocket.MessageBinary, make([]byte, 2560)); err != nil {
				return err
			}
		}
		if err := c.Write(ctx, websocket.MessageText, []byte(`{"type":"end"}`)); err != nil {
			return err
		}
		_, _, err = c.Read(ctx)
		return err
	}
	for what, do := range map[string]func() error{"HTTP": ask, "WebSocket": stream} {
		if err := errors.Join(p.Set(Behaviour{}), do()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, mode := range []Mode{Down, Reset, Truncate} {
			if err := p.Set(Behaviour{Mode: mode, Most: 100}); err != nil {
				t.Fatal(err)
			}
			if err := do(); err == nil {
				t.Errorf("%s, %s: no error", what, mode)
			}
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	p := start(t, 1, echo(t))
	c, err := net.Dial("tcp4", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := p.Set(Behaviour{Mode: BlackHole}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still there: %v", err)
	}
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// crowd is what a process of its own asks of a running appliance, so that what the asking costs is not taken for what the
// answering does. It costs little: blocking sockets and HTTP written by hand.
type crowd struct {
	Kind    string // requests, streams, sockets, logins
	Address string
	Token   string
	Size    int           // connections, or who tries to log in
	Rate    int           // of requests a second, over all connections
	For     time.Duration // of the load
}

// tally is what became of it.
type tally struct {
	Done, Failed   int
	Why            string // the first failure
	P50, P99, P999 time.Duration
	Max            time.Duration
	Took           time.Duration // from the first to the last
	CPU            time.Duration // of this process
	Events         int           // of all streams
	Least, Most    int           // of one stream
	Looked         int           // passwords that were compared
	Refused        int           // logins that were told to wait
	Untold         int           // of these, without Retry-After
	MaxWait        int           // of Retry-After, in seconds
}

// crowdEnv makes the test binary a crowd.
const crowdEnv = "ORAC_TEST_CROWD"

// crowdMain is main in the process of a crowd.
func crowdMain() int {
	var c crowd
	if err := json.Unmarshal([]byte(os.Getenv(crowdEnv)), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s := &score{}
	switch c.Kind {
	case "requests":
		c.requests(s)
	case "streams", "sockets":
		c.streams(s)
	case "logins":
		c.logins(s)
	}
	t := s.tally
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil {
		t.CPU = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	if n := len(s.took); n > 0 {
		slices.Sort(s.took)
		at := func(permille int) time.Duration { return s.took[min(n-1, n*permille/1000)] }
		t.P50, t.P99, t.P999, t.Max = at(500), at(990), at(999), s.took[n-1]
	}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		return 1
	}
	return 0
}

// run is the crowd in a process of its own; it ends with the crowd.
func (c crowd) run(t testing.TB) tally { return c.start(t)() }

// start begins it; what it gives waits for its end.
func (c crowd) start(t testing.TB) (end func() tally) {
	t.Helper()
	self, err := os.Executable()
	testkit.Must(t, err)
	what, err := json.Marshal(c)
	testkit.Must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), crowdEnv+"="+string(what))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	testkit.Must(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return func() (got tally) {
		t.Helper()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("the crowd of %s: %v: %s", c.Kind, err, problems.String())
		}
		testkit.Must(t, json.Unmarshal(out.Bytes(), &got))
		return got
	}
}

// score gathers the tally of all connections.
type score struct {
	mu    sync.Mutex // guards everything that follows
	tally tally
	took  []time.Duration
}

func (s *score) failed(n int, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tally.Failed += n; s.tally.Why == "" {
		s.tally.Why = why.Error()
	}
}

// requests asks for /api/status at fixed times, whether earlier ones were answered or not: how long a request takes counts
// from when it was due, so that an appliance which stops for a moment cannot hide those that were waiting.
func (c crowd) requests(s *score) {
	every, total := time.Second/time.Duration(c.Rate), int(c.For.Seconds()*float64(c.Rate))
	text := []byte("GET /api/status HTTP/1.1\r\nHost: " + c.Address + "\r\nAuthorization: Bearer " + c.Token + "\r\n\r\n")
	start := time.Now().Add(200 * time.Millisecond) // when all are connected
	var all sync.WaitGroup
	for n := range c.Size {
		all.Go(func() {
			runtime.LockOSThread()
			took := make([]time.Duration, 0, total/c.Size+1)
			defer func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.took = append(s.took, took...)
				s.tally.Done += len(took)
				s.tally.Took = max(s.tally.Took, time.Since(start))
			}()
			line, err := dial(c.Address)
			if err != nil {
				s.failed((total-n+c.Size-1)/c.Size, err)
				return
			}
			defer line.Close()
			for i := n; i < total; i += c.Size {
				due := start.Add(time.Duration(i) * every)
				sleepUntil(due)
				if err := line.ask(text); err != nil {
					s.failed((total-i+c.Size-1)/c.Size, err)
					return
				}
				took = append(took, time.Since(due))
			}
		})
	}
	all.Wait()
}

// line is a connection by blocking system calls: nothing stands between the answer and the clock.
type line struct {
	f   *os.File
	fd  int
	buf []byte
}

func dial(address string) (*line, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	f, err := conn.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	l := &line{f: f, fd: int(f.Fd()), buf: make([]byte, 64<<10)}
	patience := syscall.NsecToTimeval(int64(10 * time.Second))
	return l, errors.Join(syscall.SetNonblock(l.fd, false), syscall.SetsockoptTimeval(l.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience))
}

func (l *line) Close() { _ = l.f.Close() }

// ask sends a request and reads its answer, which has to be a success with the status of the kitchen.
func (l *line) ask(text []byte) error {
	if _, err := syscall.Write(l.fd, text); err != nil {
		return err
	}
	have, whole := 0, 0
	for whole == 0 || have < whole {
		n, err := syscall.Read(l.fd, l.buf[have:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return fmt.Errorf("after %d bytes: %w", have, cmpErr(err, io.ErrUnexpectedEOF))
		}
		have += n
		head := bytes.Index(l.buf[:have], []byte("\r\n\r\n"))
		if whole > 0 || head < 0 {
			continue
		}
		_, rest, ok := bytes.Cut(l.buf[:head+2], []byte("\r\nContent-Length: "))
		if !ok {
			return fmt.Errorf("an answer without its length: %.200q", l.buf[:have])
		}
		digits, _, _ := bytes.Cut(rest, []byte("\r"))
		length, err := strconv.Atoi(string(digits))
		if err != nil {
			return err
		}
		if whole = head + 4 + length; whole > len(l.buf) {
			return fmt.Errorf("an answer of %d bytes", whole)
		}
	}
	if !bytes.HasPrefix(l.buf, []byte("HTTP/1.1 200 ")) || !bytes.Contains(l.buf[:have], []byte(`"appliance":"kitchen"`)) {
		return fmt.Errorf("an answer: %.200q", l.buf[:have])
	}
	return nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func sleepUntil(due time.Time) {
	for {
		left := time.Until(due)
		if left <= 0 {
			return
		}
		pause := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&pause, nil) // a signal ends it early
	}
}

// streams follows the events of each hop with many connections, as SSE or as WebSockets, and counts them.
func (c crowd) streams(s *score) {
	head, mark := "Accept: text/event-stream\r\n", "event: "
	path := "/api/events"
	if c.Kind == "sockets" {
		path, mark = "/api/ws", `"kind":`
		head = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	}
	text := "GET " + path + "?kinds=level,score HTTP/1.1\r\nHost: " + c.Address + "\r\nAuthorization: Bearer " + c.Token + "\r\n" + head + "\r\n"
	var all sync.WaitGroup
	s.tally.Least = 1 << 30
	var open atomic.Int64
	for range c.Size {
		all.Go(func() {
			n, err := follow(c.Address, text, mark, c.For, &open, c.Size)
			if err != nil {
				s.failed(1, err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tally.Done++
			s.tally.Events += n
			s.tally.Least, s.tally.Most = min(s.tally.Least, n), max(s.tally.Most, n)
		})
	}
	all.Wait()
}

// follow counts events for a while, from when all have been let in.
func follow(address, text, mark string, for_ time.Duration, open *atomic.Int64, all int) (events int, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(for_ + 30*time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		return 0, err
	}
	r := bufio.NewReaderSize(conn, 8<<10)
	status, err := r.ReadString('\n')
	if err != nil || !strings.Contains(status, " 200 ") && !strings.Contains(status, " 101 ") {
		return 0, fmt.Errorf("a stream is not let in: %q %w", status, cmpErr(err, nil))
	}
	open.Add(1)
	buf, end := make([]byte, 8<<10), time.Time{}
	for {
		n, err := r.Read(buf)
		if err != nil {
			return events, fmt.Errorf("a stream ends: %w", err)
		}
		switch {
		case end.IsZero() && open.Load() == int64(all):
			end = time.Now().Add(for_)
		case !end.IsZero() && time.Now().After(end):
			return events, nil
		case !end.IsZero():
			// A mark that is cut by the end of a read is not counted: events are short, and come in one write.
			events += bytes.Count(buf[:n], []byte(mark))
		}
	}
}

// logins tries wrong passwords from as many addresses as there are guessers, half of them at a user that there is, as fast as
// somebody would who does not care for Retry-After.
func (c crowd) logins(s *score) {
	end := time.Now().Add(c.For)
	var all sync.WaitGroup
	for n := range c.Size {
		all.Go(func() {
			from := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+n/250), byte(2+n%250))}
			name := "anna"
			if n%2 == 1 {
				name = fmt.Sprint("nobody", n)
			}
			for first := true; first || time.Now().Before(end); first = false {
				status, wait, err := guess(c.Address, from, name)
				if err != nil {
					s.failed(1, err)
				} else {
					s.guessed(status, wait)
				}
				time.Sleep(500 * time.Millisecond)
			}
		})
	}
	all.Wait()
}

func (s *score) guessed(status, wait int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tally
	t.Done++
	switch status {
	case 401:
		t.Looked++
	case 429:
		if t.Refused++; wait == 0 {
			t.Untold++
		}
		t.MaxWait = max(t.MaxWait, wait)
	default:
		if t.Failed++; t.Why == "" {
			t.Why = fmt.Sprint("a guess is answered ", status)
		}
	}
}

// guess tries a wrong password on a connection of its own, and gives the status and Retry-After in seconds.
func guess(address string, from *net.TCPAddr, name string) (status, wait int, err error) {
	conn, err := (&net.Dialer{LocalAddr: from, Timeout: 10 * time.Second}).Dial("tcp", address)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	body := fmt.Sprintf(`{"username":%q,"password":"not this one"}`, name)
	if _, err := fmt.Fprintf(conn, "POST /api/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		address, len(body), body); err != nil {
		return 0, 0, err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status); err != nil {
		return 0, 0, fmt.Errorf("%w: %.100q", err, answer)
	}
	if _, rest, ok := strings.Cut(string(answer), "\r\nRetry-After: "); ok {
		_, _ = fmt.Sscan(rest, &wait) // 0 is told as a failure
	}
	return status, wait, nil
}

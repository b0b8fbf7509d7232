package api

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
)

// half is how many connections are opened side by side, and held as long as the server lets them.
const half = 10_000

// TestFloodOfAChild is no test by itself: it is the process that opens the connections, so that none of its descriptors are the
// server's. It says "open N" when it has opened them, and goes when its input ends.
func TestFloodOfAChild(t *testing.T) {
	address, text := os.Getenv("ORAC_TEST_FLOOD"), os.Getenv("ORAC_TEST_FLOOD_SAYS")
	if address == "" {
		return
	}
	limit := unix.Rlimit{Cur: half + 500, Max: half + 500}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		var now unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_NOFILE, &now) != nil || now.Cur < limit.Cur {
			t.Fatalf("%d descriptors are not to be had: %v", limit.Cur, err)
		}
	}
	begin := func(n int) (net.Conn, error) { // from many addresses of the machine, each of which has ports of its own
		d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%200))}}
		c, err := d.Dial("tcp", address)
		if err == nil && text != "" {
			_, err = io.WriteString(c, text)
		}
		return c, err
	}
	held, refused := make([]net.Conn, 0, half), 0
	for n := range half {
		c, err := begin(n)
		if err != nil {
			refused++ // cut off at once: it was opened all the same
			continue
		}
		held = append(held, c)
	}
	fmt.Printf("open %d\n", len(held)+refused)
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, c := range held {
		c.Close()
	}
}

// headTime is how long the server of this test waits for the head of a request.
const headTime = 5 * time.Second

// TestTenThousandHalfOpenConnections: another process opens them and says nothing, or half of a request, and leaves them open.
// Meanwhile who is logged in is answered, on the connection that is there and on new ones; an event stream goes on; and the
// server's descriptors and memory stay bounded.
func TestTenThousandHalfOpenConnections(t *testing.T) {
	for _, c := range []struct {
		name, says string
		patience   time.Duration // of somebody new who comes when all are open: less than what ends them anyway
	}{
		{"nothing", "", headTime / 2},
		{"half a head", "GET /api/status HTTP/1.1\r\nHost: x\r\nX-A: ", headTime / 2},
		{"a head without its body", "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", headTime},
	} {
		t.Run(c.name, func(t *testing.T) { flood(t, c.says, c.patience) })
	}
}

func flood(t *testing.T, says string, patience time.Duration) {
	const most = 50
	log.SetOutput(io.Discard) // the client of net/http says there of each refusal that it had asked for none
	defer log.SetOutput(os.Stderr)
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Limits.MaxConnections = most }, edge.Bounds{Head: headTime, Slow: time.Second})
	address := strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/")
	there := plain() // a browser that is there already, and asks now and then
	ask := func(c *http.Client) error {
		res, err := h.get(c, auth.Viewer, "/api/status")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		if res.StatusCode != 200 {
			err = fmt.Errorf("%d", res.StatusCode)
		}
		return err
	}
	h.must(ask(there))
	seldom, err := net.Dial("tcp", address) // and one that asks before and after
	h.must(err)
	defer seldom.Close()
	answers := bufio.NewReader(seldom)
	again := func() error {
		_, err := io.WriteString(seldom, "GET /api/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+h.tokens[auth.Viewer]+"\r\n\r\n")
		if err != nil {
			return err
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	h.must(again())
	stream, err := h.get(&http.Client{Transport: &http.Transport{}}, auth.Viewer, "/api/events")
	h.must(err)
	defer stream.Body.Close()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	files := descriptors(t)

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestFloodOfAChild$")
	child.Env = append(os.Environ(), "ORAC_TEST_FLOOD="+address, "ORAC_TEST_FLOOD_SAYS="+says)
	in, err := child.StdinPipe()
	h.must(err)
	out, err := child.StdoutPipe()
	h.must(err)
	h.must(child.Start())
	defer child.Wait() // it ends when its input does
	defer in.Close()
	opened := make(chan int, 1)
	go func() {
		defer close(opened)
		for r := bufio.NewScanner(out); r.Scan(); {
			if n, err := strconv.Atoi(strings.TrimPrefix(r.Text(), "open ")); err == nil {
				opened <- n
			}
		}
	}()
	asked, fresh, got, mostFiles, all := 0, 0, 0, 0, 0
	for done := false; !done; {
		select {
		case n, ok := <-opened:
			if !ok {
				t.Fatal("the flood has ended by itself")
			}
			all, done = n, true
		case <-time.After(20 * time.Millisecond):
		}
		asked++
		if err := ask(there); err != nil {
			t.Errorf("request %d of who was there already is not answered: %v", asked, err)
		}
		if asked%5 == 0 { // and of who comes now
			fresh++
			c := plain()
			if ask(c) == nil {
				got++
			}
			c.CloseIdleConnections()
		}
		mostFiles = max(mostFiles, descriptors(t))
	}
	if all != half {
		t.Errorf("%d connections were opened", all)
	}
	for start := time.Now(); ; { // with all of them there still
		c := plain()
		err := ask(c)
		c.CloseIdleConnections()
		if err == nil {
			got++
			break
		}
		if time.Since(start) > patience {
			t.Fatalf("nobody new gets in: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := again(); err != nil {
		t.Errorf("who was logged in has lost the connection: %v", err)
	}
	var after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	if mostFiles > files+most+20 {
		t.Errorf("%d descriptors, %d before", mostFiles, files)
	}
	h.server.o.Events.Publish(wakeEvent("w1"))
	line := ""
	for r := bufio.NewScanner(stream.Body); r.Scan() && !strings.HasPrefix(line, "data:"); {
		line = r.Text()
	}
	if !strings.Contains(line, `"w1"`) {
		t.Errorf("the stream was cut off: %q", line)
	}
	t.Logf("%d requests of who was there, all answered; of %d new connections beside the flood %d were; %d descriptors at most, %d before", asked, fresh+1, got, mostFiles, files)
}

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(list) == 0 {
		t.Fatal("descriptors cannot be counted", err)
	}
	return len(list)
}

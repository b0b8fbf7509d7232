package stttest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Act is what a peer does with a connection after it has read a request.
type Act func(c net.Conn, r *bufio.Reader, req *http.Request)

// Foe is a service that misbehaves until it is told to behave.
type Foe struct {
	address string
	bad     Act
	good    atomic.Bool
	asked   atomic.Int32 // connections
}

// GoodAnswer is its answer when it behaves.
const GoodAnswer = `{"text":"lights on","confidence":0.9,"language":"en","duration":2.0,"processing_time":0.1}`

// Hostile starts a service that misbehaves. With a nil bad it behaves.
func Hostile(t *testing.T, bad Act) *Foe {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Foe{address: l.Addr().String(), bad: bad}
	p.good.Store(bad == nil)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.asked.Add(1)
			go p.serve(c)
		}
	}()
	return p
}

// URL is its base address.
func (p *Foe) URL() string { return "http://" + p.address }

// Asked is how many connections were made so far.
func (p *Foe) Asked() int { return int(p.asked.Load()) }

// Behave makes it answer well from now on.
func (p *Foe) Behave() { p.good.Store(true) }

func (p *Foe) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // no test leaves it waiting
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		if !p.good.Load() {
			p.bad(c, r, req)
			_ = c.(*net.TCPConn).CloseWrite() // the answer arrives: no reset overtakes it
			_, _ = io.Copy(io.Discard, c)
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(GoodAnswer), GoodAnswer)
	}
}

// Says answers with these bytes, and then ends the connection.
func Says(text string) Act {
	return func(c net.Conn, _ *bufio.Reader, _ *http.Request) { _, _ = io.WriteString(c, text) }
}

// Holds sends a text, and then nothing more until the client leaves.
func Holds(text string) Act {
	return func(c net.Conn, r *bufio.Reader, _ *http.Request) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, r)
	}
}

// Floods sends a text, and then another again and again for as long as the client reads.
func Floods(head, again string) Act {
	return func(c net.Conn, _ *bufio.Reader, _ *http.Request) {
		_, err := io.WriteString(c, head)
		again := strings.Repeat(again, max(1, 4096/len(again)))
		for err == nil {
			_, err = io.WriteString(c, again)
		}
	}
}

// Drips is Floods, slowly.
func Drips(head, again string) Act {
	return func(c net.Conn, _ *bufio.Reader, _ *http.Request) {
		_, err := io.WriteString(c, head)
		for err == nil {
			time.Sleep(2 * time.Millisecond)
			_, err = io.WriteString(c, again)
		}
	}
}

// Body is an answer with status 200 and a body.
func Body(b string, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", strings.Join(append(headers, ""), "\r\n"), len(b), b)
}

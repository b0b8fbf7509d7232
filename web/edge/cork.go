package edge

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// Corked is a connection whose writes can be held back and sent as one: WebSocket messages that arrive together become one
// packet for the network and the reader.
type Corked struct {
	net.Conn
	mu   sync.Mutex // guards everything that follows, and is held during a write
	on   bool
	held []byte
}

// Hold makes writes wait for release.
func (c *Corked) Hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = true
}

// Release sends the held writes.
func (c *Corked) Release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = false
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	if c.held = c.held[:0]; cap(c.held) > maxHeld {
		c.held = nil
	}
	return err
}

// maxHeld is how large a buffer is kept for the next writes, in bytes.
const maxHeld = 8 << 10

// Write implements net.Conn.
func (c *Corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on {
		c.held = append(c.held, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// Corking is a writer whose hijacked connection is a corked one.
type Corking struct {
	http.ResponseWriter
	Conn *Corked
}

// Hijack implements http.Hijacker.
func (c *Corking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.Conn = &Corked{Conn: conn}
	rw.Writer = bufio.NewWriter(c.Conn)
	return c.Conn, rw, nil
}

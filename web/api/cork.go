package api

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// corked is a connection whose writes can be held back and sent as one: WebSocket messages that arrive together become one
// packet for the network and the reader.
type corked struct {
	net.Conn
	mu   sync.Mutex // guards everything that follows, and is held during a write
	on   bool
	held []byte
}

// hold makes writes wait for release.
func (c *corked) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = true
}

// release sends the held writes.
func (c *corked) release() error {
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
func (c *corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on {
		c.held = append(c.held, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// corking is a writer whose hijacked connection is a corked one.
type corking struct {
	http.ResponseWriter
	conn *corked
}

// Hijack implements http.Hijacker.
func (c *corking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.conn = &corked{Conn: conn}
	rw.Writer = bufio.NewWriter(c.conn)
	return c.conn, rw, nil
}

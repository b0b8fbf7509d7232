// Package proxy is a connection between two parties that fails as connections do: it is refused, late, reset in the middle,
// cut short, changed on the way, or silent.
//
// It works on the bytes of TCP, so HTTP and WebSocket fail alike. It listens only on loopback. A seed decides what goes wrong:
// the same seed breaks the n-th connection in the same way. It keeps its port while it is down, so that nobody else can be
// mistaken for the service.
package proxy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Mode is what a proxy does to connections.
type Mode string

// The modes. Bytes are those of the service's answers, unless stated otherwise.
const (
	Pass      Mode = ""           // changes nothing
	Down      Mode = "down"       // refuses connections, and resets the existing ones
	Slow      Mode = "slow"       // delays answers by Delay
	Reset     Mode = "reset"      // resets a connection after some bytes in either direction
	Truncate  Mode = "truncate"   // ends a connection gracefully after some bytes
	Corrupt   Mode = "corrupt"    // changes a byte every few bytes
	BlackHole Mode = "black hole" // accepts everything, passes nothing on, and says nothing
)

// Behaviour is a mode with its figures. The zero value passes everything on.
type Behaviour struct {
	Mode  Mode
	Delay time.Duration // of Slow
	// Most is the maximum number of bytes before Reset and Truncate strike, and between two changes of Corrupt: the
	// number is drawn from 1 to Most. 0 means 400.
	Most int
}

func (b Behaviour) most() int {
	if b.Most <= 0 {
		return 400
	}
	return b.Most
}

// Proxy stands in front of one service. Its methods are safe for concurrent use.
type Proxy struct {
	address string
	target  func() string
	seed    uint64
	within  func(func() error) error
	holder  int // a socket that is bound to the port and never listens

	mu       sync.Mutex // guards what follows
	listener net.Listener
	links    map[*link]bool
	how      Behaviour
	made     uint64 // connections so far
	closed   bool

	running sync.WaitGroup
}

// Listen starts a proxy on a free port of loopback. Target returns the address of the service, for each connection anew.
func Listen(seed uint64, target func() string) (*Proxy, error) {
	return ListenIn(seed, target, func(f func() error) error { return f() })
}

// ListenIn is like Listen, except that within creates the listening sockets, for example in a different network. The service
// is still reached from this network.
func ListenIn(seed uint64, target func() string, within func(func() error) error) (*Proxy, error) {
	p := &Proxy{target: target, seed: seed, links: map[*link]bool{}, holder: -1, within: within}
	if err := within(p.hold); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if err := p.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("proxy: %w", err), p.Close())
	}
	return p, nil
}

// hold reserves a port for the lifetime of the proxy. Two sockets may be bound to one port while only one of them listens.
func (p *Proxy) hold() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	p.holder = fd
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	p.address = fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	return nil
}

func (p *Proxy) listen() error {
	var l net.Listener
	err := p.within(func() (err error) {
		l, err = net.Listen("tcp4", p.address)
		return err
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			p.take(c.(*net.TCPConn))
		}
	})
	return nil
}

// Address returns host and port.
func (p *Proxy) Address() string { return p.address }

// Connections returns how many connections were accepted so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.made)
}

// Set changes what the proxy does, also to existing connections: Down resets them; Slow, Reset, Truncate and Corrupt begin with
// the next bytes; a connection that a BlackHole has swallowed stays silent for ever.
func (p *Proxy) Set(b Behaviour) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return errors.New("the proxy is closed")
	}
	p.how = b
	for l := range p.links {
		l.set(b)
	}
	l := p.listener
	if b.Mode == Down {
		p.listener = nil
	}
	p.mu.Unlock()
	switch {
	case b.Mode == Down && l != nil:
		return l.Close()
	case b.Mode != Down && l == nil:
		return p.listen()
	}
	return nil
}

// take starts to pass on a connection.
func (p *Proxy) take(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.how.Mode == Down {
		drop(client)
		return
	}
	p.made++
	l := &link{client: client, draw: rand.New(rand.NewPCG(p.seed, p.made)), dead: make(chan struct{}), changed: make(chan struct{})}
	l.set(p.how)
	p.links[l] = true
	p.running.Go(func() {
		l.run(p.target)
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	})
}

// Close ends the proxy and every connection, and waits until all have ended.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for l := range p.links {
		l.end(true)
	}
	l := p.listener
	p.listener = nil
	p.mu.Unlock()
	var err error
	if l != nil {
		err = l.Close()
	}
	p.running.Wait()
	if p.holder >= 0 {
		err = errors.Join(err, syscall.Close(p.holder))
		p.holder = -1
	}
	return err
}

// drop resets a connection.
func drop(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// Package proxy is a connection between two parties that goes wrong as connections do: refused, late, reset in the middle, cut
// short, changed on the way, or silent.
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

// The modes. Bytes are those of the service's answers, unless it says otherwise.
const (
	Pass      Mode = ""           // nothing
	Down      Mode = "down"       // refuses connections, and has reset those that there were
	Slow      Mode = "slow"       // answers come Delay later
	Reset     Mode = "reset"      // resets a connection after some bytes of either direction
	Truncate  Mode = "truncate"   // ends a connection in good order after some bytes
	Corrupt   Mode = "corrupt"    // changes a byte of every few
	BlackHole Mode = "black hole" // takes everything, passes nothing on, and says nothing
)

// Behaviour is a mode with its figures. The zero value passes everything on.
type Behaviour struct {
	Mode  Mode
	Delay time.Duration // of Slow
	// Most bytes pass before Reset and Truncate, and lie between two changes of Corrupt: 1 to Most, drawn. 0 is 400.
	Most int
}

func (b Behaviour) most() int {
	if b.Most <= 0 {
		return 400
	}
	return b.Most
}

// Proxy stands in front of one service. Its methods may be called from anywhere.
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

// Listen starts a proxy on a free port of loopback. Target gives the address of the service, for each connection anew.
func Listen(seed uint64, target func() string) (*Proxy, error) {
	return ListenIn(seed, target, func(f func() error) error { return f() })
}

// ListenIn is Listen with the sockets that listen made by within, such as in another network: the service is reached from this
// one all the same.
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

// hold takes a port for as long as the proxy is. Two sockets may be bound to one port while only one of them listens.
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

// Address is host and port.
func (p *Proxy) Address() string { return p.address }

// Connections is how many were taken so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.made)
}

// Set changes what the proxy does, to connections that there are as well: Down resets them, Slow, Reset, Truncate and Corrupt begin
// with the next bytes, and a connection that a BlackHole has swallowed stays silent for ever.
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

// take begins to pass a connection on.
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

// Close ends the proxy and every connection, and waits until they are over.
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

package edge

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"orac/runbook"
)

// Host is a server as the runbook declares it. It listens or not; it restarts if the declaration of where and how
// changes, and for no other change. It is outside the graph, and no failure of it affects what is heard.
type Host struct {
	// Of is what a runbook says about this server; nil: its web block.
	Of func(*runbook.Runbook) runbook.Web
	// Component is its address in checks and in the health of the appliance, and Title what people call it. Empty: those of the console.
	Component, Title string
	// StateDir is where a self-signed certificate is kept.
	StateDir string
	Log      *slog.Logger
	// Say tells the person at the terminal, line by line, where the server is.
	Say func(line string)
	// Opened is called when the server listens, with the address to open in a browser.
	Opened func(url string)
	// Members tells whether a runbook lets only members of the house connect; nil: it does not.
	Members func(*runbook.Runbook) bool
	// Admit says which members of the house may connect where only members may; nil: all.
	Admit Admit
	// Bounds are limits of connections.
	Bounds Bounds

	mu      sync.Mutex // guards everything that follows
	site    Site
	ctx     context.Context
	running *serving
	last    runbook.Web
	members bool // only members of the house may connect
	retry   *time.Timer
	failed  string   // why listening failed at the last try
	tried   bool     // whether listening was tried
	wanted  bool     // the runbook declares it
	later   []func() // calls of Say and Opened, for unlock
}

// unlock unlocks, and then tells others what happened: nobody is called under the lock.
func (h *Host) unlock() {
	later := h.later
	h.later = nil
	h.mu.Unlock()
	for _, f := range later {
		f()
	}
}

// Site is what a host serves. Its methods must be safe for concurrent use.
type Site interface {
	http.Handler
	// Use puts a runbook into force. It is called before the host listens as the runbook says.
	Use(rb *runbook.Runbook)
	// Rules returns the rules in force.
	Rules() *Rules
	// Accept returns why a runbook must not come into force; nil: it may.
	Accept(rb *runbook.Runbook) error
	// Opened is called when the host listens.
	Opened()
}

// Bounds are limits of connections. A zero field means the usual value.
type Bounds struct {
	Head  time.Duration // how long the head of a request may take
	Slow  time.Duration // how long an anonymous request may take before another connection may have its place
	Write time.Duration // how long an HTTP/2 connection may accept none of the bytes sent
}

// serving is a server that listens.
type serving struct {
	http   *http.Server
	conns  *conns
	listen string
	ended  chan struct{}
	cut    context.CancelFunc // ends the remaining streams
}

// Limits of a connection.
const (
	headerTime = 5 * time.Second
	idleTime   = 60 * time.Second
	maxHeader  = 16 << 10 // bytes
	goodbye    = 2 * time.Second
	listenWait = 2 * time.Second
)

// Run serves a site until ctx ends, first as the runbook that runs now says. Calling Use before Run has no effect.
func (h *Host) Run(ctx context.Context, s Site, runs func() *runbook.Runbook) {
	h.Begin(ctx, s)
	for rb := (*runbook.Runbook)(nil); rb != runs(); { // a change meanwhile may have been overtaken by this
		rb = runs()
		h.Use(rb)
	}
	<-ctx.Done()
	h.End()
}

// Begin lets Use serve a site, until End. It is Run for a caller who watches the runbook; ctx ends what outlives a request.
func (h *Host) Begin(ctx context.Context, s Site) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.site, h.ctx = s, ctx
}

// Begun tells whether it serves, or will.
func (h *Host) Begun() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ctx != nil
}

// End stops serving.
func (h *Host) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop()
	h.ctx = nil
}

func (h *Host) of(rb *runbook.Runbook) runbook.Web {
	if h.Of == nil {
		return rb.Web
	}
	return h.Of(rb)
}

func (h *Host) component() string { return cmp.Or(h.Component, "web") }
func (h *Host) title() string     { return cmp.Or(h.Title, "console") }

// Yield stops listening if a runbook wants the server elsewhere, or not at all, so that another may have its port.
func (h *Host) Yield(rb *runbook.Runbook) {
	w := h.of(rb)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running != nil && h.last.Listen != w.Listen {
		h.stop()
	}
}

// Listening returns where it listens; "" if it does not.
func (h *Host) Listening() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		return ""
	}
	return h.running.listen
}

// Use implements appliance.Beside.
func (h *Host) Use(rb *runbook.Runbook) {
	h.mu.Lock()
	s, runs := h.site, h.ctx != nil
	h.wanted = h.of(rb).Listen != ""
	h.mu.Unlock()
	if !runs {
		return
	}
	s.Use(rb)
	h.mu.Lock()
	defer h.unlock()
	if h.ctx != nil {
		h.serve(h.of(rb), h.Members != nil && h.Members(rb))
	}
}

// serve listens as a runbook says. The caller holds the lock.
func (h *Host) serve(w runbook.Web, members bool) {
	same := h.running != nil && h.last.Listen == w.Listen && h.last.TLS == w.TLS && h.members == members
	h.last, h.members = w, members
	if same {
		return
	}
	h.stop()
	if h.failed = ""; w.Listen == "" {
		return
	}
	h.start()
}

// start listens. If that fails it is tried again. The caller holds the lock.
func (h *Host) start() {
	w := h.last
	if w.Listen == "" || h.ctx == nil || h.ctx.Err() != nil {
		return
	}
	h.tried = true
	c, made, err := openCertificate(w.TLS, h.StateDir, h.Log)
	if made != "" && made != noneYet {
		h.say("made a new certificate for the " + h.title() + ": " + made)
	}
	var l net.Listener
	if err == nil {
		l, err = net.Listen("tcp", w.Listen)
	}
	if err != nil {
		h.again(bare(err))
		return
	}
	r := &serving{listen: w.Listen, ended: make(chan struct{})}
	var base context.Context
	base, r.cut = context.WithCancel(context.WithoutCancel(h.ctx)) // requests may outlive ctx
	if c != nil {
		base = context.WithValue(base, certificateKey{}, c)
	}
	site := h.site
	r.conns = &conns{Listener: l, plain: c == nil, slow: cmp.Or(h.Bounds.Slow, slowGrace), most: func() int { return site.Rules().Web.Limits.MaxConnections },
		proxy: func(a netip.Addr) bool { return site.Rules().trust(a) }}
	r.http = &http.Server{
		Handler: site, ReadHeaderTimeout: cmp.Or(h.Bounds.Head, headerTime), IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ConnState: r.conns.state,
		ErrorLog:    slog.NewLogLogger(h.Log.With("part", h.component()).Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, noteKey{}, note{r.conns, rawOf(c)})
		},
		// Deadlines of requests end streams, but a client that reads nothing at all would keep the
		// server from telling it so.
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 64, WriteByteTimeout: cmp.Or(h.Bounds.Write, streamWrite)},
	}
	h.running, h.failed = r, ""
	var listener net.Listener = r.conns
	if c != nil {
		config := tlsConfig(c)
		if h.members {
			onlyMembers(config, h.StateDir, h.Admit, h.Log.With("part", h.component()))
		}
		listener = tls.NewListener(r.conns, config)
		r.http.TLSConfig = config.Clone()
	}
	go func() {
		err := r.http.Serve(listener)
		close(r.ended)
		if errors.Is(err, http.ErrServerClosed) {
			return
		}
		h.mu.Lock()
		defer h.unlock()
		if h.running == r { // nobody has stopped it
			h.stop()
			h.again(err)
		}
	}()
	h.tell(l.Addr(), c)
}

// again schedules another try to listen, and says why. The caller holds the lock.
func (h *Host) again(err error) {
	listen := h.last.Listen
	h.Log.Error("a server cannot listen; trying again", "server", h.component(), "listen", listen, "cause", err)
	if why := err.Error(); why != h.failed { // said once, not every two seconds
		h.failed = why
		h.say("the " + h.title() + " is not served: " + why + "; trying again")
	}
	h.retry = time.AfterFunc(listenWait, func() {
		h.mu.Lock()
		defer h.unlock()
		if h.running == nil && h.last.Listen == listen {
			h.start()
		}
	})
}

// tell says where the server is. The caller holds the lock.
func (h *Host) tell(at net.Addr, c *certificate) {
	scheme := "http"
	if c != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	url := scheme + "://" + net.JoinHostPort(host, port) + "/"
	h.Log.Info("a server listens", "server", h.component(), "listen", at.String(), "tls", c != nil)
	h.say(h.title() + ": " + url)
	if c != nil && h.last.TLS.SelfSigned {
		h.say("  its certificate is self-signed; SHA-256 " + c.fingerprint())
	}
	h.later = append(h.later, h.site.Opened)
	if h.Opened != nil {
		h.later = append(h.later, func() { h.Opened(url) })
	}
}

// say tells the person at the terminal. The caller holds the lock.
func (h *Host) say(line string) {
	if h.Say != nil {
		h.later = append(h.later, func() { h.Say(line) })
	}
}

// stop ends listening. Requests have a moment to finish; streams are told. The caller holds the lock.
func (h *Host) stop() {
	if h.retry != nil {
		h.retry.Stop()
		h.retry = nil
	}
	r := h.running
	if r == nil {
		return
	}
	h.running = nil
	_ = r.conns.Listener.Close() // at once: another server may listen there now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), goodbye)
		defer cancel()
		if r.http.Shutdown(ctx) != nil {
			_ = r.http.Close() // whatever has not finished by now was told to
		}
		r.cut() // the HTTP server no longer manages WebSockets
		<-r.ended
	}()
}

package control

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits per client.
const (
	maxHeader    = 16 << 10 // bytes
	maxBody      = 1 << 20  // bytes: a file name, variables and a hash fit many times
	readTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second // per answer, or per line of a stream
	idleTimeout  = 30 * time.Second
	// goodbye is how long requests have to finish when the daemon ends.
	goodbye = time.Second
)

// Serve answers connections from l until ctx ends, and closes l. It returns nil if ctx has ended it.
func Serve(ctx context.Context, l net.Listener, d Daemon, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return serve(ctx, l, newHandler(ctx, d, writeTimeout), log)
}

func serve(ctx context.Context, l net.Listener, h *handler, log *slog.Logger) error {
	s := &http.Server{
		Handler:           admit(h.routes()),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      h.patience,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, peerKey{}, c) },
		ErrorLog:          slog.NewLogLogger(log.With("part", "control").Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if s.Shutdown(grace) != nil {
			_ = s.Close() // whatever has not finished by now was told to
		}
	})
	err := s.Serve(l)
	if stop() {
		_ = s.Close()
		return err
	}
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

type peerKey struct{}

// admit refuses clients that the listener has marked.
func admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p, ok := r.Context().Value(peerKey{}).(*peer); ok && p.refused != "" {
			w.Header().Set("Connection", "close")
			w.Header().Set(refusedHeader, "1")
			answer(w, p.code, failure{Error: p.refused, Code: "refused", Hint: hintOf(p.code)})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hintOf(code int) string {
	if code == http.StatusForbidden {
		return "run this as its user, or with sudo"
	}
	return "end some (orac logs -f, orac status --watch) and try again"
}

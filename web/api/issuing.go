package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/event"
	"orac/web/auth"
)

// issuing counts what an issuer gives and refuses.
type issuing struct {
	given, refused *prometheus.CounterVec
	last           atomic.Int64 // when the last token was given, in seconds since 1970 UTC; 0: never
}

func newIssuing() *issuing {
	return &issuing{
		given:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_issuer_tokens_total", Help: "Tokens that this issuer has given since the start, by grant."}, []string{"grant"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_issuer_refused_total", Help: "Questions for a token that this issuer has refused since the start, by the code of the refusal."}, []string{"reason"}),
	}
}

// Describe implements prometheus.Collector.
func (i *issuing) Describe(c chan<- *prometheus.Desc) { prometheus.DescribeByCollect(i, c) }

// Collect implements prometheus.Collector.
func (i *issuing) Collect(c chan<- prometheus.Metric) {
	i.given.Collect(c)
	i.refused.Collect(c)
	c <- prometheus.MustNewConstMetric(lastTokenDesc, prometheus.GaugeValue, float64(i.last.Load()))
}

var lastTokenDesc = prometheus.NewDesc("orac_issuer_last_token_seconds", "When this issuer gave its last token, in seconds since 1970 UTC; 0 if it has given none since the start.", nil, nil)

// note counts what came of a question for a token.
func (i *issuing) note(grant string, err error) {
	if err == nil {
		i.given.WithLabelValues(grant).Inc()
		i.last.Store(time.Now().Unix())
		return
	}
	reason := "server_error"
	if e, ok := errors.AsType[*oauthError](err); ok {
		reason = e.Code
	} else if d, ok := errors.AsType[*auth.Denied](err); ok {
		if reason = invalidClient.Code; d.RetryAfter > 0 {
			reason = "slow_down"
		}
	}
	i.refused.WithLabelValues(reason).Inc()
}

const (
	// issuerLook is how often an issuer looks at its keys.
	issuerLook = 15 * time.Second
	// issuerLate is how long the next key may be due before that is told: it is made within an hour.
	issuerLate = 3 * time.Hour
)

// WatchIssuer tells how well this appliance can sign tokens for members, and when it signs with another key, until ctx ends.
func (s *Server) WatchIssuer(ctx context.Context) {
	if s.o.Tell == nil {
		return
	}
	var w issuerWatch
	for {
		state, on := s.o.Guard.IssuerState()
		for _, b := range w.look(time.Now(), state, on) {
			s.o.Tell("issuer", b)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(issuerLook):
		}
	}
}

// issuerWatch is what was told of an issuer.
type issuerWatch struct {
	told bool
	last event.IssuerHealth
	key  string
}

// look returns what is news.
func (w *issuerWatch) look(now time.Time, s auth.IssuerState, on bool) (news []event.Body) {
	if !on {
		w.key = ""
		if !w.told || w.last.OK {
			w.told = false
			return nil
		}
	}
	if on && s.Key != "" {
		if w.key != "" && w.key != s.Key {
			news = append(news, event.IssuerKey{Key: s.Key, Before: s.Before, Until: s.Until})
		}
		w.key = s.Key
	}
	h := event.IssuerHealth{OK: s.Problem == nil}
	switch late := now.Sub(s.Due); {
	case s.Problem != nil:
		h.Cause = fmt.Sprintf("no token can be signed: %v", s.Problem)
	case on && !s.Due.IsZero() && late > issuerLate:
		h.Late, h.Cause = true, fmt.Sprintf("the next key is due since %s and was not made: make it with orac secrets rotate issuer", s.Due.UTC().Format(time.RFC3339))
	}
	if !w.told || h != w.last {
		w.told, w.last = on, h
		news = append(news, h)
	}
	return news
}

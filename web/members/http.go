package members

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/appliance/status"
	"orac/runbook/language"
	"orac/web/audit"
)

const (
	maxAnswer = 2 << 20 // bytes that are read of an answer
	askTime   = 10 * time.Second
	planTime  = time.Minute
	applyTime = 11 * time.Minute // a member gives itself ten
)

// HTTP is a member that is asked over its API.
type HTTP struct {
	URL    string // without a path
	Client *http.Client
	// Token returns the token for this member, in the name of somebody: see auth.Guard.CentreToken. fresh means that the last one was
	// refused.
	Token func(by string, fresh bool) (string, error)
}

// NewHTTP makes a member that is asked at an address, over a transport that checks that it is the right one.
func NewHTTP(url string, over http.RoundTripper, token func(by string, fresh bool) (string, error)) *HTTP {
	return &HTTP{url, &http.Client{
		Transport:     over,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, token}
}

// Look implements Remote.
func (h *HTTP) Look(ctx context.Context) (rollout.Seen, error) {
	var s struct {
		Appliance  string        `json:"appliance"`
		Version    string        `json:"version"`
		Generation int           `json:"generation"`
		LastGood   bool          `json:"last_good"`
		Started    time.Time     `json:"started"`
		Health     health.Report `json:"health"`
	}
	head, err := h.ask(ctx, askTime, http.MethodGet, "/api/status", nil, &s)
	if err != nil {
		return rollout.Seen{}, err
	}
	seen := rollout.Seen{Appliance: rollout.Line(s.Appliance, 64), Version: rollout.Line(s.Version, 64), Generation: s.Generation, LastGood: s.LastGood, Started: s.Started, Health: s.Health.Level, Why: worst(s.Health)}
	if seen.Health != health.Healthy && seen.Health != health.Degraded {
		seen.Health = health.Unhealthy
	}
	if at, err := http.ParseTime(head.Get("Date")); err == nil {
		seen.Clock = at
	}
	if seen.Generation < 0 || seen.Appliance == "" {
		return rollout.Seen{}, nonsense("its status has no name, or no generation")
	}
	return seen, nil
}

// Runbook implements Remote.
func (h *HTTP) Runbook(ctx context.Context) (rollout.Text, error) {
	var t struct {
		Source  string `json:"source"`
		Hash    string `json:"hash"`
		Applied bool   `json:"applied"`
	}
	if _, err := h.ask(ctx, askTime, http.MethodGet, "/api/runbook", nil, &t); err != nil {
		return rollout.Text{}, err
	}
	if len(t.Source) > language.MaxFileSize || language.TextHash(t.Source) != t.Hash {
		return rollout.Text{}, nonsense("its runbook is too large, or is not what its hash says")
	}
	return rollout.Text{Source: t.Source, Hash: t.Hash, Applied: t.Applied}, nil
}

// Plan implements Changer.
func (h *HTTP) Plan(ctx context.Context, source string) (rollout.Plan, error) {
	var p status.Plan
	if _, err := h.ask(ctx, planTime, http.MethodPost, "/api/runbook/plan", map[string]any{"source": source}, &p); err != nil {
		return rollout.Plan{}, err
	}
	return planOf(p)
}

// PlanBack implements Changer.
func (h *HTTP) PlanBack(ctx context.Context, generation int) (rollout.Plan, error) {
	var p status.Plan
	if _, err := h.ask(ctx, planTime, http.MethodGet, fmt.Sprintf("/api/runbook/generations/%d/plan", generation), nil, &p); err != nil {
		return rollout.Plan{}, err
	}
	return planOf(p)
}

// applied is an answer about a change.
type applied struct {
	OK         bool   `json:"ok"`
	Generation int    `json:"generation"`
	Why        string `json:"why"`
	Saved      bool   `json:"saved"`
	Note       string `json:"note"`
	Hash       string `json:"hash"`
}

// Apply implements Changer.
func (h *HTTP) Apply(ctx context.Context, source, base, plan string) (rollout.Applied, error) {
	return h.change(ctx, "/api/runbook/apply", map[string]any{"source": source, "base": base, "plan": plan})
}

// Back implements Changer.
func (h *HTTP) Back(ctx context.Context, generation, running int, base, plan string) (rollout.Applied, error) {
	return h.change(ctx, "/api/runbook/rollback", map[string]any{"generation": generation, "running": running, "base": base, "plan": plan, "write": true})
}

func (h *HTTP) change(ctx context.Context, path string, in any) (rollout.Applied, error) {
	var a applied
	if _, err := h.ask(ctx, applyTime, http.MethodPost, path, in, &a); err != nil {
		return rollout.Applied{}, err
	}
	why := a.Why
	if why == "" {
		why = a.Note
	}
	return rollout.Applied{OK: a.OK, Generation: a.Generation, Why: rollout.Line(why, 300), Saved: a.Saved, Hash: rollout.Line(a.Hash, 64)}, nil
}

// Command implements Remote.
func (h *HTTP) Command(ctx context.Context, c rollout.Command) error {
	var err error
	switch c.Do {
	case rollout.Mute:
		_, err = h.ask(ctx, askTime, http.MethodPost, "/api/mute", map[string]any{"seconds": c.Seconds}, nil)
	case rollout.Unmute:
		_, err = h.ask(ctx, askTime, http.MethodDelete, "/api/mute", nil, nil)
	case rollout.Restart:
		_, err = h.ask(ctx, askTime, http.MethodPost, "/api/restart", map[string]any{}, nil)
	default:
		panic("BUG: there is no command " + c.Do)
	}
	return err
}

// Chain implements Remote.
func (h *HTTP) Chain(ctx context.Context, after uint64, limit int) (audit.Chain, error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(limit)}}
	var c audit.Chain
	if _, err := h.ask(ctx, askTime, http.MethodGet, "/api/audit/chain?"+q.Encode(), nil, &c); err != nil {
		return audit.Chain{}, err
	}
	if len(c.Lines) > limit {
		return audit.Chain{}, nonsense("it sends more records than it was asked for")
	}
	return c, nil
}

// ask makes a request and decodes the answer into out, nil for none. It returns the head of the answer.
func (h *HTTP) ask(ctx context.Context, within time.Duration, method, path string, in, out any) (http.Header, error) {
	by, way := audit.Who(ctx)
	if way == "" {
		by = ""
	}
	for _, fresh := range []bool{false, true} {
		token, err := h.Token(by, fresh)
		if err != nil {
			return nil, &rollout.Error{Kind: rollout.Denied, Told: rollout.Line("there is no token for it: "+err.Error(), 300)}
		}
		head, err := h.once(ctx, within, method, path, token, in, out)
		if e, ok := err.(*rollout.Error); ok && e.Code == "unauthenticated" && !fresh { // its clock, or an end of all tokens: nothing was done
			continue
		}
		return head, err
	}
	panic("BUG: the second answer is returned")
}

func (h *HTTP) once(ctx context.Context, within time.Duration, method, path, token string, in, out any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, nonsense("the request cannot be written")
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, h.URL+path, body)
	if err != nil {
		return nil, &rollout.Error{Kind: rollout.Away, Told: "its address cannot be used"}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := h.Client.Do(r)
	if err != nil {
		return nil, away(err, method != http.MethodGet)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, away(err, method != http.MethodGet)
	case len(text) > maxAnswer:
		return nil, &rollout.Error{Kind: rollout.Nonsense, Told: fmt.Sprintf("its answer to %s has more than %d bytes", r.URL.Path, maxAnswer), Unknown: method != http.MethodGet}
	}
	return answer.Header, read(r, answer, text, out)
}

// read decodes an answer.
func read(r *http.Request, answer *http.Response, text []byte, out any) error {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	changes := r.Method != http.MethodGet
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		if out == nil {
			return nil
		}
		if kind != "application/json" || json.Unmarshal(text, out) != nil {
			return &rollout.Error{Kind: rollout.Nonsense, Told: "its answer to " + r.URL.Path + " is not what a member answers", Unknown: changes}
		}
		return nil
	case answer.StatusCode < 400:
		return nonsense(fmt.Sprintf("it sends the centre elsewhere: it answers %d to %s", answer.StatusCode, r.URL.Path))
	case answer.StatusCode == http.StatusNotFound && kind != "application/problem+json":
		return nonsense("it knows no " + r.URL.Path)
	}
	var p struct {
		Code   string `json:"code"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if kind != "application/problem+json" || json.Unmarshal(text, &p) != nil {
		return &rollout.Error{Kind: rollout.Away, Told: fmt.Sprintf("it answers %d to %s", answer.StatusCode, r.URL.Path), Unknown: changes && answer.StatusCode >= 500}
	}
	e := &rollout.Error{Kind: rollout.Refused, Code: rollout.Line(p.Code, 64), Told: rollout.Line(p.Detail, 300)}
	if e.Told == "" {
		e.Told = rollout.Line(p.Title, 300)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Kind, e.Told = rollout.Denied, rollout.Line("it does not let the centre do that ("+e.Told+"): see auth.trust in its runbook", 400)
	case http.StatusInternalServerError: // nobody knows how far it came
		e.Unknown = changes
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		e.Kind, e.Unknown = rollout.Away, changes
	}
	return e
}

func nonsense(told string) *rollout.Error { return &rollout.Error{Kind: rollout.Nonsense, Told: told} }

// away is the error of a request that got no answer. sent means that it may have changed something, unless nobody was reached.
func away(err error, sent bool) *rollout.Error {
	if u, ok := errors.AsType[*url.Error](err); ok { // without the address, which people are shown anyway
		err = u.Err
	}
	e := &rollout.Error{Kind: rollout.Away, Told: rollout.Line(err.Error(), 300), Unknown: sent}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Told = "it does not answer in time"
	}
	return e
}

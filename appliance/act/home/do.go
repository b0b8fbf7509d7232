package home

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// Do implements act.Backend.
func (h *Home) Do(t *rt.Task, c act.Call, asked thread.Thread) act.Outcome {
	if c.Asks {
		return h.answer(t, c)
	}
	o := act.Outcome{Call: c}
	domain, service, ok := strings.Cut(c.Service, ".")
	if !ok || !isWord(domain) || !isWord(service) {
		o.Verdict, o.Reason = act.Failed, "a service is written as domain.name, like light.turn_on"
		return o
	}
	deadline := t.Now().Add(h.config.Timeout)
	before, _, live := h.look(c.Targets)
	if !live {
		before, _ = h.fetch(t, c.Targets) // without it nothing is said to have been so before
	}
	body := map[string]any{}
	maps.Copy(body, c.Data)
	if len(c.Targets) > 0 {
		body["entity_id"] = c.Targets
	}
	o.Sent = t.Wall()
	data, err := h.post(t, body, asked, "api", "services", domain, service)
	sent := told{err: err}
	if err == nil {
		o.Answered = t.Wall()
		sent.states, sent.err = parseStates(data)
		h.merge(sent.states)
	}
	failed, isWire := errors.AsType[*wire.Error](err)
	switch {
	case err == nil, isWire && (failed.Doubt != wire.NoDoubt || failed.Status == http.StatusInternalServerError):
	case errors.Is(err, rt.ErrStopped):
		sent.err = err // it may have been sent
	default:
		o.Verdict, o.Reason = act.Failed, plainly(err)
		if failed == nil || failed.Status == 0 {
			o.Sent = time.Time{}
		}
		return o
	}
	h.prove(t, &o, before, sent, deadline)
	return o
}

// told is what came of the request itself.
type told struct {
	states []seen
	err    error
}

// doubt is the verdict of what no state proves.
func (a told) doubt() (v act.Verdict, reason string, doubtful bool) {
	e, ok := errors.AsType[*wire.Error](a.err)
	switch {
	case a.err == nil:
		return "", "", false
	case ok && e.Status == http.StatusInternalServerError:
		return act.Failed, plainly(a.err), true
	case ok && e.Kind == wire.Protocol && e.Doubt == wire.Acted, !ok && !errors.Is(a.err, rt.ErrStopped):
		return act.Unproven, "the answer of Home Assistant makes no sense", true // it has accepted the call
	}
	return act.Unknown, plainly(a.err) + ": it may have been done", true
}

// prove waits until the states show what the call did, at most until the deadline.
func (h *Home) prove(t *rt.Task, o *act.Outcome, before map[string]seen, sent told, deadline rt.Instant) {
	verdict, reason, doubtful := sent.doubt()
	if len(o.Call.Targets) == 0 {
		o.Verdict, o.Reason = act.Unproven, "nothing tells whether it was done"
		if doubtful {
			o.Verdict, o.Reason = verdict, reason
		}
		return
	}
	expect := map[string][]act.Expectation{}
	for _, x := range o.Call.Expect {
		expect[x.Entity] = append(expect[x.Entity], x)
	}
	local := map[string]seen{}
	for _, s := range sent.states {
		local[s.Entity] = s
	}
	ctx, cancel := live.Context(t)
	defer cancel()
	for asked := false; ; {
		after, changed, live := h.look(o.Call.Targets)
		if !live {
			fetched, _ := h.fetch(t, o.Call.Targets)
			after = local
			maps.Copy(after, fetched)
		}
		o.Entities = o.Entities[:0]
		final, old := true, false
		for _, id := range o.Call.Targets {
			was, known := before[id]
			is, there := after[id]
			j := judge(h.named(id), expect[id], was, known, is, there)
			if doubtful && !j.verdict.Good() && (j.verdict == act.Unproven || !there) {
				j.verdict, j.reason = verdict, reason
			}
			o.Entities = append(o.Entities, act.EntityOutcome{Entity: id, Before: was.State, After: is.State, Verdict: j.verdict, Reason: j.reason})
			final = final && (j.final || doubtful && verdict == act.Failed)
			old = old || j.verdict == act.Proven && is.updated.Before(o.Sent)
		}
		if old && final && live && !asked { // an event from before the call may only have come now
			asked = true
			if h.confirm(t, o) {
				continue
			}
		}
		wait := deadline.Sub(t.Now())
		if !live {
			wait = min(wait, pollEvery)
		}
		if final || t.Stopping() || deadline.Sub(t.Now()) <= 0 {
			break
		}
		await(ctx, changed, live, wait)
	}
	sum(o)
	if o.Verdict.Good() {
		o.Proof = t.Wall()
	}
}

// confirm asks for the states as they are now, after the call. Without an answer nothing is proven; it then returns false.
func (h *Home) confirm(t *rt.Task, o *act.Outcome) bool {
	fetched, err := h.fetch(t, o.Call.Targets)
	if err == nil {
		h.merge(slices.Collect(maps.Values(fetched)))
		return true
	}
	for i := range o.Entities {
		if e := &o.Entities[i]; e.Verdict == act.Proven {
			e.Verdict, e.Reason = act.Unproven, "Home Assistant has not confirmed the state of "+h.named(e.Entity)
		}
	}
	return false
}

// await waits for another state.
func await(ctx context.Context, changed <-chan struct{}, live bool, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	if !live {
		changed = nil
	}
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Fill implements act.Filler. The targets of the command become those of the call, unless the template names an entity_id itself.
func (h *Home) Fill(c act.Command, tmpl act.Template) (act.Call, error) {
	out := act.Call{Backend: h.config.Name, Intent: c.Intent}
	service, err := fill.Text(tmpl.Service, c, func(v string) (string, error) {
		if v = strings.ReplaceAll(strings.ToLower(v), " ", "_"); !isWord(v) {
			return "", errors.New("a service has only letters, digits and underscores")
		}
		return v, nil
	})
	if err != nil {
		return out, err
	}
	domain, name, ok := strings.Cut(service, ".")
	if !ok || !isWord(domain) || !isWord(name) {
		return out, errors.New("a service is written as domain.name, like script.turn_on")
	}
	out.Service = service
	if out.Data, err = fill.Map(tmpl.Data, c); err != nil {
		return out, err
	}
	out.Targets = slices.Clone(c.Targets)
	if named, has := out.Data["entity_id"]; has {
		list, isList := named.([]any)
		if !isList {
			list = []any{named}
		}
		out.Targets = entityList(list)
		if delete(out.Data, "entity_id"); len(out.Targets) != len(list) {
			return out, errors.New("entity_id is not the ID of an entity, or names one twice")
		}
	}
	for _, id := range out.Targets { // what came of it is told, whatever it is
		out.Expect = append(out.Expect, act.Expectation{Entity: id})
	}
	return out, nil
}

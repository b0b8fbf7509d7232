package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

// settle is how long the registries must be quiet before the vocabulary is fetched anew: renaming a room changes many entries. It is not
// put off for longer than settleMost.
const (
	settle     = time.Second
	settleMost = 5 * time.Second
)

// portion is how many entities one command asks for.
const portion = 200

// watched are the events that are subscribed to. Older versions do not know all of them.
var watched = []string{
	"state_changed", "entity_registry_updated", "area_registry_updated", "device_registry_updated", "floor_registry_updated", "service_registered", "service_removed", "core_config_updated",
}

// watch is one connection of Watch.
type watch struct {
	*socket
	home   *Home
	sight  act.Sight
	known  registries
	stale  bool      // the vocabulary is to be fetched anew
	since  time.Time // when it became so
	again  bool      // it became so again
	listed bool      // get_states has answered
}

// Watch implements act.Backend.
func (h *Home) Watch(t *rt.Task, s act.Sight) error {
	ctx, cancel := live.Context(t)
	defer cancel()
	w := &watch{home: h, sight: s}
	k, version, end, err := h.dial(t, ctx, w.handle)
	if err != nil {
		return err
	}
	defer end()
	w.socket = k
	defer h.update(func() { h.live = false })
	if err := w.begin(version); err != nil {
		return k.explain(t, err)
	}
	return k.explain(t, w.follow())
}

// begin subscribes first and asks then, so that nothing is missed in between: Home Assistant sends both in the order in which they happen.
func (w *watch) begin(version string) error {
	for _, kind := range watched {
		_, err := w.ask("subscribe_events", map[string]any{"event_type": kind})
		if _, refused := errors.AsType[*commandError](err); err != nil && (!refused || kind == watched[0]) {
			return err
		}
	}
	data, err := w.ask("get_states", nil)
	if err != nil {
		return err
	}
	list, err := parseStates(data)
	if err != nil {
		return fmt.Errorf("%w: get_states: %v", errFrame, err)
	}
	if len(list) > 4*maxEntities {
		list = list[:4*maxEntities]
	}
	states := make([]act.State, 0, len(list))
	before := w.home.all()
	w.home.update(func() {
		w.home.seen, w.home.live = make(map[string]seen, len(list)), true
		for _, s := range list {
			s.keep(before[s.Entity])
			w.home.seen[s.Entity] = s
			states = append(states, s.State)
			delete(before, s.Entity)
		}
	})
	for _, id := range slices.Sorted(maps.Keys(before)) { // they went while we were away
		states = append(states, act.State{Entity: id, State: "unavailable"})
	}
	w.listed = true
	if err := w.fetch(); err != nil {
		return err
	}
	w.sight.Up(version)
	w.sight.States(states)
	w.tell()
	return nil
}

// fetch asks for the registries. What a version does not know, or refuses to this token, is taken as absent.
func (w *watch) fetch() error {
	w.stale = false
	select {
	case <-w.home.refresh: // this is it
	default:
	}
	var r registries
	for _, part := range []struct {
		command string
		needed  bool
		take    func(json.RawMessage) error
	}{
		{"config/area_registry/list", true, func(d json.RawMessage) (err error) { r.areas, err = each[wireArea](d, maxAreas); return err }},
		{"config/floor_registry/list", false, func(d json.RawMessage) (err error) { r.floors, err = each[wireFloor](d, maxAreas); return err }},
		{"config/device_registry/list", true, func(d json.RawMessage) error {
			list, err := each[wireDevice](d, 4*maxEntities)
			r.devices = map[string]string{}
			for _, x := range list {
				r.devices[x.ID] = x.Area
			}
			return err
		}},
		{"homeassistant/expose_entity/list", false, func(d json.RawMessage) (err error) { r.exposed, err = parseExposed(d); return err }},
		{"get_services", false, func(d json.RawMessage) (err error) { r.services, err = parseServices(d); return err }},
		{"get_config", false, func(d json.RawMessage) error {
			var c struct {
				Units struct {
					Temperature string `json:"temperature"`
				} `json:"unit_system"`
			}
			err := json.Unmarshal(d, &c)
			r.unit = clean(c.Units.Temperature, 20)
			return err
		}},
	} {
		data, err := w.ask(part.command, nil)
		if _, refused := errors.AsType[*commandError](err); refused && !part.needed {
			continue
		}
		if err != nil {
			return err
		}
		if err := part.take(data); err != nil {
			return fmt.Errorf("%w: %s: %v", errFrame, part.command, err)
		}
	}
	if err := w.entries(&r); err != nil {
		return err
	}
	w.known = r
	return nil
}

// entries asks for the registry's entries of the entities that have states. The list that the registry gives at once has no aliases.
func (w *watch) entries(r *registries) error {
	r.entries = map[string]wireEntry{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(w.home.all())), portion) {
		data, err := w.ask("config/entity_registry/get_entries", map[string]any{"entity_ids": part})
		if _, old := errors.AsType[*commandError](err); old {
			return w.list(r)
		}
		if err != nil {
			return err
		}
		entries, err := parseEntries(data)
		if err != nil {
			return fmt.Errorf("%w: the entity registry: %v", errFrame, err)
		}
		for id, e := range entries {
			r.entries[id] = e
		}
	}
	return nil
}

// list asks for the whole entity registry, of a version that does not know get_entries.
func (w *watch) list(r *registries) error {
	data, err := w.ask("config/entity_registry/list", nil)
	if err != nil {
		return err
	}
	list, err := each[wireEntry](data, 4*maxEntities)
	if err != nil {
		return fmt.Errorf("%w: the entity registry: %v", errFrame, err)
	}
	for _, e := range list {
		r.entries[e.Entity] = e
	}
	return nil
}

// tell tells the vocabulary if it is another one.
func (w *watch) tell() {
	next := build(w.home.config, w.known, w.home.all())
	w.home.mu.Lock()
	w.home.home = next
	w.home.mu.Unlock()
	w.sight.Home(next)
}

// handle takes an event.
func (w *watch) handle(f frame) {
	if f.Event.Type != "state_changed" {
		if slices.Contains(watched, f.Event.Type) {
			w.spoil()
		}
		return
	}
	if !w.listed {
		return // the list will have it
	}
	var data struct {
		Entity string          `json:"entity_id"`
		New    json.RawMessage `json:"new_state"`
	}
	if json.Unmarshal(f.Event.Data, &data) != nil || !isEntity(data.Entity) {
		return
	}
	if len(data.New) == 0 || string(data.New) == "null" {
		if _, ok := w.home.one(data.Entity); ok {
			w.home.update(func() { delete(w.home.seen, data.Entity) })
			w.sight.States([]act.State{{Entity: data.Entity, State: "unavailable"}})
			w.spoil()
		}
		return
	}
	s, ok := parseState(data.New)
	if !ok || s.Entity != data.Entity {
		return
	}
	old, known := w.home.one(s.Entity)
	s.keep(old)
	if !known || old.name != s.name || old.class != s.class || old.unit != s.unit || old.features != s.features || !slices.Equal(old.members, s.members) {
		w.spoil()
	}
	w.home.update(func() {
		if known || len(w.home.seen) < 4*maxEntities {
			w.home.seen[s.Entity] = s
		}
	})
	w.sight.States([]act.State{s.State})
}

// spoil says that the vocabulary is to be fetched anew.
func (w *watch) spoil() {
	if w.again = true; !w.stale {
		w.stale, w.since = true, time.Now()
	}
}

// follow takes what comes until the connection ends.
func (w *watch) follow() error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	for {
		select {
		case f := <-w.frames:
			w.again = false
			if f.Type == "event" {
				w.handle(f)
			}
			if w.again && time.Since(w.since) < settleMost-settle {
				quiet.Reset(settle)
			}
		case <-w.home.refresh:
			w.spoil()
			quiet.Reset(0)
		case <-quiet.C:
			if !w.stale {
				continue
			}
			if err := w.fetch(); err != nil {
				return err
			}
			w.tell()
			if w.stale { // it changed again meanwhile
				quiet.Reset(settle)
			}
		case <-ping.C:
			if err := w.ping(); err != nil {
				return err
			}
			if w.stale {
				quiet.Reset(settle)
			}
		case <-w.ended:
			return w.err
		case <-w.ctx.Done():
			return w.ctx.Err()
		}
	}
}

// ping proves that the other side still answers: a connection that nobody has closed may be dead.
func (w *watch) ping() error {
	timer := time.AfterFunc(pongIn, func() { _ = w.conn.CloseNow() })
	_, err := w.ask("ping", nil)
	if !timer.Stop() {
		return &wire.Error{Op: watchOp, Address: wire.Address(w.to), Kind: wire.Timeout, Cause: fmt.Errorf("no answer to a ping in %v", pongIn)}
	}
	return err
}

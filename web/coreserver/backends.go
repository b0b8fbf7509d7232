package coreserver

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"orac/appliance/act"
	"orac/runbook"
	"orac/web/acts"
	"orac/web/peers"
	"orac/web/schema"
)

// BackendsOut are all backends.
type BackendsOut struct {
	Status   string       `json:"status"`
	Backends []BackendOut `json:"backends"`
}

// BackendAnswer is one backend.
type BackendAnswer struct {
	Status  string     `json:"status"`
	Backend BackendOut `json:"backend"`
}

// BackendOut is a backend with the fields of the existing service that are true here. Its token is in no answer.
type BackendOut struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type" doc:"The protocol."`
	Connection BackendConnection `json:"connection"`
	State      BackendStatus     `json:"status"`
	Statistics BackendStatistics `json:"statistics"`
	Calls      acts.Counts       `json:"calls"`
}

// BackendConnection is where a backend is. What proves who we are is never told.
type BackendConnection struct {
	URL   string `json:"url" doc:"Without user, password and query."`
	Token bool   `json:"token_set" doc:"Whether there is a token."`
}

// BackendStatus is how a backend is.
type BackendStatus struct {
	Connected bool    `json:"connected"`
	Checked   *string `json:"last_check"`
	Version   *string `json:"version"`
	Error     *string `json:"error"`
}

// BackendStatistics count entities.
type BackendStatistics struct {
	Total   int     `json:"total_devices"`
	Enabled int     `json:"enabled_devices"`
	Mapped  int     `json:"mapped_devices"`
	Synced  *string `json:"last_sync"`
}

func (c *call) backendOut(b act.BackendState) BackendOut {
	out := BackendOut{
		ID: b.Name, Name: b.Name, Type: b.Protocol, State: BackendStatus{b.Connected, stamp(b.Synced), text(b.Version), text(schema.Clip(schema.Clean(b.Error), 300))},
		Statistics: BackendStatistics{b.Entities, b.Enabled, b.Enabled, stamp(b.Synced)}, Calls: acts.Counts(b.Calls),
	}
	if declared, ok := c.Settings.Runbook.Backend(runbook.Address("backend." + b.Name)); ok {
		out.Connection = BackendConnection{bare(declared.URL), declared.Token.IsSet()}
	}
	return out
}

// bare is an address without what may be a credential.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (c *call) backends() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := BackendsOut{"success", []BackendOut{}}
	for _, b := range st.Backends {
		out.Backends = append(out.Backends, c.backendOut(b))
	}
	return c.JSON(http.StatusOK, out)
}

// named returns the backend that the path names.
func (c *call) named() (act.BackendState, error) {
	st, err := c.state()
	if err != nil {
		return act.BackendState{}, err
	}
	id := c.R.PathValue("id")
	i := slices.IndexFunc(st.Backends, func(b act.BackendState) bool { return b.Name == id })
	if i < 0 {
		return act.BackendState{}, act.ErrNoBackend
	}
	return st.Backends[i], nil
}

func (c *call) backend() error {
	b, err := c.named()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, BackendAnswer{"success", c.backendOut(b)})
}

// EntitiesOut are the entities of a backend.
type EntitiesOut struct {
	Status   string      `json:"status"`
	Entities []EntityOut `json:"entities"`
}

// EntityOut is an entity with the fields of the existing service.
type EntityOut struct {
	ID         string             `json:"entity_id"`
	Enabled    bool               `json:"enabled"`
	Device     *string            `json:"device_type"`
	Location   *string            `json:"location"`
	Area       string             `json:"original_area"`
	Name       string             `json:"original_name"`
	Domain     string             `json:"domain"`
	State      string             `json:"state"`
	Attributes map[string]float64 `json:"attributes"`
	Aliases    []string           `json:"aliases"`
}

func entityOut(t acts.Thing) EntityOut {
	area := cmp.Or(t.Area, "Unknown")
	return EntityOut{t.ID, t.Enabled, text(devices[t.Domain]), text(t.Area), area, t.Name, t.Domain, t.State, t.Numbers, t.Aliases}
}

// things are what a backend has.
func (c *call) things() ([]acts.Thing, error) {
	b, err := c.named()
	if err != nil {
		return nil, err
	}
	core, err := c.core()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), peers.StateTime)
	defer cancel()
	h, states, err := core.Home(ctx, b.Name)
	return acts.ThingsOf(h, states), err
}

func (c *call) entities() error {
	list, err := c.things()
	if err != nil {
		return err
	}
	out := EntitiesOut{"success", []EntityOut{}}
	for _, t := range list {
		if want := c.R.URL.Query().Get("enabled"); want == "" || (want == "true") == t.Enabled {
			out.Entities = append(out.Entities, entityOut(t))
		}
	}
	return c.JSON(http.StatusOK, out)
}

// MappingsOut are the entities that sentences may name.
type MappingsOut struct {
	Status     string            `json:"status"`
	Mappings   []EntityOut       `json:"mappings"`
	Devices    []string          `json:"device_types"`
	Locations  []string          `json:"locations"`
	Validation MappingsValidated `json:"validation"`
}

// MappingsValidated says which names are not unique.
type MappingsValidated struct {
	Valid     bool     `json:"valid"`
	Conflicts []string `json:"conflicts" doc:"Names that several entities of one room have."`
}

func (c *call) mappings() error {
	list, err := c.things()
	if err != nil {
		return err
	}
	out := MappingsOut{Status: "success", Mappings: []EntityOut{}, Devices: []string{}, Locations: []string{}, Validation: MappingsValidated{Conflicts: []string{}}}
	seen := map[string]bool{}
	add := func(to *[]string, word string) {
		if word != "" && !slices.Contains(*to, word) {
			*to = append(*to, word)
		}
	}
	for _, t := range list {
		if !t.Enabled {
			continue
		}
		e := entityOut(t)
		out.Mappings = append(out.Mappings, e)
		add(&out.Devices, devices[t.Domain])
		add(&out.Locations, t.Area)
		name := strings.ToLower(t.Area + "/" + t.Name + "/" + t.Domain)
		if seen[name] {
			add(&out.Validation.Conflicts, t.Area+": "+t.Name)
		}
		seen[name] = true
	}
	out.Validation.Valid = len(out.Validation.Conflicts) == 0
	slices.Sort(out.Devices)
	return c.JSON(http.StatusOK, out)
}

// TestOut is how a test, or a fetch, went.
type TestOut struct {
	Status string     `json:"status"`
	Result TestResult `json:"result"`
}

// TestResult: see TestOut.
type TestResult struct {
	Success bool        `json:"success"`
	Error   *string     `json:"error,omitempty"`
	Devices []EntityOut `json:"devices,omitempty"`
	Count   int         `json:"count"`
	Rooms   int         `json:"locations_found"`
}

// test tells whether a backend is connected. It asks nobody: the appliance watches all the time.
func (c *call) test() error {
	b, err := c.named()
	if err != nil {
		return err
	}
	if b.Connected {
		return c.JSON(http.StatusOK, TestOut{"success", TestResult{Success: true, Count: b.Entities, Rooms: b.Areas}})
	}
	why := cmp.Or(schema.Clip(schema.Clean(b.Error), 300), "it is not connected")
	if c.Legacy() {
		return c.JSON(http.StatusOK, TestOut{"error", TestResult{Error: &why}})
	}
	return schema.Fail(schema.Unavailable, "The backend is not connected: %s.", strings.TrimSuffix(why, "."))
}

// fetch has the vocabulary fetched anew, and tells what is known now.
func (c *call) fetch() error {
	b, err := c.named()
	if err != nil {
		return err
	}
	core, err := c.core()
	if err != nil {
		return err
	}
	if err := core.Refresh(c.Context(), b.Name); err != nil {
		return err
	}
	list, err := c.things()
	if err != nil {
		return err
	}
	out := TestOut{"success", TestResult{Success: true, Devices: []EntityOut{}, Count: len(list), Rooms: b.Areas}}
	for _, t := range list {
		out.Result.Devices = append(out.Result.Devices, entityOut(t))
	}
	return c.JSON(http.StatusOK, out)
}

package console

import (
	"net/http"

	"orac/web/acts"
	"orac/web/api"
	"orac/web/schema"
)

// room is the things of one area.
type room struct {
	Name   string // "" for things without one
	Floor  string
	Things []acts.Thing
	On     int // things that sentences may name
}

// backendCard is a backend on its page.
type backendCard struct {
	acts.Backend
	Rooms []room
	Wrong string // why its things are not known
}

// Level says how it is, in the words of the health.
func (b backendCard) Level() string {
	if b.Connected {
		return "healthy"
	}
	return "unhealthy"
}

// Words say how it is.
func (b backendCard) Words() string {
	if b.Connected {
		return "connected"
	}
	return firstOf(b.Error, "not connected")
}

// backendsData is the data of the page of backends.
type backendsData struct {
	Backends []backendCard
	Models   []acts.Model
	Done     string
	CSRF     string
	Acts     bool
}

var backendsDone = map[string]string{"refresh": "ORAC fetches names and rooms anew. They appear here in a moment."}

func (c *Console) backendsPage(call *api.Call) error {
	d := backendsData{Done: backendsDone[call.R.URL.Query().Get("done")], CSRF: call.Who.CSRF}
	all, err := api.OpBackends.Call(call, schema.None{})
	if err != nil && !nothingActs(err) {
		return err
	}
	d.Acts, d.Models = err == nil, all.Models
	for _, b := range all.Backends {
		card := backendCard{Backend: b}
		things, err := api.OpBackendThings.Call(call, api.BackendInput{Name: b.Name})
		if err != nil {
			card.Wrong = schema.ProblemOf(err).Title
		}
		card.Rooms = roomsOf(things)
		d.Backends = append(d.Backends, card)
	}
	return c.show(call, http.StatusOK, "backends", view{Data: d})
}

// roomsOf groups things, which are sorted by area.
func roomsOf(things []acts.Thing) (list []room) {
	for _, t := range things {
		if n := len(list); n == 0 || list[n-1].Name != t.Area {
			list = append(list, room{Name: t.Area, Floor: t.Floor})
		}
		r := &list[len(list)-1]
		if r.Things = append(r.Things, t); t.Enabled {
			r.On++
		}
	}
	return list
}

func (c *Console) refreshBackend(call *api.Call) error {
	if _, err := api.OpRefreshBackend.Call(call, api.BackendInput{Name: call.R.PathValue("name")}); err != nil {
		return err
	}
	return redirect(call, after("/backends", "refresh", ""))
}

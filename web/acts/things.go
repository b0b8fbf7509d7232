package acts

import (
	"maps"
	"slices"
	"strings"

	"orac/appliance/act"
)

// Thing is an entity of a backend, as people see it.
type Thing struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	Aliases []string           `json:"aliases"`
	Domain  string             `json:"domain"`
	Class   string             `json:"class,omitempty"`
	Area    string             `json:"area,omitempty" doc:"Its name."`
	Floor   string             `json:"floor,omitempty" doc:"Its name."`
	Members []string           `json:"members" doc:"Of a group."`
	Unit    string             `json:"unit,omitempty"`
	Enabled bool               `json:"enabled" doc:"Sentences may name it."`
	State   string             `json:"state,omitempty"`
	Numbers map[string]float64 `json:"numbers" doc:"brightness, temperature and so on."`
}

// ThingsOf joins the vocabulary of a backend with its states, sorted by area and name.
func ThingsOf(h *act.Home, states []act.State) []Thing {
	out := []Thing{}
	if h == nil {
		return out
	}
	areas, floors, is := map[string]act.Area{}, map[string]string{}, map[string]act.State{}
	for _, f := range h.Floors {
		floors[f.ID] = f.Name
	}
	for _, a := range h.Areas {
		areas[a.ID] = a
	}
	for _, s := range states {
		is[s.Entity] = s
	}
	for _, e := range h.Entities {
		area, s := areas[e.Area], is[e.ID]
		t := Thing{
			ID: e.ID, Name: e.Name, Aliases: list(e.Aliases), Domain: e.Domain, Class: e.Class, Area: area.Name, Floor: floors[area.Floor], Members: list(e.Members), Unit: e.Unit,
			Enabled: e.Enabled, State: s.State, Numbers: map[string]float64{},
		}
		maps.Copy(t.Numbers, s.Numbers)
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b Thing) int {
		switch {
		case a.Area != b.Area && (a.Area == "" || b.Area == ""): // those without a room last
			return map[bool]int{true: 1, false: -1}[a.Area == ""]
		case a.Area != b.Area:
			return strings.Compare(a.Area, b.Area)
		case a.Name != b.Name:
			return strings.Compare(a.Name, b.Name)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

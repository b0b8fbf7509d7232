package console

import (
	"net/http"
	"time"

	"orac/appliance/status"
	"orac/web/api"
)

type incidentsData struct {
	Component string // only incidents of this component
	Open      int
	Days      []incidentDay
}

// incidentDay holds the incidents of one day, newest first.
type incidentDay struct {
	Name string
	List []status.Incident
}

func (c *Console) incidents(call *api.Call) error {
	list, err := api.OpIncidents.Call(call, api.LimitInput{Limit: 500})
	if err != nil {
		return err
	}
	d := incidentsData{Component: call.R.URL.Query().Get("component")}
	for _, i := range list {
		if d.Component != "" && i.Component != d.Component {
			continue
		}
		if i.Recovered.IsZero() {
			d.Open++
		}
		name := dayName(i.Detected, time.Now())
		if n := len(d.Days); n == 0 || d.Days[n-1].Name != name {
			d.Days = append(d.Days, incidentDay{Name: name})
		}
		last := &d.Days[len(d.Days)-1]
		last.List = append(last.List, i)
	}
	return c.show(call, http.StatusOK, "incidents", view{Data: d, Events: told(judged)})
}

func dayName(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	switch day := at.Format(time.DateOnly); day {
	case now.Format(time.DateOnly):
		return "Today"
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "Yesterday"
	default:
		return at.Format("Monday 2 January 2006")
	}
}

func (c *Console) incident(call *api.Call) error {
	i, err := api.OpIncident.Call(call, api.IncidentInput{ID: call.R.PathValue("id")})
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "incident", view{Data: i})
}

package console

import (
	"net/http"
	"strconv"

	"orac/web/api"
	"orac/web/simulations"
)

// chaosData is what the page of simulations shows.
type chaosData struct {
	api.ScenarioList
	Now   *simulations.Simulation // that runs; nil: none
	Past  []simulations.Simulation
	Form  api.SimulationInput
	Wrong string
	CSRF  string
	Admin bool
}

// Last is the number of the simulation that was the last to end; 0 without one.
func (d chaosData) Last() int {
	if len(d.Past) == 0 {
		return 0
	}
	return d.Past[0].Number
}

// Current is the number of the one that runs; 0 without one.
func (d chaosData) Current() int {
	if d.Now == nil {
		return 0
	}
	return d.Now.Number
}

// lengths are what a simulation may be given of virtual time, in place of what its scenario says.
var lengths = []struct{ Value, Name string }{{"", "as the scenario says"}, {"1h", "1 hour"}, {"1d", "1 day"}, {"7d", "7 days"}, {"30d", "30 days"}}

// Lengths are the choices of the form.
func (chaosData) Lengths() any { return lengths }

func (c *Console) chaosData(call *api.Call) (d chaosData, err error) {
	d = chaosData{Form: api.SimulationInput{Scenario: simulations.Quiet, Seeds: 5}, CSRF: call.Who.CSRF, Admin: view{Who: call.Who}.Admin()}
	list, err := api.Invoke[[]simulations.Simulation](call, "simulations", nil)
	if err != nil {
		return d, err
	}
	for _, s := range list {
		if !s.Running() {
			d.Past = append(d.Past, s)
			continue
		}
		now, err := api.Invoke[simulations.Simulation](call, "simulation", api.SimulationNumber{Number: s.Number})
		if err != nil {
			return d, err
		}
		d.Now = &now
	}
	if len(list) > 0 { // whoever has run something changes little of it for the next
		d.Form = api.SimulationInput{Scenario: list[0].Scenario, Seeds: list[0].Seeds, For: list[0].For}
	}
	return d, nil
}

func (c *Console) chaosPage(call *api.Call) error {
	d, err := c.chaosData(call)
	if err != nil {
		return err
	}
	return c.showChaos(call, http.StatusOK, d)
}

func (c *Console) showChaos(call *api.Call, status int, d chaosData) (err error) {
	d.ScenarioList, err = api.Invoke[api.ScenarioList](call, "scenarios", nil)
	if err != nil {
		return err
	}
	return c.show(call, status, "chaos", view{Title: "Chaos", Nav: "/chaos", Data: d})
}

// chaosPart gives a page what has changed since it was made: it says which simulation ran then, and which was the last to end.
func (c *Console) chaosPart(call *api.Call) error {
	d, err := c.chaosData(call)
	if err != nil {
		return err
	}
	q := call.R.URL.Query()
	same := q.Get("now") == strconv.Itoa(d.Current()) && q.Get("last") == strconv.Itoa(d.Last())
	return c.part(call, "chaos", map[bool]string{true: "same", false: "changed"}[same], d)
}

func (c *Console) chaosRun(call *api.Call) error {
	seeds, _ := strconv.Atoi(call.R.PostFormValue("seeds")) // what is no number is none, and said so
	in := api.SimulationInput{Scenario: call.R.PostFormValue("scenario"), Seeds: seeds, For: call.R.PostFormValue("for")}
	_, err := api.Invoke[simulations.Simulation](call, "startSimulation", in)
	if err == nil {
		return redirect(call, "/chaos")
	}
	p := api.AsProblem(err)
	if p.Status == http.StatusInternalServerError {
		return err
	}
	d, err := c.chaosData(call)
	if err != nil {
		return err
	}
	d.Form, d.Wrong = in, sayWrong(p)
	return c.showChaos(call, p.Status, d)
}

// simulationOf is the simulation that an address names.
func simulationOf(call *api.Call) (api.SimulationNumber, error) {
	n, err := strconv.Atoi(call.R.PathValue("number"))
	if err != nil {
		return api.SimulationNumber{}, api.Fail(api.NotFound, "There is no such simulation.")
	}
	return api.SimulationNumber{Number: n}, nil
}

func (c *Console) simulation(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	s, err := api.Invoke[simulations.Simulation](call, "simulation", in)
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "simulation", view{Title: "Simulation", Nav: "/chaos", Data: s})
}

func (c *Console) chaosStop(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	if _, err := api.Invoke[api.Nothing](call, "stopSimulation", in); err != nil {
		return err
	}
	return redirect(call, "/chaos")
}

// chaosReport gives the page that a simulation has left.
func (c *Console) chaosReport(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	_, err = api.Invoke[api.Nothing](call, "simulationReport", in)
	return err
}

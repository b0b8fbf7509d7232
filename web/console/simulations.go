package console

import (
	"net/http"
	"strconv"

	"orac/web/api"
	"orac/web/schema"
	"orac/web/simulations"
)

// simulationsData is the data of the page of simulations.
type simulationsData struct {
	api.ScenarioList
	Now   *simulations.Simulation // the running one; nil if none
	Past  []simulations.Simulation
	Form  api.SimulationInput
	Wrong string
	CSRF  string
	Admin bool
}

// Last returns the number of the simulation that ended last, or 0.
func (d simulationsData) Last() int {
	if len(d.Past) == 0 {
		return 0
	}
	return d.Past[0].Number
}

// Current returns the number of the running one, or 0.
func (d simulationsData) Current() int {
	if d.Now == nil {
		return 0
	}
	return d.Now.Number
}

// lengths are the choices of virtual time that replace the scenario's own.
var lengths = []struct{ Value, Name string }{{"", "as the scenario says"}, {"1h", "1 hour"}, {"1d", "1 day"}, {"7d", "7 days"}, {"30d", "30 days"}}

// Lengths returns the choices of the form.
func (simulationsData) Lengths() any { return lengths }

func (c *Console) simulationsData(call *api.Call) (d simulationsData, err error) {
	d = simulationsData{Form: api.SimulationInput{Scenario: simulations.Quiet, Seeds: 5}, CSRF: call.Who.CSRF, Admin: view{Who: call.Who}.Admin()}
	list, err := api.OpSimulations.Call(call, schema.None{})
	if err != nil {
		return d, err
	}
	for _, s := range list {
		if !s.Running() {
			d.Past = append(d.Past, s)
			continue
		}
		now, err := api.OpSimulation.Call(call, api.SimulationNumber{Number: s.Number})
		if err != nil {
			return d, err
		}
		d.Now = &now
	}
	if len(list) > 0 { // people often run a similar one next
		d.Form = api.SimulationInput{Scenario: list[0].Scenario, Seeds: list[0].Seeds, For: list[0].For}
	}
	return d, nil
}

func (c *Console) simulationsPage(call *api.Call) error {
	d, err := c.simulationsData(call)
	if err != nil {
		return err
	}
	return c.showSimulations(call, http.StatusOK, d)
}

func (c *Console) showSimulations(call *api.Call, status int, d simulationsData) (err error) {
	d.ScenarioList, err = api.OpScenarios.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.show(call, status, "simulations", view{Data: d})
}

// simulationsPart returns what has changed since the page was made. The request says which simulation ran then and which had
// ended last.
func (c *Console) simulationsPart(call *api.Call) error {
	d, err := c.simulationsData(call)
	if err != nil {
		return err
	}
	q := call.R.URL.Query()
	same := q.Get("now") == strconv.Itoa(d.Current()) && q.Get("last") == strconv.Itoa(d.Last())
	return c.part(call, "simulations", map[bool]string{true: "same", false: "changed"}[same], d)
}

func (c *Console) runSimulation(call *api.Call) error {
	seeds, _ := strconv.Atoi(call.R.PostFormValue("seeds")) // text that is not a number becomes 0, which is refused
	in := api.SimulationInput{Scenario: call.R.PostFormValue("scenario"), Seeds: seeds, For: call.R.PostFormValue("for")}
	_, err := api.OpStartSimulation.Call(call, in)
	if err == nil {
		return redirect(call, "/simulations")
	}
	p := schema.ProblemOf(err)
	if p.Status == http.StatusInternalServerError {
		return err
	}
	d, err := c.simulationsData(call)
	if err != nil {
		return err
	}
	d.Form, d.Wrong = in, sayWrong(p)
	return c.showSimulations(call, p.Status, d)
}

// simulationOf returns the simulation that an address names.
func simulationOf(call *api.Call) (api.SimulationNumber, error) {
	n, err := strconv.Atoi(call.R.PathValue("number"))
	if err != nil {
		return api.SimulationNumber{}, schema.Fail(schema.NotFound, "There is no such simulation.")
	}
	return api.SimulationNumber{Number: n}, nil
}

func (c *Console) simulation(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	s, err := api.OpSimulation.Call(call, in)
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "simulation", view{Data: s})
}

func (c *Console) stopSimulation(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	if _, err := api.OpStopSimulation.Call(call, in); err != nil {
		return err
	}
	return redirect(call, "/simulations")
}

// simulationReport returns a simulation's report as a page.
func (c *Console) simulationReport(call *api.Call) error {
	in, err := simulationOf(call)
	if err != nil {
		return err
	}
	_, err = api.OpSimulationReport.Call(call, in)
	return err
}

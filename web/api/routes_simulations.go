package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"orac/runbook/language"
	"orac/web/auth"
	"orac/web/simulations"
)

type scenarioList struct {
	Possible  bool                   `json:"possible" doc:"Whether simulations can run here."`
	Scenarios []simulations.Scenario `json:"scenarios" doc:"quiet (the appliance's own runbook, where nothing may happen), and the files in scenarios and examples/scenarios beside the runbook."`
}

func (s *Server) scenarios() []simulations.Scenario {
	return simulations.Scenarios(s.o.App.Request().File)
}

func getScenarios(c *Call, _ none) (scenarioList, error) {
	return scenarioList{c.Server.o.Simulations.Possible(), c.Server.scenarios()}, nil
}

type simulationInput struct {
	Scenario string `json:"scenario" check:"required;min=1;max=128" doc:"A name from GET /api/scenarios."`
	Seeds    int    `json:"seeds" check:"required;min=1;max=50" doc:"It runs with the seeds from 1 to this number."`
	For      string `json:"for,omitempty" check:"pattern=window" doc:"Virtual time of each run, 1m to 30d; default: as the scenario says, or an hour for quiet."`
}

func (in simulationInput) target() string { return in.Scenario }

// startSimulation starts a simulation and does not wait for its end.
func startSimulation(c *Call, in simulationInput) (simulations.Simulation, error) {
	if in.For != "" {
		if d, err := language.ParseDuration(in.For); err != nil || d < time.Minute || d > simulations.MaxFor {
			p := Fail(InvalidInput, "")
			p.Errors = []FieldError{{"for", "must be from 1m to 30d"}}
			return simulations.Simulation{}, p
		}
	}
	request := c.Server.o.App.Request()
	for _, s := range c.Server.scenarios() {
		if s.Name != in.Scenario {
			continue
		}
		out, err := c.Server.o.Simulations.Start(simulations.Order{
			Scenario: s, Runbook: request.File, Vars: request.Vars, Seeds: in.Seeds, For: in.For, Who: c.Who.Subject(),
		})
		if err == nil {
			c.Changed(nil, map[string]any{"simulation": out.Number, "seeds": out.Seeds, "for": out.For})
		}
		return out, simulationProblem(err)
	}
	return simulations.Simulation{}, Fail(NotFound, "There is no such scenario.")
}

func simulationProblem(err error) error {
	switch {
	case errors.Is(err, simulations.ErrUnknown):
		return Fail(NotFound, "There is no such simulation, or it has no report.")
	case errors.Is(err, simulations.ErrBusy):
		return Fail(Busy, "A simulation is running already. Stop it, or wait until it ends.")
	case errors.Is(err, simulations.ErrImpossible):
		return Fail(Unavailable, "Simulations cannot run here.")
	case errors.Is(err, simulations.ErrFull):
		return Fail(Unavailable, "The disk is nearly full: the rest is kept for recordings. Free some space first.")
	}
	return err
}

func getSimulations(c *Call, _ none) ([]simulations.Simulation, error) {
	return notNil(c.Server.o.Simulations.List()), nil
}

type simulationNumber struct {
	Number int `path:"number" check:"min=1;max=999999999"`
}

func (in simulationNumber) target() string { return fmt.Sprint(in.Number) }

func getSimulation(c *Call, in simulationNumber) (simulations.Simulation, error) {
	s, err := c.Server.o.Simulations.Get(in.Number)
	if !c.Who.Role.Includes(auth.Admin) {
		s.Output = "" // it quotes lines of files that only admins may read
	}
	return s, simulationProblem(err)
}

func stopSimulation(c *Call, in simulationNumber) (none, error) {
	return none{}, simulationProblem(c.Server.o.Simulations.Stop(in.Number))
}

// getReportPage returns a simulation's report as a page. It contains texts of scenario files and no script. The browser runs no
// script in it and gives it no origin, and allows its style sheet only by its hash.
func getReportPage(c *Call, in simulationNumber) (none, error) {
	read := func() ([]byte, error) { return c.Server.o.Simulations.HTML(in.Number) }
	return none{}, c.sendReport(read, (*veil).page, func(h http.Header, text []byte) {
		styles := "'none'"
		if _, after, ok := bytes.Cut(text, []byte("<style>")); ok {
			if css, _, ok := bytes.Cut(after, []byte("</style>")); ok {
				sum := sha256.Sum256(css)
				styles = "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
			}
		}
		h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styles+"; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox")
		h.Set("Content-Type", "text/html; charset=utf-8")
	})
}

func getReportJSON(c *Call, in simulationNumber) (none, error) {
	read := func() ([]byte, error) { return c.Server.o.Simulations.JSON(in.Number) }
	return none{}, c.sendReport(read, (*veil).document, func(h http.Header, _ []byte) { h.Set("Content-Type", "application/json") })
}

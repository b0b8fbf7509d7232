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
	"orac/web/edge"
	"orac/web/schema"
	"orac/web/simulations"
	"orac/web/veil"
)

type ScenarioList struct {
	Possible  bool                   `json:"possible" doc:"Whether simulations can run here."`
	Scenarios []simulations.Scenario `json:"scenarios" doc:"quiet (the appliance's own runbook, where nothing may happen), and the files in scenarios and examples/scenarios beside the runbook."`
}

func (s *Server) scenarios() []simulations.Scenario {
	return simulations.Scenarios(s.o.App.Changer.Request().File)
}

func getScenarios(c *Call, _ schema.None) (ScenarioList, error) {
	return ScenarioList{c.Server.o.Simulations.Possible(), c.Server.scenarios()}, nil
}

type SimulationInput struct {
	Scenario string `json:"scenario" check:"required;min=1;max=128" doc:"A name from GET /api/scenarios."`
	Seeds    int    `json:"seeds" check:"required;min=1;max=50" doc:"It runs with the seeds from 1 to this number."`
	For      string `json:"for,omitempty" check:"pattern=window" doc:"Virtual time of each run, 1m to 30d; default: as the scenario says, or an hour for quiet."`
}

func (in SimulationInput) target() string { return in.Scenario }

// startSimulation starts a simulation and does not wait for its end.
func startSimulation(c *Call, in SimulationInput) (simulations.Simulation, error) {
	if in.For != "" {
		if d, err := language.ParseDuration(in.For); err != nil || d < time.Minute || d > simulations.MaxFor {
			return simulations.Simulation{}, schema.Invalid(schema.FieldError{Field: "for", Wrong: "must be from 1m to 30d"})
		}
	}
	request := c.Server.o.App.Changer.Request()
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
	return simulations.Simulation{}, schema.Fail(schema.NotFound, "There is no such scenario.")
}

func simulationProblem(err error) error {
	switch {
	case errors.Is(err, simulations.ErrUnknown):
		return schema.Fail(schema.NotFound, "There is no such simulation, or it has no report.")
	case errors.Is(err, simulations.ErrBusy):
		return schema.Fail(schema.Busy, "A simulation is running already. Stop it, or wait until it ends.")
	case errors.Is(err, simulations.ErrImpossible):
		return schema.Fail(schema.Unavailable, "Simulations cannot run here.")
	case errors.Is(err, simulations.ErrFull):
		return schema.Fail(schema.Unavailable, "The disk is nearly full: the rest is kept for recordings. Free some space first.")
	}
	return err
}

func getSimulations(c *Call, _ schema.None) ([]simulations.Simulation, error) {
	return notNil(c.Server.o.Simulations.List()), nil
}

type SimulationNumber struct {
	Number int `path:"number" check:"min=1;max=999999999"`
}

func (in SimulationNumber) target() string { return fmt.Sprint(in.Number) }

func getSimulation(c *Call, in SimulationNumber) (simulations.Simulation, error) {
	s, err := c.Server.o.Simulations.Get(in.Number)
	if !c.Who.Role.Includes(auth.Admin) {
		s.Output = "" // it quotes lines of files that only admins may read
	}
	return s, simulationProblem(err)
}

func stopSimulation(c *Call, in SimulationNumber) (schema.None, error) {
	return schema.None{}, simulationProblem(c.Server.o.Simulations.Stop(in.Number))
}

// getReportPage returns a simulation's report as a page. It contains texts of scenario files and no script. The browser runs no
// script in it and gives it no origin, and allows its style sheet only by its hash.
func getReportPage(c *Call, in SimulationNumber) (schema.None, error) {
	read := func() ([]byte, error) { return c.Server.o.Simulations.HTML(in.Number) }
	return schema.None{}, c.sendReport(read, (*veil.Veil).Page, func(h http.Header, text []byte) {
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

func getReportJSON(c *Call, in SimulationNumber) (schema.None, error) {
	read := func() ([]byte, error) { return c.Server.o.Simulations.JSON(in.Number) }
	return schema.None{}, c.sendReport(read, (*veil.Veil).Document, func(h http.Header, _ []byte) { h.Set("Content-Type", "application/json") })
}

// maxReports is how many reports are sent at once: each is in memory meanwhile, up to 32 MiB. One place is kept for
// admins.
const maxReports = 3

// sendReport sends a report with its headers, unless too many are being sent. Everybody except admins gets it veiled.
func (c *Call) sendReport(read func() ([]byte, error), veiled func(*veil.Veil, []byte) ([]byte, error), headers func(h http.Header, text []byte)) error {
	if !c.Server.reports.Take(c.Who, maxReports, 1) {
		return schema.Fail(schema.Unavailable, "Too many reports are being sent, in all or to you. Try again soon.")
	}
	defer c.Server.reports.Leave(c.Who)
	text, err := read()
	if err != nil {
		return simulationProblem(err)
	}
	if c.Who.Role != auth.Admin {
		if text, err = veiled(c.Server.set.Load().veil, text); err != nil {
			return err
		}
	}
	w := c.Streaming()
	headers(w.Header(), text)
	_, _ = edge.NewPaced(w).Write(text) // an error means that the client has gone
	return nil
}

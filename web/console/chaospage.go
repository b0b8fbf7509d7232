package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"orac/runbook"
	"orac/runbook/scenario"
	"orac/web/api"
)

// situation is a scenario that can be run.
type situation struct {
	Name, Doc string
	path      string
}

// situations are the scenarios beside the runbook: in its folder scenarios, and in examples/scenarios.
func situations(runbookFile string) (list []situation) {
	seen := map[string]bool{}
	for _, dir := range []string{"scenarios", filepath.Join("examples", "scenarios")} {
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(runbookFile), dir, "*.hcl")) // the pattern is good
		for _, path := range files {
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() || info.Size() > runbook.MaxFileSize || len(list) == 200 {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil || !scenario.Is(text) {
				continue // a runbook that scenarios use
			}
			s := situation{Name: strings.TrimSuffix(filepath.Base(path), ".hcl"), path: path}
			if parsed, _ := scenario.Parse(text, path, runbook.Options{}); parsed != nil {
				s.Doc = parsed.Head.Doc
			}
			if !seen[s.Name] {
				seen[s.Name] = true
				list = append(list, s)
			}
		}
	}
	return list
}

type chaosData struct {
	Situations []situation
	Runs       []run
	Seeds      int
	Possible   bool
	Wrong      string
	CSRF       string
	Admin      bool
}

// Running tells whether one goes on.
func (d chaosData) Running() bool { return len(d.Runs) > 0 && d.Runs[0].Running() }

func (c *Console) chaosData(call *api.Call) chaosData {
	return chaosData{
		Situations: situations(call.Server.App().Request().File), Runs: c.chaos.list(), Seeds: 5, CSRF: call.Who.CSRF,
		Possible: c.o.Program != "" && c.o.StateDir != "", Admin: view{Who: call.Who}.Admin(),
	}
}

func (c *Console) chaosPage(call *api.Call) error { return c.showChaos(call, http.StatusOK, "") }

func (c *Console) showChaos(call *api.Call, status int, wrong string) error {
	d := c.chaosData(call)
	d.Wrong = wrong
	return c.show(call, status, "chaos", view{Title: "Chaos", Nav: "/chaos", Data: d})
}

func (c *Console) chaosPart(call *api.Call) error {
	return c.part(call, "chaos", "runs-part", c.chaosData(call))
}

func (c *Console) chaosRun(call *api.Call) error {
	name := call.R.PostFormValue("scenario")
	seeds, err := strconv.Atoi(call.R.PostFormValue("seeds"))
	if err != nil || seeds < 1 || seeds > chaosSeeds {
		return c.showChaos(call, http.StatusBadRequest, "Seeds: write a number from 1 to "+strconv.Itoa(chaosSeeds)+".")
	}
	for _, s := range situations(call.Server.App().Request().File) {
		if s.Name != name {
			continue
		}
		call.Target(name)
		err := call.Audited("chaos.run", func() error {
			err := c.chaos.start(s.Name, s.path, seeds, call.Who.Subject(), call.Log())
			switch {
			case errors.Is(err, errChaosBusy):
				return api.Fail(api.Busy, "A simulation runs already.")
			case errors.Is(err, errNoProgram):
				return api.Fail(api.Unavailable, "Simulations cannot be run here.")
			}
			return err
		})
		if err != nil {
			if p := api.AsProblem(err); p.Status < 500 {
				return c.showChaos(call, p.Status, sayWrong(p))
			}
			return err
		}
		return redirect(call, "/chaos")
	}
	return c.showChaos(call, http.StatusNotFound, "There is no such scenario.")
}

func (c *Console) chaosStop(call *api.Call) error {
	if err := call.Audited("chaos.stop", func() error { c.chaos.halt(); return nil }); err != nil {
		return err
	}
	return redirect(call, "/chaos")
}

// chaosReport gives the page that a simulation has left. It holds texts of scenario files and no script: it runs none, belongs to
// no origin, and its style sheet is allowed by its hash alone.
func (c *Console) chaosReport(call *api.Call) error {
	number, err := strconv.Atoi(call.R.PathValue("number"))
	if err != nil {
		return api.Fail(api.NotFound, "There is no such report.")
	}
	text, err := c.chaos.report(number)
	if errors.Is(err, fs.ErrNotExist) {
		return api.Fail(api.NotFound, "There is no such report.")
	}
	if err != nil {
		return err
	}
	styles := "'none'"
	if _, after, ok := bytes.Cut(text, []byte("<style>")); ok {
		if css, _, ok := bytes.Cut(after, []byte("</style>")); ok {
			sum := sha256.Sum256(css)
			styles = "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
	}
	w := call.Streaming()
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styles+"; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text) // a browser that goes needs nothing
	return nil
}

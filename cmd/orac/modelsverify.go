package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/models"
	"orac/models/infer"
	"orac/models/onnx"
)

// modelVerdict is an element of what orac models verify --json prints.
type modelVerdict struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Runs    string `json:"runs,omitempty"` // what computes it: an instruction set of our kernels, or onnxruntime
	Problem string `json:"problem,omitempty"`
}

func (a *app) modelsVerify() *cobra.Command {
	return a.storeCommand(&cobra.Command{
		Use: "verify [NAME…]", Short: "check the files that are here against the catalogue, and what they compute",
		Long: `Compares the files that are here with the SHA-256 of the catalogue. Networks that hear are also opened and run on a built-in sound:
what our kernels compute must be what ONNX Runtime gave for it.`,
		Example: "  orac models verify\n  orac models verify hey_jarvis",
	}, func(_ context.Context, s models.Store, names []string) error {
		if len(names) == 0 {
			for _, m := range s.List() {
				if m.Present {
					names = append(names, m.Name)
				}
			}
		}
		if err := known(names); err != nil {
			return err
		}
		verdicts, wrong := []modelVerdict{}, 0
		for _, name := range names {
			v := modelVerdict{Name: name, OK: true}
			var err error
			if v.Runs, err = verify(s, name); err != nil {
				wrong++
				v.OK, v.Problem = false, err.Error()
			}
			verdicts = append(verdicts, v)
		}
		if a.json {
			if err := a.printJSON(verdicts); err != nil {
				return err
			}
		} else {
			a.verified(verdicts)
		}
		if wrong > 0 {
			return failed(fmt.Errorf("%d of %s not right", wrong, plural(len(names), "file is", "files are")))
		}
		if len(names) == 0 {
			return failed(models.Missing(s, models.Required(infer.NeedsRuntime())))
		}
		return nil
	})
}

func (a *app) verified(verdicts []modelVerdict) {
	for _, v := range verdicts {
		switch {
		case !v.OK:
			fmt.Fprintf(a.out, "%s  %s: %s\n", a.out.Bad("wrong"), v.Name, screen.Clean(v.Problem))
		case v.Runs != "":
			fmt.Fprintf(a.out, "%s  %s %s\n", a.out.Good("ok   "), v.Name, a.out.Faint("("+v.Runs+")"))
		default:
			fmt.Fprintf(a.out, "%s  %s\n", a.out.Good("ok   "), v.Name)
		}
	}
}

// verify compares the file of an entry and runs it, if it hears. A network that needs another one runs only if that is here, too.
func verify(s models.Store, name string) (runs string, err error) {
	e, err := models.Find(name)
	if err != nil {
		return "", err
	}
	if err := s.Verify(name); err != nil {
		return "", err
	}
	if e.Kind != models.Head && e.Kind != models.VAD && e.Kind != models.Feature || infer.NeedsRuntime() && models.Missing(s, []string{"onnxruntime"}) != nil {
		return "", nil
	}
	engine, err := infer.New(s.Library)
	if err != nil {
		return "", err
	}
	load := func(name string) onnx.Data {
		var f models.File
		if err == nil {
			f, err = s.Load(name)
		}
		return f.Data
	}
	var network interface{ Close() error }
	switch e.Kind {
	case models.Head:
		if d := load(name); err == nil {
			network, err = engine.OpenHead(d)
		}
	case models.VAD:
		if d := load(name); err == nil {
			network, err = engine.OpenVAD(d)
		}
	default:
		if models.Missing(s, []string{"melspectrogram", "embedding_model"}) != nil {
			return "", nil
		}
		if c := (infer.Config{Mel: load("melspectrogram"), Embedding: load("embedding_model")}); err == nil {
			network, err = engine.OpenExtractor(c)
		}
	}
	if err != nil {
		return "", err
	}
	runs = engine.Kernel()
	if len(engine.Libraries()) > 0 { // it was needed for this one
		runs = "onnxruntime"
	}
	return runs, network.Close()
}

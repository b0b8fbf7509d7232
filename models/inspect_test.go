package models_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/models"
	"orac/models/modelstest"
	"orac/models/onnx"
)

func TestInspect(t *testing.T) {
	e, err := models.Inspect(modelstest.Path(t, "embedding_model"))
	if err != nil {
		t.Fatal(err)
	}
	// 328 137 constants, 8 of them shapes and no parameters; 20 convolutions, 11 of them long in time.
	if !e.Streamable || e.States != 11 || e.Parameters != 328129 || e.Ops[0] != (models.Count{Op: "Conv", N: 20}) || e.Licence != "Apache-2.0" {
		t.Errorf("embedding network: %+v", e)
	}
	h, err := models.Inspect(modelstest.Path(t, "timer"))
	if err != nil {
		t.Fatal(err)
	}
	if !h.Head || h.Window != 34 || h.Classes != 7 || len(h.Labels) != 7 || h.Licence != "CC-BY-NC-SA-4.0" || !strings.HasPrefix(h.Producer, "pytorch") {
		t.Errorf("timer: %+v", h)
	}
	for _, x := range models.Catalogue() {
		if x.Kind != models.Head {
			continue
		}
		r, err := models.Inspect(modelstest.Path(t, x.Name))
		if err != nil || int(r.Window) != x.Window || r.Name != x.Name {
			t.Errorf("%s: window %d, the catalogue says %d (%v)", x.Name, r.Window, x.Window, err)
		}
	}
	v, err := models.Inspect(modelstest.Path(t, "silero_vad"))
	if err != nil || v.Head || v.Streamable || v.Why == "" || len(v.Inputs) != 4 {
		t.Errorf("VAD: %+v, %v", v, err)
	}
}

func TestInspectRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.onnx")
	os.WriteFile(file, []byte("\x3a\x80\x80\x80\x80\x04"), 0o600) // a graph of 1 GiB, says its header
	if _, err := models.Inspect(file); !errors.Is(err, onnx.ErrMalformed) || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if _, err := models.Inspect("/nowhere.onnx"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestInspectDoesNotWaitForAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo.onnx")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := models.Inspect(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
}

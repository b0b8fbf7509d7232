package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary orac itself: for scripts, as the command on the PATH; for itself as the capture worker's
// parent and for tests that start it, by ORAC_TEST_MAIN. It is also the crowd that benchmarks put before a running orac.
func TestMain(m *testing.M) {
	if os.Getenv(crowdEnv) != "" {
		os.Exit(crowdMain())
	}
	if os.Getenv("ORAC_TEST_MAIN") != "" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"orac": func() {
		os.Setenv("ORAC_TEST_MAIN", "1")
		main()
	}, "rehearse": func() { // orac with a rehearsal in the place of the simulator
		simulate = rehearse
		main()
	}})
}

// TestScripts runs the binary as a person would: testdata/script/*.txtar, one case a file.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"appliance": startModel, "code": code},
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			e.Setenv("SOUNDS", need(t, ".orac/sounds"))
			e.Setenv("ORAC_MODELS_DIR", modelsForTests(t))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// modelsForTests is where `make deps` has put the models.
func modelsForTests(t testing.TB) string {
	if dir := os.Getenv("ORAC_MODELS_DIR"); dir != "" {
		return dir
	}
	return need(t, ".orac/models")
}

// need gives a path below the root that `make deps` makes.
func need(t testing.TB, path string) string {
	t.Helper()
	full, err := filepath.Abs(filepath.Join("../..", path))
	if err == nil {
		_, err = os.Stat(full)
	}
	if err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	return full
}

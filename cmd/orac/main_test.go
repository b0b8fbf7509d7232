package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"orac/cmd/orac/docstest"
)

// TestMain makes the test binary orac itself: for scripts, as the command on the PATH; for itself as the capture worker's
// parent and for tests that start it, by ORAC_TEST_MAIN. It is also the crowd that benchmarks put before a running orac.
func TestMain(m *testing.M) {
	if os.Getenv(crowdEnv) != "" {
		os.Exit(crowdMain())
	}
	if code, is := docstest.Main(os.Args); is {
		os.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == "stt-worker" { // an engine's process knows nothing of its parent's environment
		main()
		return
	}
	if os.Getenv("ORAC_TEST_MAIN") != "" {
		documented(main)
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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"appliance": startModel, "code": code, "documented": onThePage},
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

// documented runs orac as a document shows it: what takes minutes with less, and what has no end until its first line. Outside
// of documents it is main.
func documented(main func()) {
	args := os.Args[1:]
	if docstest.Endless(args) {
		real := os.Stdout
		read, write, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		done := docstest.Watch(read, real, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) })
		os.Stdout = write
		code := Run(context.Background(), args, os.Stdin, write, os.Stderr)
		write.Close()
		<-done
		os.Exit(code)
	}
	lines, less := docstest.Shorten(args)
	if !less && slices.Equal(lines[0], args) {
		main()
		return
	}
	for _, line := range lines {
		code := Run(context.Background(), line, os.Stdin, os.Stdout, os.Stderr)
		if code == exitDiffers && less && line[0] == "sim" {
			code = exitFine // too few seeds to reach everything
		}
		if code != exitFine {
			os.Exit(code)
		}
	}
}

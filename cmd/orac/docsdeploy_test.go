package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orac/cmd/orac/docstest"
	"orac/cmd/orac/screen"
)

// example is the text of a file of the repository.
func example(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// understood says why orac does not take a command line: a command or a flag that does not exist, or arguments that do not fit.
func understood(words []string) error {
	root := (&app{out: screen.New(os.Stdout), err: screen.New(os.Stderr)}).root()
	c, rest, err := root.Find(words)
	if err == nil {
		err = unknownCommand(root, words)
	}
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	return err
}

// TestTheCIExamplesRun runs the steps that a pipeline runs with orac, in a repository that has a scenario. Two seeds will do: a
// pipeline only runs more of them.
func TestTheCIExamplesRun(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	need(t, ".orac/models")
	s := docstest.New(t, root, "testdata/docs/files")
	scenario := strings.Replace(example(t, "examples/scenarios/unplug.hcl"), `"kitchen.hcl"`, `"../examples/scenarios/kitchen.hcl"`, 1)
	if err := s.Save("scenarios/unplug.hcl", scenario); err != nil {
		t.Fatal(err)
	}
	s.Setenv("SEEDS", "1-2")
	folded := regexp.MustCompile(`(?m)run: >\n((?: {10}.*\n)+)`)
	github := folded.ReplaceAllStringFunc(example(t, "examples/ci/github.yml"), func(step string) string {
		return "run: " + strings.Join(strings.Fields(folded.FindStringSubmatch(step)[1]), " ") + "\n"
	})
	github = regexp.MustCompile(`\$\{\{ github\.event_name [^}]*\}\}`).ReplaceAllString(github, "1-2")
	step := regexp.MustCompile(`(?m)^\s*(?:- )?(?:run: )?((?:orac|for scenario) .*?)(?: # .*)?$`)
	for file, text := range map[string]string{"github.yml": github, "gitlab.yml": example(t, "examples/ci/gitlab.yml")} {
		ran := 0
		for _, m := range step.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "orac models pull") {
				continue // they are there; the documents of the models run it
			}
			ran++
			if out, code := s.Run(docstest.Command{At: file, Text: m[1]}); code != 0 {
				t.Errorf("%s: exit code %d:\n  $ %s\n%s", file, code, m[1], out)
			}
		}
		if ran != 4 {
			t.Errorf("%s: %d steps were found, not 4", file, ran)
		}
	}
}

// TestTheImageIsMadeOfWhatIsThere: every file that the Dockerfile copies from the repository exists, and so does every folder that
// compose.yaml names; the commands of the image and of the unit are command lines of orac.
func TestTheImageIsMadeOfWhatIsThere(t *testing.T) {
	dockerfile := strings.ReplaceAll(example(t, "examples/docker/Dockerfile"), "\\\n", " ")
	copies, commands := 0, 0
	for line := range strings.Lines(dockerfile) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == "COPY" && !strings.HasPrefix(words[1], "--from=") {
			for _, path := range words[1 : len(words)-1] {
				if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
					t.Error(err)
				}
				copies++
			}
		}
	}
	check := func(where string, words []string) {
		commands++
		if err := understood(words); err != nil {
			t.Errorf("%s: orac %s: %v", where, strings.Join(words, " "), err)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)\bCMD \[(.*)\]`).FindAllStringSubmatch(dockerfile, -1) {
		words := strings.Fields(strings.NewReplacer(`"`, "", ",", " ").Replace(m[1]))
		if words[0] == "orac" {
			words = words[1:]
		}
		check("Dockerfile", words)
	}
	for _, m := range regexp.MustCompile(`\borac ((?:models|secrets|run) [^&|\n]*)`).FindAllStringSubmatch(regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(dockerfile, ""), -1) {
		check("Dockerfile", strings.Fields(m[1]))
	}
	for _, m := range regexp.MustCompile(`(?m)^Exec\w+=\S*/orac (.*)$`).FindAllStringSubmatch(example(t, "examples/systemd/orac.service"), -1) {
		check("orac.service", strings.Fields(m[1]))
	}
	if copies < 5 || commands != 4 {
		t.Errorf("%d copies and %d commands were found", copies, commands)
	}
	compose := example(t, "examples/docker/compose.yaml")
	if err := docstest.YAML(compose); err != nil {
		t.Error(err)
	}
	paths := 0
	for _, m := range regexp.MustCompile(`(?m)^\s+(?:- (\./[^:]+):|context: (\S+)|dockerfile: (\S+))`).FindAllStringSubmatch(compose, -1) {
		base := "../../examples/docker"
		if m[3] != "" { // it is relative to the context
			base = "../.."
		}
		if _, err := os.Stat(filepath.Join(base, m[1]+m[2]+m[3])); err != nil {
			t.Error(err)
		}
		paths++
	}
	if paths != 3 {
		t.Errorf("%d paths were found in compose.yaml", paths)
	}
}

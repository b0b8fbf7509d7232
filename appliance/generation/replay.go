package generation

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"orac/runbook"
	"orac/runbook/language"
)

// variablePrefix begins the name of the environment variable that sets a variable.
const variablePrefix = "ORAC_VAR_"

// Parse evaluates a generation again in today's world, but with its own text, variables and files: see Options.
func (g *Generation) Parse(world language.Options) (*runbook.Runbook, language.Diagnostics) {
	return runbook.Parse(g.Source, g.File, g.Options(world))
}

// Options returns the world as the generation saw it. Variables and the files that file() reads are as they were kept, and what
// was missing then is missing. Files that attributes name are known by the hashes that they had. Secrets, env(), sensitive
// variables, secret files and everything that was not read then come from the given world.
func (g *Generation) Options(world language.Options) language.Options {
	kept, missing := map[string]string{}, map[string]bool{}
	vars, sensitive := map[string]string{}, map[string]bool{}
	named := map[string]language.Input{}
	for _, in := range g.Inputs.List {
		switch {
		case in.Kind == language.InputVariable && in.Kept():
			vars[in.Name] = in.Value
		case in.Kind == language.InputVariable:
			sensitive[in.Name] = true
			if v, ok := world.Vars[in.Name]; ok {
				vars[in.Name] = v
			}
		case in.Kind == language.InputFile && in.Kept():
			kept[g.resolve(in.Name)] = in.Value
		case in.Kind == language.InputFile && in.Missing:
			missing[g.resolve(in.Name)] = true
		case in.Kind == language.InputNamed:
			named[in.Name] = in
		}
	}
	out := world.WithDefaults()
	env, read := out.Env, out.ReadFile
	out.Vars, out.Named = vars, named
	out.Env = func(name string) (string, bool) {
		if v, ok := strings.CutPrefix(name, variablePrefix); ok && !sensitive[v] {
			return "", false // it was not set then, or vars holds its value
		}
		return env(name)
	}
	out.ReadFile = func(path string) ([]byte, error) {
		if text, ok := kept[path]; ok {
			return []byte(text), nil
		}
		if missing[path] {
			return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it was not there when the generation was applied")}
		}
		return read(path)
	}
	return out
}

// resolve returns the path that the runbook reads for a name.
func (g *Generation) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(g.File), name)
}

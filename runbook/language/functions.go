package language

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"orac/runbook/pattern"
)

// mark is carried by a value that came from env, file or secret, and by everything computed from
// it.
type mark string

// A value with markSecret never leaves a secret attribute. A value with markInput may be used in a
// public attribute: env("STT_URL") is a fine url. No error quotes either.
const (
	markSecret mark = "secret"
	markInput  mark = "input"
)

// library is the part of the cty standard library that expressions may call, each function behind
// bounded.
var library = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
	"parseint": stdlib.ParseIntFunc, "signum": stdlib.SignumFunc,

	"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc,
	"regex": stdlib.RegexFunc, "replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc,
	"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
	"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,

	"coalesce": stdlib.CoalesceFunc, "compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
	"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "index": stdlib.IndexFunc,
	"keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc,
	"reverse": stdlib.ReverseListFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "values": stdlib.ValuesFunc,
	"zipmap": stdlib.ZipmapFunc,

	"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
}

// isSecretSource reports whether the function's result carries a mark.
func isSecretSource(name string) bool {
	return name == "env" || name == "file" || name == "secret"
}

// functions returns what expressions may call.
func (e *evaluator) functions() map[string]function.Function {
	all := pure(e.budget)
	all["env"] = e.source(InputEnv, markInput, e.env)
	all["file"] = e.source(InputFile, markInput, e.file)
	if e.lang.Folder != nil {
		all["secret"] = e.source(InputSecret, markSecret, e.secret)
	}
	return all
}

// pure returns the functions that compute and do nothing else.
func pure(b *budget) map[string]function.Function {
	all := map[string]function.Function{"can": tryfunc.CanFunc, "try": tryfunc.TryFunc}
	for name, f := range library {
		all[name] = b.bounded(name, f)
	}
	return all
}

// functionsHint lists the functions that exist, for a call of one that does not.
func (l *Vocabulary) functionsHint(name string, all []string) string {
	switch {
	case l.Folder == nil && l.Holds != nil && name == "secret":
		return l.capital() + " may not fetch secrets; use secret() in the " + l.Holds.Noun + "."
	case len(all) < 20: // for a deferred expression
		return "The functions are " + strings.Join(all, ", ") + "."
	}
	return "`" + l.Schema + " --markdown` lists the functions."
}

// callError is an error of one of our own functions. We wrote its text, so it is safe to show,
// unlike what the library says about its arguments.
type callError struct{ summary, hint string }

func (c *callError) Error() string { return c.summary }

// source makes a function of one name whose result is marked and recorded. The name may come from
// env or file, but must not be a secret itself.
func (e *evaluator) source(kind InputKind, m mark, get func(string) (string, *callError)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			arg, marks := args[0].Unmark()
			if _, ok := marks[markSecret]; ok {
				return cty.NilVal, &callError{string(kind) + "() cannot be called with a secret", "Write the name in plain text."}
			}
			if !e.mayFetch(inputID{kind, arg.AsString()}) {
				return cty.UnknownVal(cty.String).Mark(m), nil
			}
			i, text, err := e.recorder.fetch(kind, arg.AsString(), len(marks) > 0, get)
			if i >= 0 {
				e.uses.add(i)
				e.site.fetch(i)
			}
			e.budget.charge(stepNode, len(text))
			if err != nil {
				if len(marks) > 0 {
					err = &callError{string(kind) + "() failed; its name comes from env() or file()", "The name is not shown because it may be a secret."}
				}
				return cty.NilVal, err
			}
			e.revealed++
			return cty.StringVal(text).Mark(m), nil
		},
	})
}

func (e *evaluator) env(name string) (string, *callError) {
	v, ok := e.opts.Env(name)
	switch {
	case !ok:
		return "", &callError{fmt.Sprintf("the environment variable %q is not set", Clip(name)),
			fmt.Sprintf("Set it, or give a default: try(env(%q), \"…\").", Clip(name))}
	case len(v) > maxInputFile || !utf8.ValidString(v):
		return "", &callError{fmt.Sprintf("the environment variable %q is not text of at most 1 MiB", Clip(name)), "Set it to valid UTF-8."}
	}
	return v, nil
}

func (e *evaluator) file(name string) (string, *callError) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.dir, path)
	}
	text, err := e.opts.ReadFile(path)
	switch {
	case err != nil:
		return "", &callError{fmt.Sprintf("cannot read the file %q: %s", Clip(name), Reason(err)),
			"The path is relative to the " + e.lang.Noun + ". Check the file and its permissions."}
	case len(text) > maxInputFile:
		return "", &callError{fmt.Sprintf("the file %q is larger than 1 MiB", Clip(name)), "file() reads at most 1 MiB."}
	case !utf8.Valid(text):
		return "", &callError{fmt.Sprintf("the file %q is not text", Clip(name)), "file() reads UTF-8 text only."}
	}
	return string(text), nil
}

// noSecret is the start of a message about a secret that cannot be read.
const noSecret = "secret() failed: "

// NoSecret tells whether the problem is a secret that cannot be read on this machine.
func (d Diagnostic) NoSecret() bool { return strings.HasPrefix(d.Summary, noSecret) }

var secretName = pattern.Lazy(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

func (e *evaluator) secret(name string) (string, *callError) {
	if !secretName().MatchString(name) {
		return "", &callError{"this cannot be the name of a secret", "A name is 1 to 64 letters, digits, _, . or -."}
	}
	var v string
	var err error
	if e.opts.Secret != nil {
		v, err = e.opts.Secret(name)
	} else {
		v, err = e.opts.findSecret(name, e.stateDir())
	}
	switch {
	case errors.Is(err, errUnusable):
		return "", &callError{noSecret + err.Error(), "The secret exists. Run orac as the owner of the state directory, or repair the file. Do not generate it again."}
	case err != nil:
		return "", &callError{noSecret + err.Error(), "Make one with: orac secrets generate " + name + " (the hash of a password with: orac user add NAME). Secrets come from ORAC_SECRET_NAME, systemd credentials, or files in the state directory."}
	case len(v) > maxInputFile || !utf8.ValidString(v):
		return "", &callError{fmt.Sprintf("the secret %q is not text of at most 1 MiB", name), "Store it as valid UTF-8."}
	}
	return v, nil
}

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"orac/runbook/language"
)

// flagError explains a wrong flag in plain words: which flag, what was given, and what fits.
func flagError(c *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
		syntax  *pflag.InvalidSyntaxError
	)
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(c, unknown)
	case errors.As(err, &missing):
		return usage("--%s needs a value: --%s %s", missing.GetFlag().Name, missing.GetFlag().Name, placeholder(missing.GetFlag()))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return usage("--%s %.60q: write %s", f.Name, invalid.GetValue(), fits(f))
	case errors.As(err, &syntax):
		return usage("%.60q is not a flag; write --NAME or --NAME=VALUE", syntax.GetSpecifiedFlag())
	}
	return err
}

// unknownFlag names the existing flag that is nearest to an unknown one.
func unknownFlag(c *cobra.Command, e *pflag.NotExistError) error {
	name, dashes := e.GetSpecifiedName(), "--"
	if e.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	near, distance := "", max(1, (len(name)+2)/4) // letters that may be wrong
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if d := levenshtein.Distance(name, f.Name, nil); d <= distance && !f.Hidden {
			near, distance = f.Name, d
		}
	})
	if near != "" {
		return usage("there is no flag %s%s; did you mean --%s?", dashes, name, near)
	}
	return usage("there is no flag %s%s", dashes, name)
}

// placeholder is the word for the value of a flag in its help.
func placeholder(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	return name
}

// fits says which values a flag of this kind accepts.
func fits(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return fmt.Sprintf("--%[1]s, --%[1]s=true or --%[1]s=false", f.Name)
	case "int":
		return "a whole number, like 10"
	case "uint64":
		return "a whole number from 0, like 17"
	case "float64":
		return "a number, like 0.5"
	case "intSlice":
		return "whole numbers separated by commas, like 0,2"
	case "stringSlice":
		return "names separated by commas, like hey_jarvis,alexa"
	case variableKind:
		return "a name and a value, like room=kitchen"
	case durationKind:
		return "how long, like 90s, 15m, 24h or 30d"
	}
	return placeholder(f)
}

// durationKind is the type of flags that hold a duration.
const durationKind = "duration"

// howLong is the value of a duration flag, written as in runbooks: 90s, 15m, 24h, 30d.
type howLong time.Duration

// durationVar defines a duration flag.
func durationVar(flags *pflag.FlagSet, p *time.Duration, name string, value time.Duration, about string) {
	*p = value
	flags.Var((*howLong)(p), name, about)
}

// String implements pflag.Value.
func (d *howLong) String() string { return language.FormatDuration(time.Duration(*d)) }

// Set implements pflag.Value.
func (d *howLong) Set(text string) error {
	v, err := language.ParseDuration(text)
	if err == nil {
		*d = howLong(v)
	}
	return err
}

// Type implements pflag.Value.
func (d *howLong) Type() string { return durationKind }

// variableKind is the type of flags that give variables of a runbook their values.
const variableKind = "variable"

// variables are the values that variables of a runbook were given, by name.
type variables map[string]string

// String implements pflag.Value.
func (v variables) String() string { return "" }

// Set implements pflag.Value.
func (v variables) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("it is no NAME=VALUE")
	}
	v[name] = value
	return nil
}

// Type implements pflag.Value.
func (v variables) Type() string { return variableKind }

// argumentError says which arguments a command accepts, instead of cobra's words.
func argumentError(c *cobra.Command, err error) error {
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, "unknown command "); ok && !c.HasSubCommands() { // cobra's words for a surplus argument
		word, _, _ := strings.Cut(rest, " for ")
		return fmt.Errorf("%s takes no arguments; remove %s", c.CommandPath(), word)
	}
	form := strings.TrimSuffix(c.UseLine(), " [flags]")
	switch {
	case strings.HasPrefix(text, "requires at least") || strings.HasSuffix(text, "received 0") && strings.HasPrefix(text, "accepts"):
		return fmt.Errorf("an argument is missing; write: %s", form)
	case strings.HasPrefix(text, "accepts"):
		return fmt.Errorf("the number of arguments is wrong; write: %s", form)
	case strings.HasPrefix(text, "invalid argument ") && len(c.ValidArgs) > 0:
		word, _, _ := strings.Cut(strings.TrimPrefix(text, "invalid argument "), " for ")
		return fmt.Errorf("%s does not know %s; write: %s", c.CommandPath(), word, form)
	}
	return err
}

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"

	"orac/cmd/orac/guide"
)

// helpCommand shows the help of a command, or a page of the guide.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "show the help of a command, or a page of the guide",
		Example: `  orac help apply
  orac help install
  orac help troubleshooting | less`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     completeHelp,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Root().Help()
			}
			asked, rest, err := c.Root().Find(args)
			switch t, isTopic := guide.Find(args[0]); {
			case err == nil && len(rest) == 0 && asked != c.Root():
				return asked.Help()
			case isTopic && len(args) == 1:
				fmt.Fprint(a.out, guide.Render(t.Text, a.readable(), a.out.Strong))
				return nil
			}
			return a.noSuchHelp(c.Root(), strings.Join(args, " "))
		},
	}
}

// noSuchHelp lists the topics that help covers, the nearest first.
func (a *app) noSuchHelp(root *cobra.Command, asked string) error {
	near, distance := "", max(1, (len(asked)+2)/4) // letters that may be wrong
	names := topicNames()
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	for _, name := range names {
		if d := levenshtein.Distance(asked, name, nil); d <= distance || near == "" && strings.HasPrefix(name, asked) {
			near, distance = name, min(d, distance)
		}
	}
	said := fmt.Sprintf("there is no command or topic %q", asked)
	if near != "" {
		said += fmt.Sprintf("; did you mean orac help %s?", near)
	}
	return &exit{exitUsage, errors.New(said + "\nTopics: " + strings.Join(topicNames(), ", ") + " (see: orac help)")}
}

func topicNames() []string {
	var names []string
	for _, t := range guide.Topics() {
		names = append(names, t.Name)
	}
	return names
}

// completeHelp offers commands, and for the first word also topics.
func completeHelp(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offers []cobra.Completion
	parent, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, child := range parent.Commands() {
		if child.IsAvailableCommand() {
			offers = append(offers, cobra.CompletionWithDesc(child.Name(), child.Short))
		}
	}
	if len(args) == 0 {
		for _, t := range guide.Topics() {
			offers = append(offers, cobra.CompletionWithDesc(t.Name, t.Title))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// mostReadable is the longest line that is easy to read.
const mostReadable = 100

// readable is the width in which long texts are shown: that of the terminal, else COLUMNS, else the usual one.
func (a *app) readable() int {
	if w := a.out.Width(); w > 0 {
		return min(w, mostReadable)
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w >= 20 {
		return min(w, mostReadable)
	}
	return 80
}

// showHelp shows what a command does, how it is called, its commands and its flags, wrapped for this terminal.
func (a *app) showHelp(c *cobra.Command) {
	width := a.readable()
	c.InitDefaultHelpFlag()
	about := c.Long
	if about == "" {
		about = sentence(c.Short)
	}
	h := &helpText{width: width}
	h.paragraphs(about)
	h.section(a.out.Strong("Usage:"))
	if c.Runnable() && !c.HasSubCommands() || c.Annotations[takesFiles] != "" {
		h.command(c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		h.command(c.CommandPath() + " COMMAND")
	}
	if c.HasExample() {
		h.section(a.out.Strong("Examples:"))
		for line := range strings.Lines(c.Example) {
			h.example(strings.TrimSpace(line))
		}
	}
	if c.HasAvailableSubCommands() {
		h.section(a.out.Strong("Commands:"))
		var rows [][2]string
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				rows = append(rows, [2]string{child.Name(), child.Short})
			}
		}
		h.table(rows)
	}
	if c == c.Root() {
		h.section(a.out.Strong("Topics:") + " (orac help TOPIC)")
		var rows [][2]string
		for _, t := range guide.Topics() {
			rows = append(rows, [2]string{t.Name, t.Title})
		}
		h.table(rows)
	}
	if c.HasAvailableLocalFlags() {
		h.section(a.out.Strong("Flags:"))
		h.table(flagRows(c.LocalFlags()))
	}
	if c.HasAvailableSubCommands() {
		h.line("")
		h.paragraphs(fmt.Sprintf("`%s COMMAND --help` says more about a command.", c.CommandPath()))
	}
	fmt.Fprint(a.out, h.String())
}

// sentence turns a short text into a sentence.
func sentence(short string) string {
	if short == "" || slices.Contains([]byte(".!?"), short[len(short)-1]) {
		return short
	}
	return strings.ToUpper(short[:1]) + short[1:] + "."
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// takesFiles annotates a command that accepts files as well as subcommands.
const takesFiles = "files"

// unknownCommand refuses a word that is no command, before cobra prints its parent's help for it.
func unknownCommand(root *cobra.Command, args []string) error {
	c, rest, err := root.Find(args)
	if err != nil || !c.HasSubCommands() || c.Annotations[takesFiles] != "" || len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
		return nil
	}
	if c == root && (rest[0] == "help" || strings.HasPrefix(rest[0], "__complete")) { // cobra's own
		return nil
	}
	near := ""
	c.SuggestionsMinimumDistance = max(1, (len(rest[0])+2)/4) // letters that may be wrong
	if names := c.SuggestionsFor(rest[0]); len(names) > 0 {
		near = fmt.Sprintf("; did you mean %s %s?", c.CommandPath(), names[0])
	}
	return usage("there is no command %q%s (see: %s --help)", c.CommandPath()+" "+rest[0], near, c.CommandPath())
}

// wayOut points to the help of the command that was misused.
func wayOut(c *cobra.Command, err error) error {
	if c == nil || err == nil || strings.Contains(err.Error(), "(see: ") {
		return err
	}
	return fmt.Errorf("%w (see: %s --help)", argumentError(c, err), c.CommandPath())
}

// checked remembers that results could not be written, because commands do not check each line.
type checked struct {
	w   io.Writer
	err error
}

// checkResults watches for write errors on a stream, unless the stream is a terminal.
func checkResults(w io.Writer) (io.Writer, *checked) {
	c := &checked{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return w, c
	}
	return c, c
}

// piped tells whether output goes to another program through a pipe. A service manager provides a socket or a file.
func piped(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// Write implements io.Writer.
func (c *checked) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("cannot write the results: %w", err)
	}
	return n, err
}

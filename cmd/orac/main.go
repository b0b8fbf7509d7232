// Command orac is the wake-word appliance: it listens, wakes, records and delivers as one orac.hcl declares.
package main

import (
	"context"
	"io"
	"log"
	"os"
)

func main() {
	log.SetOutput(io.Discard) // ORAC logs by slog: this is the chatter of libraries, such as the FLAC decoder's about rare sample rates
	os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Command orac is the wake-word appliance: it listens, wakes, records and delivers as one orac.hcl declares.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

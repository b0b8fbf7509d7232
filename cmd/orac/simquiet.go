package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"orac/runbook/language"
	"orac/runbook/scenario"
)

// quiet is the scenario for a runbook without one: nothing is played, nothing breaks, and nothing may happen.
const quiet = `scenario "quiet" {
  doc     = "Nothing is played and nothing breaks: no watchdog fires, nothing is restarted, and nothing grows."
  runbook = %s
  for     = "1h"
}

expect "nothing_happens" {
  doc   = "Without a fault there is no incident and no restart."
  holds = incidents == 0 && restarts == 0 && leaked == 0 && boots <= 1
}

expect "nothing_is_lost" {
  holds = lost == 0 && duplicated == 0
}

steady "healthy" {
  holds = health == "healthy"
  from  = "1m"
  every = "5s"
}

flat "memory" {
  memory  = "16MiB"
  tasks   = 0
  warm_up = "10m"
}
`

// builtIn is the file name of a built-in scenario.
const builtIn = "(built in)"

// quietScenario returns the quiet scenario for a runbook.
func quietScenario(path string, o language.Options) (*scenario.Scenario, language.Diagnostics) {
	name := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(filepath.Base(path))) // a string of HCL
	text := fmt.Sprintf(quiet, name)
	return scenario.Parse([]byte(text), filepath.Join(filepath.Dir(path), builtIn), o)
}

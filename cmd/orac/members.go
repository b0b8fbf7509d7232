package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/health"
	"orac/cmd/orac/screen"
	"orac/web/members"
)

func (a *app) membersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "members",
		Short: "show the members of this issuer: who is here, how each is, what it runs",
		Long: `Shows each member block of the runbook: whether it answers, its health, version and generation, whether its runbook drifts, and how
its audit log stands. A runbook drifts if the member's file is not what runs there, or if somebody has changed it there since the last push.`,
		Example: `  orac members
  orac members --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := a.daemon().Members(c.Context())
			if err != nil {
				return a.refused(err)
			}
			if a.json {
				return a.printJSON(list)
			}
			a.showMembers(list, time.Now())
			return nil
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) showMembers(list []members.State, now time.Time) {
	rows := [][]string{{"NAME", "STATE", "VERSION", "GENERATION", "DRIFT", "LAST SEEN"}}
	for _, s := range list {
		seen := "never"
		if !s.LastSeen.IsZero() {
			seen = screen.When(s.LastSeen, now)
		}
		rows = append(rows, []string{s.Name, a.presence(s), screen.Clean(s.Seen.Version), generationOf(s), s.Drift.Words(), seen})
	}
	a.out.Table(rows)
	for _, s := range list {
		if level, why := s.Level(); level != health.Healthy {
			mark := a.out.Warn(s.Name)
			if level == health.Unhealthy {
				mark = a.out.Bad(s.Name)
			}
			fmt.Fprintf(a.out, "%s: %s\n", mark, screen.Clean(why))
		}
	}
}

func generationOf(s members.State) string {
	if s.LastSeen.IsZero() {
		return ""
	}
	return strconv.Itoa(s.Seen.Generation)
}

// presence is how a member is, in a word or two.
func (a *app) presence(s members.State) string {
	switch {
	case s.Busy != "":
		return a.out.Mark(s.Busy)
	case s.Presence == members.Unasked, s.Presence == members.Nameless:
		return a.out.Faint(string(s.Presence))
	case s.Presence != members.Here:
		return a.out.Bad(string(s.Presence))
	case s.Seen.Health == health.Healthy:
		return a.out.Good(string(s.Seen.Health))
	}
	return a.out.Warn(string(s.Seen.Health))
}

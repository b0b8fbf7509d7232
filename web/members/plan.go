package members

import (
	"fmt"
	"strings"

	"orac/appliance/rollout"
	"orac/appliance/status"
)

const (
	maxLines = 40  // of a plan that people are shown
	maxLine  = 200 // bytes of one
)

// planOf makes a plan for people from that of a member.
func planOf(p status.Plan) (rollout.Plan, error) {
	out := rollout.Plan{Hash: rollout.Line(p.Hash, 128), Changes: p.Changes}
	if out.Hash == "" || out.Hash != p.Hash {
		return rollout.Plan{}, nonsense("its plan has no hash")
	}
	for _, c := range p.Components {
		if c.Action == status.Keep {
			continue
		}
		if len(out.Lines) == maxLines {
			out.Lines = append(out.Lines, "… and more")
			break
		}
		text := fmt.Sprintf("%s %s", c.Action, c.Address)
		var because []string
		for _, a := range c.Because[:min(len(c.Because), 4)] {
			if a.Secret {
				because = append(because, fmt.Sprintf("%s.%s", a.Block, a.Name))
			} else {
				because = append(because, fmt.Sprintf("%s.%s: %s -> %s", a.Block, a.Name, a.Old, a.New))
			}
		}
		if len(because) > 0 {
			text += " (" + strings.Join(because, ", ") + ")"
		}
		out.Lines = append(out.Lines, rollout.Line(text, maxLine))
		if c.Action == status.Blocked && out.Blocked == "" {
			out.Blocked = rollout.Line(c.Address+" is blocked: "+c.Why, 300)
		}
	}
	for _, f := range p.Fetches[:min(len(p.Fetches), 8)] {
		out.Lines = append(out.Lines, rollout.Line("fetch "+f.Words(), maxLine))
	}
	if len(p.Problems) > 0 {
		out.Blocked = rollout.Line(p.Problems[0], 300)
	}
	return out, nil
}

package edge

import (
	"testing"

	"orac/web/auth"

	"pgregory.net/rapid"
)

// TestSharesOfAnything: of any takers in any order none is over what is free to it, admins find the places that are kept, who has
// none gets one while there is any, and all is given back.
func TestSharesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 40).Draw(t, "most")
		kept := rapid.IntRange(1, max(1, most/4)).Draw(t, "kept")
		s := &Shares{}
		have := map[string][]auth.Identity{}
		n, others := 0, 0
		for range rapid.IntRange(0, 120).Draw(t, "steps") {
			who := auth.Identity{Kind: auth.User, Name: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "who"), Role: auth.Viewer}
			if who.Name == "e" {
				who.Role = auth.Admin
			}
			mine := have[who.Name]
			if rapid.Bool().Draw(t, "leave") && len(mine) > 0 {
				s.Leave(who)
				have[who.Name], n = mine[1:], n-1
				if who.Role != auth.Admin {
					others--
				}
				continue
			}
			free := most - n
			if who.Role != auth.Admin {
				free = min(free, max(1, most-kept)-others)
			}
			got := s.Take(who, most, kept)
			if want := free > 0 && (len(mine) == 0 || len(mine) < free); got != want {
				t.Fatalf("%s has %d, %d of %d are taken: %v", who.Name, len(mine), n, most, got)
			}
			if got {
				have[who.Name], n = append(mine, who), n+1
				if who.Role != auth.Admin {
					others++
				}
			}
			if n > most || others > max(1, most-kept) || s.Taken() != n {
				t.Fatalf("%d of %d are taken, %d by others than admins", n, most, others)
			}
		}
		for _, list := range have {
			for _, who := range list {
				s.Leave(who)
			}
		}
		if s.Taken() != 0 || s.others != 0 || len(s.of) != 0 {
			t.Fatalf("%d are left, %d of others than admins: %v", s.Taken(), s.others, s.of)
		}
	})
}

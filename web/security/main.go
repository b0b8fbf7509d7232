// Command security attacks a live ORAC with scanners of others: wapiti against console and API, as nobody, viewer, operator and
// admin, against its speech-to-text server and its Core server, as their peers; and sslscan against the TLS of all three. For what no
// scanner knows, it has requests of its own: the endpoints of the issuer, the Wyoming services, and the satellites of Home Assistant. It has its source read by gosec
// and staticcheck.
//
// Guarantees: the appliance is the real binary, with a runbook, a state directory and users of its own that go when it ends; nothing
// leaves the machine, so that modules which ask other servers are left out or ask this one; each finding is explained in
// explained.json, or it fails; an explanation that nothing needs any more fails, too; and so does a scan that has looked at too
// little.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

func main() {
	program := flag.String("orac", "bin/orac", "the binary to attack")
	sounds := flag.String("sounds", ".orac/sounds", "a folder with hey_jarvis_lights_on.wav, which plays as if a microphone heard it")
	explained := flag.String("explained", "web/security/explained.json", "the explained findings")
	keep := flag.String("keep", ".orac/security", "a folder for the scanners' own reports")
	only := flag.String("only", "", "tls: only sslscan and the requests of its own, which take seconds; live: all but gosec and staticcheck; static: only these")
	each := flag.Duration("each", 15*time.Second, "how long one module of wapiti may attack as one role")
	as := flag.String("as", "", "let wapiti attack as these alone, with commas between them: "+strings.Join(attackers(), ", ")+"; empty: as all")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, options{*program, *sounds, *explained, *keep, *only, *as, *each}); err != nil {
		fmt.Fprintln(os.Stderr, "security:", err)
		os.Exit(1)
	}
}

type options struct {
	program, sounds, explained, keep, only, as string
	each                                       time.Duration
}

// pairs attack side by side, the admin last: what it changes the others have seen as it was.
var pairs = [][]string{{"nobody", "viewer"}, {peer, asker}, {"operator", "admin"}}

func attackers() []string { return slices.Concat(pairs...) }

// attacks tells whether wapiti is to attack as a role.
func (o options) attacks(role string) bool {
	return o.as == "" || slices.Contains(strings.Split(o.as, ","), role)
}

func run(ctx context.Context, o options) error {
	start := time.Now()
	for role := range strings.SplitSeq(o.as, ",") {
		if o.as != "" && !slices.Contains(attackers(), role) {
			return fmt.Errorf("-as %s: %q is none of %s", o.as, role, strings.Join(attackers(), ", "))
		}
	}
	known, err := readExplained(o.explained)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(o.keep); err != nil {
		return err
	}
	if err := os.MkdirAll(o.keep, 0o755); err != nil {
		return err
	}
	if o.keep, err = filepath.Abs(o.keep); err != nil {
		return err
	}
	var found []finding
	if o.only == "" || o.only == "static" {
		if found, err = static(ctx, o.keep); err != nil {
			return err
		}
		fmt.Println("govulncheck was not run: a build here may not fetch its database")
	}
	if o.only != "static" {
		list, err := attack(ctx, o)
		if err != nil {
			return err
		}
		found = append(found, list...)
	}
	bad := show(known, found, o)
	fmt.Printf("\n%d findings in %v; the scanners' own reports are in %s\n", len(found), time.Since(start).Round(time.Second), o.keep)
	if bad > 0 {
		return fmt.Errorf("%d lines above are unexplained findings, or explanations without a finding", bad)
	}
	return nil
}

// attack lets the scanners at a running appliance.
func attack(ctx context.Context, o options) ([]finding, error) {
	target, err := begin(ctx, o)
	if err != nil {
		return nil, err
	}
	defer target.end()
	var found []finding
	for _, address := range []string{target.web, target.stt, target.core} {
		list, err := sslscan(ctx, address, o.keep)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	callback, err := listenForCallbacks()
	if err != nil {
		return nil, err
	}
	defer callback.close()
	secret, err := target.secret(asker)
	if err != nil {
		return nil, err
	}
	found = append(found, target.askIssuer(ctx, callback.url, secret)...)
	found = append(found, target.speakWyoming(ctx)...)
	found = append(found, target.speakESPHome(ctx)...)
	if o.only == "" || o.only == "live" {
		for _, roles := range pairs {
			var wg sync.WaitGroup
			var mu sync.Mutex // guards found and err
			for _, role := range slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return !o.attacks(role) }) {
				wg.Go(func() {
					list, one := wapiti(ctx, target, role, callback, o)
					mu.Lock()
					defer mu.Unlock()
					found = append(found, list...)
					if one != nil && err == nil {
						err = fmt.Errorf("wapiti as %s: %w", role, one)
					}
				})
			}
			wg.Wait()
			if err != nil {
				return nil, err
			}
		}
	}
	return slices.Concat(found, callback.findings(), target.afterwards()), nil
}

// ran tells whether a tool was run, as everybody as whom it attacks.
func ran(tool string, o options) bool {
	if tool == "wapiti" && o.as != "" {
		return false
	}
	switch o.only {
	case "tls":
		return tool == "sslscan" || tool == "requests"
	case "live":
		return tool != "gosec" && tool != "staticcheck"
	case "static":
		return tool == "gosec" || tool == "staticcheck"
	}
	return true
}

// show prints the table, and tells how many of its lines are not as they must be.
func show(known []explanation, found []finding, o options) (bad int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "tool\tas\tfinding\twhere\twhat is said\twhat we say")
	used := make([]int, len(known))
	for _, f := range merge(found) {
		why := "NOT EXPLAINED"
		for i, e := range known {
			if e.matches(f.finding) {
				used[i]++
				why = e.Reason
				break
			}
		}
		if why == "NOT EXPLAINED" {
			bad++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.90s\t%s\n", f.Tool, f.roles, f.What, f.where, f.Says, why)
	}
	for i, e := range known {
		if used[i] == 0 && ran(e.Tool, o) {
			bad++
			fmt.Fprintf(w, "%s\t\t%s\t%s\t%s\tNOTHING NEEDS THIS EXPLANATION ANY MORE: %s\n", e.Tool, e.What, e.Where, e.Says, e.Reason)
		}
	}
	_ = w.Flush() // to the terminal
	return bad
}

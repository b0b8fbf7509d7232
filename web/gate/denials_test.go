package gate

import (
	"fmt"
	"orac/web/audit"
	"testing"
	"testing/synctest"
	"time"
)

// TestAFloodOfRefusalsIsNoFloodOfRecords: of the same kind from one address, and of a million addresses, over a day; and what was
// not written one by one is counted.
func TestAFloodOfRefusalsIsNoFloodOfRecords(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log := audit.In(dir)
		d := NewDenials(t.Context(), log, nil)
		record := func(n int) audit.Record {
			return audit.Record{Who: "nobody", Action: "token.refused", Why: "token: expired", From: fmt.Sprint("a", n), Outcome: audit.Denied}
		}
		sent := 0
		for range 24 * 60 { // one address, 60 a minute
			for range 60 {
				d.Add(record(0))
				sent++
			}
			time.Sleep(time.Minute)
		}
		written, told := tally(t, log)
		if written > 40 || written < 24 || told < sent*9/10 {
			t.Errorf("a day of one address is %d records, which tell of %d of %d", written, told, sent)
		}
		for n := range 100_000 { // as many addresses, in an hour and a half
			d.Add(record(1 + n))
			sent++
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(2 * time.Hour)
		d.End()
		after, told := tally(t, log)
		if more := after - written; more > DenialBurst+100*DenialRate+50 || more < DenialBurst {
			t.Errorf("100 000 addresses are %d records", more)
		}
		if told != sent {
			t.Errorf("the records tell of %d of %d", told, sent)
		}
		if len(d.runs) > maxDenials {
			t.Errorf("%d are remembered", len(d.runs))
		}
		time.Sleep(2 * time.Hour)
		if len(d.runs) != 0 {
			t.Errorf("%d are remembered when it is long over", len(d.runs))
		}
	})
}

// tally is how many records there are, and of how many refusals they tell.
func tally(t *testing.T, log *audit.Log) (records, refusals int) {
	t.Helper()
	err := log.Each(func(l audit.Line) error {
		records++
		if after, ok := l.After.(map[string]any); ok {
			refusals += int(after["more"].(float64))
		} else {
			refusals++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, refusals
}

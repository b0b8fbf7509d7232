//go:build !race

package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// TestAnUnreadableUtteranceBlocksNoOther has the first of three utterances become unreadable: when the disk has been asked for it
// for two minutes it is reported and set aside, and the others are delivered.
func TestAnUnreadableUtteranceBlocksNoOther(t *testing.T) {
	for seed := range uint64(10) {
		disk := virtual.NewDisk(1 << 30)
		disk.Fail = func(op, name string) error {
			if op == "read" && strings.HasSuffix(name, "01.pcm") {
				return syscall.EIO
			}
			return nil
		}
		s := &service{}
		r := (&rig{book: room, disk: disk, source: plays(speech(command(3)...)), service: s}).run(t, seed, 4*time.Minute)
		ids := r.recorded()
		if !r.ended || len(ids) != 3 || !slices.Equal(s.heard, ids[1:]) {
			t.Fatalf("seed %d: ended %v; recorded %v, heard %v", seed, r.ended, ids, s.heard)
		}
		kept := slices.DeleteFunc(bodies[event.Spooled](r), func(e event.Spooled) bool { return e.Where != "damaged" })
		if len(kept) != 1 || kept[0].Utterance != ids[0] || !strings.Contains(kept[0].Cause, "input/output error") {
			t.Errorf("seed %d: set aside %+v", seed, kept)
		}
		if lost := bodies[event.Dropped](r); len(lost) > 0 {
			t.Errorf("seed %d: dropped %+v", seed, lost)
		}
		if want := []string{"spool/damaged/0000000000000001.pcm"}; !slices.Equal(disk.Files(), want) {
			t.Errorf("seed %d: left %v, want %v", seed, disk.Files(), want)
		}
	}
}

// TestADiskThatRecoversTakesEverything refuses from the first utterance on and recovers in the middle of a later one: that one
// and those before it reach the disk, and survive a loss of power.
func TestADiskThatRecoversTakesEverything(t *testing.T) {
	for seed := range uint64(15) {
		back := rt.Instant(18700*time.Millisecond + time.Duration(seed)*100*time.Millisecond) // in the third recording
		disk := virtual.NewDisk(1 << 30)
		now := rt.Instant(0)
		disk.Fail = func(op, _ string) error {
			if now < back && op != "read" {
				return syscall.ENOSPC
			}
			return nil
		}
		s := &service{down: func(at rt.Instant) bool { return true }}
		source := &watched{Source: plays(speech(command(4)...)), see: func(at rt.Instant) { now = at }}
		// The fourth is never recorded: power is lost 5 s after the third has ended.
		r := (&rig{book: room, disk: disk, source: source, service: s}).run(t, seed, 26*time.Second)
		ids := r.recorded()
		if len(ids) != 3 {
			t.Fatalf("seed %d: recorded %v", seed, ids)
		}
		disk.PowerLoss()
		s.down = nil
		(&rig{book: room, disk: disk, source: plays(speech(3, 0)), service: s}).run(t, seed, time.Minute)
		if !slices.Equal(s.heard, ids) {
			t.Errorf("seed %d: after a loss of power %v are heard, want %v", seed, s.heard, ids)
		}
	}
}

// TestASpoolThatDiesAnywhereLosesNothing makes the spool panic once at each operation of the disk in turn, with a disk that
// takes everything and with one that refuses the first utterances: every utterance is delivered once, whole, in order, and
// has a number of its own.
func TestASpoolThatDiesAnywhereLosesNothing(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		died := 0
		for at := 0; ; at += 5 {
			n, now := 0, rt.Instant(0)
			disk := virtual.NewDisk(1 << 30)
			disk.Fail = func(op, name string) error {
				if n++; n == at+1 {
					panic(fmt.Sprintf("%s %s: a model of a bug", op, name))
				}
				if refuses && now < rt.Instant(13*time.Second) {
					return syscall.ENOSPC
				}
				return nil
			}
			s := &service{takes: 5 * time.Second}
			var numbers []int64
			trace := func(x rt.Record) {
				if x.What == "spooled" {
					numbers = append(numbers, x.Args[0])
				}
			}
			source := &watched{Source: plays(speech(command(3)...)), see: func(at rt.Instant) { now = at }}
			r := (&rig{book: room, disk: disk, source: source, service: s, trace: trace}).run(t, uint64(at), 3*time.Minute)
			var ids []string
			var samples []int
			for _, e := range bodies[event.RecordingEnded](r) {
				ids, samples = append(ids, e.Utterance), append(samples, int(e.Seconds*16000+0.5))
			}
			failed := bodies[event.NodeFailed](r)
			where := fmt.Sprintf("refusing %v, operation %d: %v", refuses, at, failed)
			if len(where) > 300 {
				where = where[:300]
			}
			if !r.ended || len(ids) != 3 || !slices.Equal(s.heard, ids) || !slices.Equal(s.samples, samples) {
				t.Errorf("%s: ended %v; recorded %v %v, heard %v %v", where, r.ended, ids, samples, s.heard, s.samples)
			}
			if !slices.IsSorted(numbers) || len(slices.Compact(numbers)) != len(numbers) {
				t.Errorf("%s: numbers %v", where, numbers)
			}
			if files := disk.Files(); len(files) != 0 {
				t.Errorf("%s: left %v", where, files)
			}
			if n <= at {
				break
			}
			died += len(failed)
		}
		if died < 15 {
			t.Errorf("refusing %v: the spool died only %d times", refuses, died)
		}
	}
}

// TestTheBacklogOfAServiceThatIsNoMoreIsKeptAside takes a service out of the runbook while it has a backlog: that is kept for
// people, reported, and a run on a file ends.
func TestTheBacklogOfAServiceThatIsNoMoreIsKeptAside(t *testing.T) {
	for seed := range uint64(10) {
		disk := virtual.NewDisk(1 << 30)
		s := &service{down: func(rt.Instant) bool { return true }}
		first := (&rig{
			book: strings.ReplaceAll(strings.ReplaceAll(room, "stt.whisper]", "stt.old]"), `stt "whisper"`, `stt "old"`),
			disk: disk, source: plays(speech(command(3)...)), service: s, stop: rt.Instant(20 * time.Second),
		}).run(t, seed, time.Minute)
		s.down = nil
		r := (&rig{book: room, disk: disk, source: plays(speech(3, 0)), service: s}).run(t, seed, time.Hour)
		if !r.ended || r.at > rt.Instant(10*time.Second) || len(s.heard) != 0 {
			t.Fatalf("seed %d: ended %v at %v; heard %v", seed, r.ended, r.at, s.heard)
		}
		var want, told []string
		for _, id := range first.recorded() {
			want = append(want, "spool/refused/"+id+".wav")
		}
		for _, e := range bodies[event.Spooled](r) {
			if strings.Contains(e.Cause, "old") {
				told = append(told, e.Where)
			}
		}
		kept := slices.DeleteFunc(disk.Files(), func(name string) bool { return strings.HasSuffix(name, ".json") })
		if len(want) != 3 || !slices.Equal(kept, want) || !slices.Equal(told, want) {
			t.Errorf("seed %d: kept %v and told of %v, want %v", seed, kept, told, want)
		}
	}
}

package node_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/spool"
	"orac/appliance/utterance"
)

// spoolOn is a spool node on a disk, and what it reads.
func spoolOn(d *virtual.Disk) (*node.Spool, *rt.Mailbox[node.Piece], *rt.Mailbox[node.Request]) {
	pieces, requests := rt.NewMailbox[node.Piece]("pieces", 64), rt.NewMailbox[node.Request]("requests", 64)
	return &node.Spool{
		Name: "spool", FS: d, In: pieces, Requests: requests, Events: rt.NewOut(mailbox()),
		Config: rt.NewCell(node.SpoolConfig{Limits: spool.Limits{Disk: 1 << 26, Memory: 1 << 26}, Services: []string{"w"}}),
	}, pieces, requests
}

func begin(k *rt.Task, pieces *rt.Mailbox[node.Piece], id string) {
	_ = pieces.Send(k, node.Piece{Utterance: id, Begin: &utterance.Meta{ID: id, Deliver: []string{"w"}}})
}

func hop(k *rt.Task, pieces *rt.Mailbox[node.Piece], id string) {
	_ = pieces.Send(k, node.Piece{Utterance: id, Hop: &audio.Hop{}})
}

func end(k *rt.Task, pieces *rt.Mailbox[node.Piece], id string) {
	_ = pieces.Send(k, node.Piece{Utterance: id, End: &utterance.Meta{ID: id, Deliver: []string{"w"}, EndAt: k.Wall()}})
}

// TestTheDiskIsTriedAgainHoweverBusyTheSpoolIs keeps a spool busy with sound and requests while the disk refuses: it is tried
// every two seconds, no more and no less, and takes what waits in memory within two seconds of its return.
func TestTheDiskIsTriedAgainHoweverBusyTheSpoolIs(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		back := rt.Instant(21 * time.Second)
		var tries []rt.Instant
		d.Fail = func(op, name string) error {
			if op != "create" || k.Now() >= back {
				return nil
			}
			tries = append(tries, k.Now())
			return syscall.ENOSPC
		}
		n, pieces, requests := spoolOn(d)
		task := k.Go("spool", n.Run)
		begin(k, pieces, "a")
		hop(k, pieces, "a")
		end(k, pieces, "a")
		begin(k, pieces, "b")
		replies := rt.NewMailbox[node.Whole]("replies", 1)
		for k.Now() < back.Add(2*time.Second) {
			_ = k.Sleep(40 * time.Millisecond)
			hop(k, pieces, "b")
			_ = requests.Send(k, node.Sound{Seq: 1, Reply: replies})
			if w, _ := replies.Recv(k, rt.Never); len(w.PCM) != audio.HopSamples {
				t.Fatalf("%d samples", len(w.PCM))
			}
		}
		if !slices.Contains(d.Files(), "spool/0000000000000001.pcm") {
			t.Errorf("2 s after the disk is back, it holds %v", d.Files())
		}
		if len(tries) < 10 || len(tries) > 14 {
			t.Errorf("tried %d times in 21 s: %v", len(tries), tries)
		}
		task.Stop()
		_ = k.Wait(task, rt.Never)
	})
}

// TestADrainingSpoolHandsNothingOut asks for an utterance before and after the spool is told that the end is near.
func TestADrainingSpoolHandsNothingOut(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		n, pieces, requests := spoolOn(virtual.NewDisk(1 << 30))
		task := k.Go("spool", n.Run)
		for _, id := range []string{"a", "b"} {
			begin(k, pieces, id)
			hop(k, pieces, id)
			end(k, pieces, id)
		}
		jobs := rt.NewMailbox[node.Job]("jobs", 1)
		_ = requests.Send(k, node.Next{STT: "w", Reply: jobs})
		first, err := jobs.Recv(k, rt.Never)
		if err != nil || first.Meta.ID != "a" {
			t.Fatalf("%+v, %v", first, err)
		}
		n.Drain()
		_ = requests.Send(k, node.Answered{Seq: first.Seq, STT: "w"})
		_ = requests.Send(k, node.Next{STT: "w", Reply: jobs})
		if job, err := jobs.Recv(k, k.Now().Add(5*time.Second)); err != rt.ErrTimeout {
			t.Errorf("%+v was handed out, %v", job, err)
		}
		if gone := rt.NewMailbox[node.Whole]("whole", 1); requests.Send(k, node.Sound{Seq: first.Seq, Reply: gone}) == nil {
			if w, _ := gone.Recv(k, rt.Never); !w.Gone {
				t.Error("the answer was not taken")
			}
		}
		task.Stop()
		_ = k.Wait(task, rt.Never)
	})
}

// TestASpoolStartedAgainGoesOnWithARecording lets the node die at the beginning of a recording and in the middle of it: the
// one after it has the whole of it, and of what came before, under other numbers.
func TestASpoolStartedAgainGoesOnWithARecording(t *testing.T) {
	for _, dies := range []string{"create spool/0000000000000002.part", "write spool/0000000000000002.part", "sync spool/0000000000000002.part"} {
		world(t, time.Minute, func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			died := 0
			d.Fail = func(op, name string) error {
				if op+" "+name == dies && died == 0 {
					died++
					panic("a model of a bug")
				}
				return nil
			}
			n, pieces, requests := spoolOn(d)
			task := k.Go("supervisor", func(k *rt.Task) error {
				for range 2 {
					if err := k.Wait(k.Go("spool", n.Run), rt.Never); err == rt.ErrStopped {
						return err
					}
				}
				return nil
			})
			for i, id := range []string{"a", "b", "c"} {
				begin(k, pieces, id)
				for range 5 + i {
					hop(k, pieces, id)
				}
				_ = k.Sleep(time.Second)
				hop(k, pieces, id)
				end(k, pieces, id)
			}
			jobs, whole := rt.NewMailbox[node.Job]("jobs", 1), rt.NewMailbox[node.Whole]("whole", 1)
			for i, id := range []string{"a", "b", "c"} {
				_ = requests.Send(k, node.Next{STT: "w", Reply: jobs})
				job, _ := jobs.Recv(k, rt.Never)
				_ = requests.Send(k, node.Sound{Seq: job.Seq, Reply: whole})
				w, err := whole.Recv(k, rt.Never)
				if err != nil || job.Meta.ID != id || int(job.Seq) != i+1 || w.Err != nil || len(w.PCM) != (6+i)*audio.HopSamples {
					t.Errorf("dead at %s: %s has number %d and %d samples, %v; want %s", dies, job.Meta.ID, job.Seq, len(w.PCM), w.Err, id)
				}
				_ = requests.Send(k, node.Answered{Seq: job.Seq, STT: "w"})
			}
			_ = k.Sleep(time.Second)
			if died != 1 || len(d.Files()) != 0 {
				t.Errorf("dead at %s: it died %d times; left: %v", dies, died, d.Files())
			}
			task.Stop()
			_ = k.Wait(task, rt.Never)
		})
	}
}

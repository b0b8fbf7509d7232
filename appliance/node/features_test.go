package node_test

import (
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/node"
	"orac/appliance/rt"
)

// deaf is an extractor that hears nothing in particular.
type deaf struct{}

func (deaf) Push(*[audio.HopSamples]int16, *[96]float32) error { return nil }
func (deaf) Reset() error                                      { return nil }
func (deaf) Close() error                                      { return nil }

// TestFeaturesSayWhereABreakIs wants a Reset with the first hop, after a restart in which no hop was lost, after a hop that is
// missing, and after what a device says that it lost; and nowhere else.
func TestFeaturesSayWhereABreakIs(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		in, out := rt.NewMailbox[*audio.Hop]("hops", 32), rt.NewMailbox[node.Feature]("features", 32)
		n := &node.Features{Name: "features.usb", Open: func() (node.Extractor, error) { return deaf{}, nil }, In: in, Out: rt.NewOut(out)}
		feed := func(hops ...*audio.Hop) {
			task := k.Go("features", n.Run)
			for _, h := range hops {
				in.Push(k, h)
			}
			_ = k.Sleep(time.Second)
			task.Stop()
			if err := k.Wait(task, rt.Never); err != rt.ErrStopped {
				t.Errorf("it ended with %v", err)
			}
		}
		feed(&audio.Hop{Seq: 7}, &audio.Hop{Seq: 8}, &audio.Hop{Seq: 9})
		feed(&audio.Hop{Seq: 10}, &audio.Hop{Seq: 11}, &audio.Hop{Seq: 13}, &audio.Hop{Seq: 14, Gap: true}, &audio.Hop{Seq: 15})
		var breaks []int64
		for f, ok := out.TryRecv(k); ok; f, ok = out.TryRecv(k) {
			if f.Reset {
				breaks = append(breaks, f.Seq)
			}
		}
		if want := []int64{7, 10, 13, 14}; !slices.Equal(breaks, want) {
			t.Errorf("breaks before the hops %v, want %v", breaks, want)
		}
	})
}

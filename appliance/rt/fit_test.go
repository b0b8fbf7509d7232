package rt_test

import (
	"testing"
	"time"

	"orac/appliance/rt"
)

// TestAMailboxIsFitted while it is used: what waits stays, in order; a writer that waited for room goes on when there is; and one
// that was made patient loses nothing any more.
func TestAMailboxIsFitted(t *testing.T) {
	bothDrivers(t, func(t *testing.T, k *rt.Task) {
		m := rt.NewMailbox[int]("m", 4)
		for i := range 6 { // 2 to 5 remain, and the ring has turned
			m.Push(k, i)
		}
		m.Fit(k, 2, true)
		if s := m.Stats(); s.Len != 4 || s.Cap != 2 || s.Dropped != 2 {
			t.Errorf("smaller: %+v", s)
		}
		writer := k.Go("writer", func(k *rt.Task) error {
			for i := 6; i < 20; i++ {
				m.Push(k, i)
			}
			return nil
		})
		_ = k.Sleep(time.Second)
		if s := m.Stats(); s.Len != 4 || writer.Done() {
			t.Errorf("the writer did not wait: %+v", s)
		}
		for want := 2; want < 5; want++ {
			if v, ok := m.TryRecv(k); !ok || v != want {
				t.Errorf("got %d, %v; want %d", v, ok, want)
			}
		}
		_ = k.Sleep(time.Second)
		if s := m.Stats(); s.Len != 2 {
			t.Errorf("it holds %d of 2", s.Len)
		}
		m.Fit(k, 32, false)
		if err := k.Wait(writer, k.Now().Add(time.Second)); err != nil {
			t.Errorf("there is room, and the writer waits: %v", err)
		}
		for want := 5; want < 20; want++ {
			if v, ok := m.TryRecv(k); !ok || v != want {
				t.Errorf("got %d, %v; want %d", v, ok, want)
			}
		}
		for i := range 40 {
			m.Push(k, i)
		}
		if s := m.Stats(); s.Len != 32 || s.Dropped != 10 {
			t.Errorf("impatient again: %+v", s)
		}
	})
}

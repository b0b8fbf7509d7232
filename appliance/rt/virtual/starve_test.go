package virtual

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/rt"
)

// TestStarved: who is starved does not run, finds afterwards what has come meanwhile, and is as late as it was starved.
func TestStarved(t *testing.T) {
	second := func(n float64) rt.Instant { return rt.Instant(n * float64(time.Second)) }
	type starve struct {
		prefix   string
		from, to float64
	}
	for _, c := range []struct {
		name   string
		starve []starve
		exempt []string
		ticks  [2][]int // of a and b: the whole seconds at which they ran, of the first 8
	}{
		{"nobody", nil, nil, [2][]int{{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"one", []starve{{"root/a", 2.5, 5}}, nil, [2][]int{{1, 2, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"all", []starve{{"", 2.5, 5}}, nil, [2][]int{{1, 2, 5, 6, 7, 8}, {1, 2, 5, 6, 7, 8}}},
		{"all but one", []starve{{"", 2.5, 5}}, []string{"root/b"}, [2][]int{{1, 2, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"again and longer", []starve{{"root/a", 2.5, 5}, {"root/a", 3.5, 6}}, nil, [2][]int{{1, 2, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"again and shorter", []starve{{"root/a", 2.5, 5}, {"root/a", 3.5, 4}}, nil, [2][]int{{1, 2, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"two, of which one is not ready", []starve{{"root/a", 2.1, 2.9}, {"root/b", 2.5, 4}}, nil, [2][]int{{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 4, 5, 6, 7, 8}}},
		{"twice at once", []starve{{"root/a", 2.5, 5}, {"root/a", 2.6, 4}}, nil, [2][]int{{1, 2, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}}},
		{"two for different times", []starve{{"root/a", 2.5, 6}, {"root/b", 2.5, 4}}, nil, [2][]int{{1, 2, 6, 7, 8}, {1, 2, 4, 5, 6, 7, 8}}},
		{"for ever", []starve{{"root/a", 2.5, float64(rt.Never) / 1e9}}, nil, [2][]int{{1, 2}, {1, 2, 3, 4, 5, 6, 7, 8}}},
	} {
		for seed := range uint64(5) {
			d := New(seed, time.Unix(0, 0), nil)
			d.Exempt(c.exempt...)
			var ticks [2][]int
			rt.New(d, "root", func(k *rt.Task) error {
				for i, name := range []string{"a", "b"} {
					k.Go(name, func(k *rt.Task) error {
						inner := k.Go("inner", func(k *rt.Task) error { // what it has started starves with it
							for next := second(1); ; next = rt.Instant((k.Now()/1e9 + 1) * 1e9) {
								if err := k.Sleep(next.Sub(k.Now())); err != nil {
									return err
								}
								ticks[i] = append(ticks[i], int(k.Now()/1e9))
							}
						})
						return k.Wait(inner, rt.Never)
					})
				}
				return k.Sleep(100 * time.Hour)
			})
			for _, s := range c.starve {
				d.Run(second(s.from))
				to := rt.Never
				if s.to < 1e9 {
					to = second(s.to)
				}
				d.Starve(s.prefix, to)
			}
			if at := d.Run(second(8.5)); at != second(8.5) {
				t.Errorf("%s: the world stands at %v", c.name, at)
			}
			d.Close()
			for i, want := range c.ticks {
				if !slices.Equal(ticks[i], want) {
					t.Errorf("%s, seed %d: %c ran at %v, want %v", c.name, seed, 'a'+i, ticks[i], want)
				}
			}
		}
	}
}

// TestAStarvedTaskFindsWhatHasCome: messages and stops that come while a task is starved are there when it runs again.
func TestAStarvedTaskFindsWhatHasCome(t *testing.T) {
	d := New(1, time.Unix(0, 0), nil)
	m := rt.NewMailbox[int]("m", 8)
	var log []string
	rt.New(d, "root", func(k *rt.Task) error {
		reader := k.Go("reader", func(k *rt.Task) error {
			for {
				v, err := m.Recv(k, k.Now().Add(time.Second))
				log = append(log, fmt.Sprint(k.Now(), " ", v, " ", err))
				if err != nil {
					return err
				}
			}
		})
		for i := range 3 {
			_ = k.Sleep(300 * time.Millisecond)
			m.Push(k, i+1)
		}
		_ = k.Sleep(300 * time.Millisecond)
		reader.Stop()
		return k.Wait(reader, rt.Never)
	})
	d.Starve("root/reader", rt.Instant(5*time.Second))
	d.Run(rt.Never)
	if want := []string{"5s 0 stopped"}; !slices.Equal(log, want) || m.Stats().Len != 3 {
		t.Errorf("%v, and %d left; want %v and 3", log, m.Stats().Len, want)
	}
}

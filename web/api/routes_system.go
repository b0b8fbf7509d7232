package api

import (
	"math"
	"time"

	"orac/web/samples"
)

type SamplesInput struct {
	From int64 `query:"from" check:"min=0;max=253402300799" doc:"The first moment, in seconds since 1970; default: 12 hours ago."`
	To   int64 `query:"to" check:"min=0;max=253402300799" doc:"The last moment, in seconds since 1970; default: now."`
}

// SystemSamples are samples in the form that charts need: lists of equal length, oldest first.
type SystemSamples struct {
	Every    float64    `json:"every_seconds" doc:"The time between two measurements. A longer gap means that nothing was measured."`
	At       []int64    `json:"at" doc:"Seconds since 1970. All lists have the same length, oldest first."`
	Memory   []int64    `json:"memory_bytes" doc:"Memory of the daemon and its processes."`
	CPU      []*float64 `json:"cpu_percent" doc:"Percent of one core since the previous sample; null if unknown."`
	DiskFree []int64    `json:"disk_free_bytes" doc:"Free space on the disk of the state directory."`
	Spooled  []int64    `json:"spool_bytes" doc:"Bytes of utterances waiting on the disk."`
	Waiting  []int      `json:"waiting" doc:"Utterances."`
}

func getSamples(c *Call, in SamplesInput) (SystemSamples, error) {
	from, to := time.Now().Add(-samples.Room*samples.Every), time.Now().Add(samples.Every)
	if in.From != 0 {
		from = time.Unix(in.From, 0)
	}
	if in.To != 0 {
		to = time.Unix(in.To, 999_999_999)
	}
	out := SystemSamples{Every: samples.Every.Seconds(), At: []int64{}, Memory: []int64{}, CPU: []*float64{}, DiskFree: []int64{}, Spooled: []int64{}, Waiting: []int{}}
	for _, s := range c.Server.o.Samples.Between(from, to) {
		out.At = append(out.At, s.At.Unix())
		out.Memory = append(out.Memory, s.Memory)
		var cpu *float64
		if s.CPU >= 0 {
			tenths := math.Round(s.CPU*10) / 10
			cpu = &tenths
		}
		out.CPU = append(out.CPU, cpu)
		out.DiskFree = append(out.DiskFree, s.DiskFree)
		out.Spooled = append(out.Spooled, s.Spooled)
		out.Waiting = append(out.Waiting, s.Waiting)
	}
	return out, nil
}

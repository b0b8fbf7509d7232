package language

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "2s": 2 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour,
		"0s": 0, "1.5s": 1500 * time.Millisecond, " 1m ": time.Minute, "0.1ms": 100 * time.Microsecond,
	} {
		if got, err := ParseDuration(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2", "s", "-1s", "1 s", "1y", "1e3s", "1s1", "99999999999999d", "NaNs", "1..5s", "0x1s"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"64B": 64, "512KiB": 512 << 10, "250MiB": 250 << 20, "1GB": 1e9, "1.5GiB": 3 << 29, "2TiB": 2 << 40, "1kB": 1000, "0B": 0,
	} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2", "MiB", "-1B", "1 MiB", "1MiB1KiB", "1mib", "99999999999TiB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

// TestUnitsRoundTrip: what is formatted is read back as the same value.
func TestUnitsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 1<<41-1).Draw(t, "ms")) * time.Millisecond
		if got, err := ParseDuration(FormatDuration(d)); err != nil || got != d {
			t.Fatalf("%v is written %q and read %v, %v", d, FormatDuration(d), got, err)
		}
		s := Size(rapid.Int64Range(0, 1<<50).Draw(t, "bytes"))
		if got, err := ParseSize(FormatSize(s)); err != nil || got != s {
			t.Fatalf("%d is written %q and read %d, %v", s, FormatSize(s), got, err)
		}
	})
}

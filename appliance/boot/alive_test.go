package boot

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/health"
	"orac/appliance/sdnotify"
	"orac/appliance/status"
)

// TestLifeIsSoundThatIsCounted: whatever health says, the watchdog of the service manager is fed only while hops are counted.
func TestLifeIsSoundThatIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("WATCHDOG_USEC", "1000000")
	n, err := sdnotify.New(func(string) string { return path })
	if err != nil {
		t.Fatal(err)
	}
	tell := Alive(n)
	for _, step := range []struct {
		hops  uint64
		level health.Level
	}{{0, health.Healthy}, {12, health.Healthy}, {12, health.Healthy}, {12, health.Degraded}, {24, health.Degraded}, {36, health.Unhealthy}, {48, health.Healthy}} {
		tell(status.Status{Health: health.Report{Level: step.level}, Nodes: []status.Node{{Kind: "ring", Taken: step.hops}, {Kind: "head", Taken: 7}}})
	}
	tell(status.Status{Health: health.Report{Level: health.Healthy}, Muted: []status.Mute{{By: "user:anna", Since: time.Now()}}, Nodes: []status.Node{{Kind: "ring", Taken: 48}}})
	_ = n.Stopping()
	fed, line, muted := 0, "", ""
	for b := make([]byte, 4096); line != "STOPPING=1"; {
		size, err := manager.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if line = string(b[:size]); line == "WATCHDOG=1" {
			fed++
		}
		if strings.HasPrefix(line, "STATUS=muted ") {
			muted = line
		}
	}
	if !strings.Contains(muted, "by anna; healthy, ") {
		t.Errorf("that it is muted is told as %q", muted)
	}
	if fed != 3 {
		t.Errorf("it was fed %d times; sound was counted while it could hear 3 times", fed)
	}
}

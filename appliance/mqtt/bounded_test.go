package mqtt

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/eclipse/paho.golang/packets"
)

// FuzzPackets: whatever a broker sends, what gets past is a whole packet, no longer than allowed, that the library can read.
func FuzzPackets(f *testing.F) {
	for _, seed := range [][]byte{
		{0x30, 0x05, 0, 1, 'a', 0, 'c', 0x30, 0xff, 0xff, 0xff, 0x7f}, {0x30, 0xff, 0xff, 0xff, 0xff, 0x01}, {0x20, 0x03, 0, 0, 0},
		{0x20, 0x06, 0, 0, 3, 0x21, 0, 64}, {0x90, 0x04, 0, 1, 0, 1}, {0xe0, 0x02, 0x8b, 0}, {0x32, 0x07, 0, 1, 'a', 0, 1, 0, 'x'}, {0xd0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(bytes.NewReader(data))
		for {
			packet, err := next(r)
			if err != nil {
				return
			}
			if len(packet) > MaxPacket+5 {
				t.Fatalf("%d bytes", len(packet))
			}
			if _, err := packets.ReadPacket(bytes.NewReader(packet)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

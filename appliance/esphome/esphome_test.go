package esphome

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"orac/appliance/esphome/pb"
	"orac/runbook/testkit"
)

// TestMessages: every message has a number of its own, which stays within the two bytes of an encrypted frame, and fields whose numbers
// are not used twice. What is a part of others has none.
func TestMessages(t *testing.T) {
	all := pb.File_esphome_proto.Messages()
	seen := map[uint32]protoreflect.FullName{}
	for i := range all.Len() {
		m := all.Get(i)
		n := numberOf(m)
		if n == 0 {
			continue
		}
		if before, twice := seen[n]; twice || n > 65535 {
			t.Errorf("%s has the number %d, as has %s", m.FullName(), n, before)
		}
		seen[n] = m.FullName()
	}
	if len(seen) != len(kinds()) || len(seen) < 50 {
		t.Errorf("%d messages, %d of them in the table", len(seen), len(kinds()))
	}
}

// inBubble runs a test whose clock moves only when nothing else does.
func inBubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// pair returns both ends of a connection after their handshakes.
func pair(t *testing.T, d Device, key *Key) (device, client *Conn, said Device, errs [2]error) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		device, errs[0] = Accept(a, d)
		if errs[0] != nil {
			_ = a.Close()
		}
	}()
	client, said, errs[1] = Dial(b, key)
	if key == nil && errs[1] == nil { // the first byte tells the device
		if err := client.Write(&pb.PingRequest{}); err == nil {
			_ = b.SetReadDeadline(time.Now().Add(time.Second))
		}
	}
	<-done
	return device, client, said, errs
}

// TestHandshakes: who may speak how, and how the others are told.
func TestHandshakes(t *testing.T) {
	key, other := NewKey(), NewKey()
	zero := Key{}
	for name, x := range map[string]struct {
		device         Device
		client         *Key
		want, told     error
		encrypted, any bool
	}{
		"plain, open":                {device: Device{Plain: true}, client: nil},
		"plain, with a key":          {device: Device{Key: &key, Plain: true}, client: nil, want: ErrPlain},
		"plain, neither":             {device: Device{Settable: true}, client: nil, want: ErrPlain},
		"the key":                    {device: Device{Key: &key}, client: &key, encrypted: true},
		"another key":                {device: Device{Key: &key}, client: &other, want: ErrKeyDiffers, told: ErrKeyDiffers},
		"zeros, with a key":          {device: Device{Key: &key, Settable: true}, client: &zero, want: ErrKeyDiffers, told: ErrKeyDiffers},
		"zeros, settable":            {device: Device{Settable: true}, client: &zero},
		"a key, settable":            {device: Device{Settable: true}, client: &other, want: ErrKeyDiffers, told: ErrKeyDiffers},
		"a key, and none is settled": {device: Device{Plain: true}, client: &key, want: ErrEncrypted, told: ErrFormat},
	} {
		inBubble(t, name, func(t *testing.T) {
			x.device.Name, x.device.MAC = "orac-kitchen", "02aabbccddee"
			device, _, said, errs := pair(t, x.device, x.client)
			if !errors.Is(errs[0], x.want) || x.want == nil && errs[0] != nil {
				t.Errorf("the device says %v, want %v", errs[0], x.want)
			}
			if x.told != nil && !errors.Is(errs[1], x.told) {
				t.Errorf("the client says %v, want %v", errs[1], x.told)
			}
			if errs[0] == nil && device.Encrypted() != x.encrypted {
				t.Errorf("encrypted: %v", device.Encrypted())
			}
			if x.client != nil && errs[1] == nil && (said.Name != "orac-kitchen" || said.MAC != "02aabbccddee") {
				t.Errorf("it says that it is %+v", said)
			}
		})
	}
}

// TestWhoSpeaksWrongIsTold as aioesphomeapi reads it: by the first byte of the answer.
func TestWhoSpeaksWrongIsTold(t *testing.T) {
	key := NewKey()
	for name, x := range map[string]struct {
		device Device
		send   []byte
		first  byte
	}{
		"unencrypted to a device with a key": {Device{Key: &key}, []byte{0, 0, 1}, 1},
		"encrypted to one without":           {Device{Plain: true}, []byte{1, 0, 0}, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			go func() {
				_, _ = Accept(a, x.device)
				_ = a.Close()
			}()
			go func() { _, _ = b.Write(x.send) }()
			got, err := io.ReadAll(b)
			testkit.Must(t, err)
			if len(got) < 3 || got[0] != x.first {
				t.Errorf("it is told %x", got)
			}
		})
	}
}

// TestMessagesPass in both directions, in order, whole, from several writers; of either side only what that side sends.
func TestMessagesPass(t *testing.T) {
	key := NewKey()
	for name, k := range map[string]*Key{"plain": nil, "encrypted": &key} {
		inBubble(t, name, func(t *testing.T) {
			device, client, _, errs := pair(t, Device{Name: "a", MAC: "b", Key: k, Plain: k == nil}, k)
			testkit.Must(t, errors.Join(errs[0], errs[1]))
			if k == nil {
				if m, err := device.Next(); err != nil || m.ProtoReflect().Descriptor().Name() != "PingRequest" {
					t.Fatalf("%v, %v", m, err)
				}
			}
			const each = 50
			for w := range 4 {
				go func() {
					for i := range each {
						_ = device.Write(&pb.VoiceAssistantAudio{Data: bytes.Repeat([]byte{byte(w)}, 1024)}, &pb.TextSensorStateResponse{Key: uint32(w), State: fmt.Sprint(i)})
					}
				}()
			}
			count := map[uint32]int{}
			for range 4 * each {
				sound, err := client.Next()
				testkit.Must(t, err)
				text, err := client.Next()
				testkit.Must(t, err)
				s, isSound := sound.(*pb.VoiceAssistantAudio)
				x, isText := text.(*pb.TextSensorStateResponse)
				if !isSound || !isText || uint32(s.Data[1023]) != x.Key || x.State != fmt.Sprint(count[x.Key]) {
					t.Fatalf("%v, then %v", sound, text)
				}
				count[x.Key]++
			}
			go func() { _ = client.Write(&pb.HelloResponse{Name: "no client says this"}, &pb.PingRequest{}) }()
			if m, err := device.Next(); err != nil || m.ProtoReflect().Descriptor().Name() != "PingRequest" {
				t.Errorf("%v, %v", m, err)
			}
		})
	}
}

// TestABadMessageIsNotTheEnd of a connection; neither is one that nobody knows.
func TestABadMessageIsNotTheEnd(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	go func() {
		out := appendPlain(nil, 9, nil)
		out = appendPlain(out, 65000, []byte("from a version to come"))
		out = appendPlain(out, 33, []byte{0xff, 0xff}) // a switch
		out = appendPlain(out, 7, []byte{0x52, 3, 1, 2, 3})
		_, _ = b.Write(out)
	}()
	c, err := Accept(a, Device{Plain: true})
	testkit.Must(t, err)
	if m, err := c.Next(); err != nil || m.ProtoReflect().Descriptor().Name() != "DeviceInfoRequest" {
		t.Fatalf("%v, %v", m, err)
	}
	if bad, ok := errors.AsType[*BadMessage](second(c.Next())); !ok || bad.Number != 33 {
		t.Fatalf("%v", bad)
	}
	if m, err := c.Next(); err != nil || m.ProtoReflect().Descriptor().Name() != "PingRequest" {
		t.Fatalf("%v, %v", m, err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestFramesInPieces: how the network cuts a frame does not matter, not even within a number.
func TestFramesInPieces(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 300)
	whole := appendPlain(appendPlain(nil, 300, long), 7, nil)
	in := bufio.NewReader(oneByOne{bytes.NewReader(whole)})
	number, payload, err := readPlain(in, nil)
	if err != nil || number != 300 || !bytes.Equal(payload, long) {
		t.Fatalf("%d, %d bytes, %v", number, len(payload), err)
	}
	if number, payload, err = readPlain(in, nil); err != nil || number != 7 || len(payload) != 0 {
		t.Fatalf("%d, %d bytes, %v", number, len(payload), err)
	}
	for name, x := range map[string]struct {
		in   []byte
		want error
	}{
		"another byte in front": {[]byte{2, 0, 7}, ErrFormat},
		"too long":              {[]byte{0, 0xff, 0xff, 0x7f, 7}, ErrFormat},
		"an endless length":     {[]byte{0, 0x80, 0x80, 0x80, 0x80, 0x80}, ErrFormat},
		"an endless type":       {[]byte{0, 0, 0x80, 0x80, 0x80, 0x80}, ErrFormat},
		"cut in the length":     {[]byte{0, 0x80}, io.ErrUnexpectedEOF},
		"cut in the payload":    {[]byte{0, 5, 7, 1}, io.ErrUnexpectedEOF},
		"nothing":               {nil, io.EOF},
	} {
		if _, _, err := readPlain(bufio.NewReader(bytes.NewReader(x.in)), nil); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
}

type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(b []byte) (int, error) { return o.r.Read(b[:min(1, len(b))]) }

// TestWhatIsTooLongIsNotSent, and the connection goes on.
func TestWhatIsTooLongIsNotSent(t *testing.T) {
	key := NewKey()
	device, client, _, errs := pair(t, Device{Key: &key}, &key)
	testkit.Must(t, errors.Join(errs[0], errs[1]))
	if err := device.Write(&pb.PingRequest{}, &pb.TextSensorStateResponse{State: strings.Repeat("x", MaxPayload)}); err == nil {
		t.Error("it was sent")
	}
	most := &pb.VoiceAssistantAudio{Data: make([]byte, MaxPayload-innerHead-tag-4)}
	go func() { _ = device.Write(most) }()
	if m, err := client.Next(); err != nil || !proto.Equal(m, most) {
		t.Errorf("%v", err)
	}
}

// TestKeys: what is a key, and that none is ever shown.
func TestKeys(t *testing.T) {
	k := NewKey()
	if again, err := ParseKey(k.Text()); err != nil || again != k {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]error{
		"": ErrKey, "secret": ErrKey, k.Text() + "=": ErrKey, " " + k.Text(): ErrKey, k.Text()[:40]: ErrKey,
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=": ErrZeroKey,
	} {
		if _, err := ParseKey(text); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("a key", "key", k)
	for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s %d %x", k, k, k, k, k, k), log.String()} {
		if strings.Contains(shown, k.Text()) || strings.Contains(shown, fmt.Sprintf("%x", k.bytes)) || strings.Contains(shown, fmt.Sprint(k.bytes[:3])[1:]) {
			t.Errorf("a key is shown: %s", shown)
		}
	}
}

package esphome

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"google.golang.org/protobuf/proto"

	"orac/appliance/esphome/pb"
)

// FuzzFrames: whatever comes, frames are read within their limits, and what was read and is written again is read the same.
func FuzzFrames(f *testing.F) {
	f.Add(appendPlain(appendPlain(nil, 1, []byte("hello")), 9, nil))
	f.Add([]byte{0, 0x80, 0x01, 0x07})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		for {
			number, payload, err := readPlain(in, nil)
			if err != nil {
				if !errors.Is(err, ErrFormat) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatal(err)
				}
				return
			}
			if len(payload) > MaxPayload {
				t.Fatalf("%d bytes", len(payload))
			}
			n, again, err := readPlain(bufio.NewReader(bytes.NewReader(appendPlain(nil, number, payload))), nil)
			if err != nil || n != number || !bytes.Equal(again, payload) {
				t.Fatalf("%d %x became %d %x, %v", number, payload, n, again, err)
			}
		}
	})
}

// FuzzMessages: no payload of any type makes a message that cannot be written again.
func FuzzMessages(f *testing.F) {
	for _, m := range []proto.Message{
		&pb.HelloRequest{ClientInfo: "aioesphomeapi", ApiVersionMajor: 1, ApiVersionMinor: 10},
		&pb.MediaPlayerCommandRequest{Key: 1, HasCommand: true, Command: pb.MediaPlayerCommand_STOP},
		&pb.VoiceAssistantEventResponse{EventType: 8, Data: []*pb.VoiceAssistantEventData{{Name: "url", Value: "http://ha/x.wav"}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(numberOf(m.ProtoReflect().Descriptor()), b)
	}
	f.Fuzz(func(t *testing.T, number uint32, b []byte) {
		m, err := decode(number, b, pb.From_CLIENT)
		if err != nil {
			if _, ok := errors.AsType[*BadMessage](err); !ok || m != nil {
				t.Fatal(err)
			}
			return
		}
		if m == nil {
			return
		}
		if _, err := proto.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzAccept: whatever a client sends first, it neither gets past the encryption without the key nor makes the device panic or hang.
func FuzzAccept(f *testing.F) {
	f.Add([]byte{1, 0, 0, 1, 0, 1, 0}, true)
	f.Add([]byte{0, 0, 1}, false)
	f.Add(append([]byte{1, 0, 0, 1, 0, 49, 0}, make([]byte, 48)...), true)
	key := NewKey()
	f.Fuzz(func(t *testing.T, b []byte, keyed bool) {
		a, c := net.Pipe()
		go func() {
			_, _ = c.Write(b)
			_ = c.Close()
		}()
		go func() { _, _ = io.Copy(io.Discard, c) }()
		d := Device{Name: "orac", MAC: "02aabbccddee", Plain: !keyed}
		if keyed {
			d.Key = &key
		}
		conn, err := Accept(a, d)
		if keyed && err == nil {
			t.Fatal("it got in without the key")
		}
		for err == nil {
			if _, err = conn.Next(); err != nil {
				if _, bad := errors.AsType[*BadMessage](err); bad {
					err = nil
				}
			}
		}
		_ = a.Close()
	})
}

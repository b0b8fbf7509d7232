package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"orac/appliance/esphome"
	"orac/appliance/esphome/pb"
)

// hidden is in what the satellites are called: whoever has no key must not learn it.
const hidden = "The room behind the bookcase"

// plainFrame is a frame of the native API that is not encrypted.
func plainFrame(size, number uint64, payload string) string {
	return string(binary.AppendUvarint(binary.AppendUvarint([]byte{0}, size), number)) + payload
}

// packet is the outer frame of an encrypted connection.
func packet(body string) string {
	return string(binary.BigEndian.AppendUint16([]byte{1}, uint16(len(body)))) + body
}

// evilFrames are what no client of the native API sends.
func evilFrames() map[string]string {
	noise := make([]byte, 64<<10)
	_, _ = rand.Read(noise)                      // it never fails
	every := func(payload string) (all string) { // each message that there may be
		for number := range uint64(160) {
			all += plainFrame(uint64(len(payload)), number, payload)
		}
		return all
	}
	greeting := plainFrame(0, 1, "") + plainFrame(0, 3, "")
	return map[string]string{
		"nothing":                     "",
		"noise":                       string(noise),
		"a web request":               "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"a TLS hello":                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + string(noise[:506]),
		"zeros":                       strings.Repeat("\x00", 1<<20),
		"ones":                        strings.Repeat("\x01", 1<<20),
		"half a frame":                "\x00\x05",
		"a length of 5 bytes":         "\x00\xff\xff\xff\xff\x7f\x01",
		"a length without end":        "\x00" + strings.Repeat("\xff", 1<<16),
		"a length of 256 MiB":         plainFrame(1<<28-1, 1, ""),
		"a payload cut off":           plainFrame(65535, 1, "cut"),
		"a type of 256 million":       plainFrame(0, 1<<28-1, ""),
		"all that a device tells":     greeting + plainFrame(0, 9, "") + plainFrame(0, 11, "") + plainFrame(0, 20, "") + plainFrame(0, 28, "") + plainFrame(0, 121, "") + plainFrame(0, 89, "\x08\x01"),
		"every message, empty":        greeting + every(""),
		"every message, of noise":     greeting + every(string(noise[:300])),
		"every message, of nines":     greeting + every(strings.Repeat("\xff", 200)),
		"a text of 60 kB":             plainFrame(60004, 1, "\x0a\xe0\xd4\x03"+strings.Repeat("x", 60000)),
		"a field of 4 GB":             plainFrame(6, 1, "\x0a\xff\xff\xff\xff\x0f"),
		"groups within groups":        plainFrame(60000, 1, strings.Repeat("\x0b", 60000)),
		"a message before the hello":  plainFrame(0, 9, ""),
		"a hundred thousand pings":    greeting + strings.Repeat(plainFrame(0, 7, ""), 100_000),
		"a hundred thousand hellos":   strings.Repeat(plainFrame(0, 1, ""), 100_000),
		"a key of zeros":              greeting + plainFrame(46, 124, "\x0a\x2c"+strings.Repeat("A", 43)+"="),
		"a key with a path":           greeting + plainFrame(14, 124, "\x0a\x0c../../../etc"),
		"an empty packet":             packet(""),
		"a hundred thousand packets":  strings.Repeat(packet(""), 100_000),
		"a packet cut off":            "\x01\xff\xff" + string(noise[:100]),
		"a handshake of nothing":      packet("") + packet("\x00"),
		"a handshake of noise":        packet("") + packet("\x00"+string(noise[:48])),
		"a handshake of 64 kB":        packet("") + packet("\x00"+string(noise[:65534])),
		"a handshake of zeros":        packet("") + packet("\x00"+strings.Repeat("\x00", 48)),
		"a refusal":                   packet("") + packet("\x01Handshake MAC failure"),
		"a long name in the hello":    packet(strings.Repeat("x", 65535)) + packet("\x00"+string(noise[:48])),
		"frames without a handshake":  packet(string(noise[:64])) + packet(string(noise[64:128])) + packet(string(noise[128:256])),
		"plain within the encryption": packet("") + greeting + plainFrame(0, 9, ""),
	}
}

// speakESPHome sends satellites what no client sends, several at a time, and asks them after each whether they are still there. home has a
// key, open has none.
func (t *target) speakESPHome(ctx context.Context) (found []finding) {
	say := func(what, where, says string) {
		found = append(found, finding{"requests", "nobody", what, where, says})
	}
	before := t.memory()
	for block, c := range map[string]struct {
		at  string
		key *esphome.Key
	}{"home": {t.home, &t.homeKey}, "open": {t.open, nil}} {
		for name, text := range evilFrames() {
			where := "esphome." + block + ": " + name
			answer, err := talk(ctx, c.at, text)
			if err != nil {
				say("nobody can connect", where, err.Error())
				continue
			}
			if strings.Contains(answer, "goroutine ") || strings.Contains(answer, "/state/") || strings.Contains(answer, "root:") {
				say("it tells what is inside", where, answer)
			}
			if c.key != nil {
				for _, word := range []string{hidden, "hey", "jarvis", "kitchen", "threshold", "ORAC"} {
					if strings.Contains(answer, word) {
						say("it tells something without the key", where, word)
					}
				}
			}
			if err := stillThere(ctx, c.at, c.key, nil); err != nil {
				say("it no longer answers", where, err.Error())
			}
		}
	}
	// A byte that changes on its way: in the handshake, or in what follows it. Nobody may notice anything but the end.
	for _, at := range []int64{1, 4, 8, 20, 40, 54, 60, 90} {
		if err := stillThere(ctx, t.home, &t.homeKey, &at); err == nil {
			say("it takes what was changed on its way", fmt.Sprintf("esphome.home: byte %d", at), "")
		}
		if err := stillThere(ctx, t.home, &t.homeKey, nil); err != nil {
			say("it no longer answers", fmt.Sprintf("esphome.home: byte %d", at), err.Error())
		}
	}
	other := esphome.NewKey()
	for name, key := range map[string]*esphome.Key{"another key": &other, "the key of zeros": {}, "no key": nil} {
		if err := stillThere(ctx, t.home, key, nil); err == nil {
			say("it serves whoever has not the key", "esphome.home: "+name, "")
		}
	}
	if err := stillThere(ctx, t.open, nil, nil); err == nil {
		say("it serves everybody, unencrypted", "esphome.open", "no key")
	}
	if after := t.memory(); after > before+256<<20 {
		say("memory is not given back", "esphome", fmt.Sprintf("%d MiB before, %d MiB after", before>>20, after>>20))
	}
	return found
}

// stillThere asks a satellite who it is, as a client that has the key, or none if it is nil. spoil is the byte that changes on its way.
func stillThere(ctx context.Context, at string, key *esphome.Key, spoil *int64) error {
	raw, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", at)
	if err != nil {
		return err
	}
	defer raw.Close()
	var way net.Conn = raw
	if spoil != nil {
		way = &spoiled{Conn: raw, at: *spoil}
	}
	c, _, err := esphome.Dial(way, key)
	if err != nil {
		return err
	}
	if err := raw.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if err := c.Write(&pb.HelloRequest{ClientInfo: "security", ApiVersionMajor: 1, ApiVersionMinor: 10}, &pb.DeviceInfoRequest{}); err != nil {
		return err
	}
	for {
		m, err := c.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("it closed the connection")
		}
		if err != nil {
			return err
		}
		if info, ok := m.(*pb.DeviceInfoResponse); ok {
			if info.FriendlyName != hidden {
				return fmt.Errorf("it calls itself %q", info.FriendlyName)
			}
			return nil
		}
	}
}

// spoiled is a connection on which one byte changes that we send.
type spoiled struct {
	net.Conn
	at, sent int64
}

func (s *spoiled) Write(b []byte) (int, error) {
	if i := s.at - s.sent; i >= 0 && i < int64(len(b)) {
		b = append([]byte(nil), b...)
		b[i] ^= 0x20
	}
	n, err := s.Conn.Write(b)
	s.sent += int64(n)
	return n, err
}

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"orac/appliance/wyoming"
)

// evilEvents are what no Wyoming client sends. A service may refuse each of them, and must be there for the next client.
func evilEvents() map[string]string {
	noise := make([]byte, 64<<10)
	_, _ = rand.Read(noise) // it never fails
	chunk := `{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":%s}` + "\n"
	return map[string]string{
		"nothing":                 "",
		"empty lines":             strings.Repeat("\n", 1<<20),
		"a line without end":      strings.Repeat("a", 4<<20),
		"noise":                   string(noise),
		"a web request":           "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"a TLS hello":             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + string(noise[:506]),
		"half an event":           `{"type":"descr`,
		"an event that is a list": "[]\n",
		"no type":                 "{}\n",
		"a type that is a number": `{"type":7}` + "\n",
		"a deep one":              `{"type":"describe","data":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) + "}\n",
		"a long type":             `{"type":"` + strings.Repeat("x", 1<<20) + `"}` + "\n",
		"more data than a disk":   `{"type":"describe","data_length":9223372036854775807}` + "\n",
		"less data than nothing":  `{"type":"describe","data_length":-1}` + "\n",
		"a payload of 4 EB":       fmt.Sprintf(chunk, "4611686018427387904"),
		"a payload of -4":         fmt.Sprintf(chunk, "-4"),
		"a payload of 1e309":      fmt.Sprintf(chunk, "1e309"),
		"a payload cut off":       fmt.Sprintf(chunk, "64000") + string(noise[:100]),
		"a rate of 0":             `{"type":"audio-start","data":{"rate":0,"width":2,"channels":1}}` + "\n",
		"a width of 0":            `{"type":"audio-start","data":{"rate":16000,"width":0,"channels":1}}` + "\n",
		"a rate of 2 GHz":         `{"type":"audio-start","data":{"rate":2000000000,"width":4,"channels":2000000000}}` + "\n",
		"a sound without start":   fmt.Sprintf(chunk, "4") + "\x00\x00\x00\x00",
		"a stop without start":    `{"type":"audio-stop"}` + "\n",
		"a thousand take-overs":   strings.Repeat(`{"type":"run-satellite"}`+"\n", 1000),
		"an answer without end": `{"type":"run-satellite"}` + "\n" + `{"type":"audio-start","data":{"rate":48000,"width":2,"channels":2}}` + "\n" +
			strings.Repeat(fmt.Sprintf(`{"type":"audio-chunk","data":{"rate":48000,"width":2,"channels":2},"payload_length":%d}`+"\n%s", len(noise), noise), 1000),
		"a thousand answers":      `{"type":"run-satellite"}` + "\n" + strings.Repeat(`{"type":"audio-start","data":{"rate":16000,"width":2,"channels":1}}`+"\n", 1000),
		"a run that nobody began": `{"type":"run-satellite"}` + "\n" + strings.Repeat(`{"type":"transcribe"}`+"\n"+`{"type":"transcript","data":{"text":"`+strings.Repeat("x", 10_000)+`"}}`+"\n", 1000),
		"a timer of 1e99 seconds": `{"type":"run-satellite"}` + "\n" + `{"type":"timer-finished","data":{"id":"x","total_seconds":1e99}}` + "\n",
		"a model with a path":     `{"type":"transcribe","data":{"name":"../../../etc/passwd","language":"` + "../" + `"}}` + "\n",
		"names that are no words": `{"type":"detect","data":{"names":["` + strings.Repeat(`x","`, 10_000) + `x"]}}` + "\n",
		"a name with controls":    `{"type":"detect","data":{"names":["\u0000\u001b[2J\u202e"]}}` + "\n",
		"ten thousand questions":  strings.Repeat(`{"type":"describe"}`+"\n", 10_000),
		"ten thousand pings":      strings.Repeat(`{"type":"ping","data":{"text":"`+strings.Repeat("x", 50)+`"}}`+"\n", 10_000),
	}
}

// speakWyoming sends the Wyoming services what no client sends, several at a time, and asks them after each whether they are still there.
func (t *target) speakWyoming(ctx context.Context) (found []finding) {
	say := func(what, where, says string) {
		found = append(found, finding{"requests", "nobody", what, where, says})
	}
	before := t.memory()
	for service, at := range map[string]string{"wyoming.hear": t.hear, "wyoming.wake": t.wake, "wyoming_satellite.lounge": t.satellite} {
		if info, err := talk(ctx, at, `{"type":"describe"}`+"\n"); err == nil && strings.Contains(info, `"info"`) {
			say("it serves everybody, unencrypted", service, "no login was asked for")
		}
		for name, text := range evilEvents() {
			where := service + ": " + name
			answer, err := talk(ctx, at, text)
			if err != nil {
				say("nobody can connect", where, err.Error())
				continue
			}
			if strings.Contains(answer, "goroutine ") || strings.Contains(answer, "/state/") || strings.Contains(answer, "root:") {
				say("it tells what is inside", where, answer)
			}
			if info, err := talk(ctx, at, `{"type":"describe"}`+"\n"); err != nil || !strings.Contains(info, `"info"`) {
				say("it no longer answers", where, fmt.Sprint(info, err))
			}
		}
	}
	// What 60 connections send at a time is bounded, so a growth like this is what they have left behind.
	if after := t.memory(); after > before+256<<20 {
		say("memory is not given back", "wyoming", fmt.Sprintf("%d MiB before, %d MiB after", before>>20, after>>20))
	}
	return found
}

// talk says something and returns what comes back, as far as 1 MiB and within seconds.
func talk(ctx context.Context, at, text string) (string, error) {
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", at)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	go func() { // ends with the connection
		_, _ = io.WriteString(c, text) // it may be refused in the middle
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	if strings.HasPrefix(text, `{"type":"describe"}`) && strings.Count(text, "\n") == 1 {
		e, err := wyoming.NewReader(c).Next()
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%q", e.Kind), nil
	}
	b, _ := io.ReadAll(io.LimitReader(c, 1<<20)) // a reset is an answer, too
	return string(b), nil
}

var resident = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB`)

// memory is what the appliance has resident, in bytes; 0 if it cannot be read.
func (t *target) memory() int {
	if t.command == nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.command.Process.Pid))
	if err != nil {
		return 0
	}
	if m := resident.FindSubmatch(text); m != nil {
		n, _ := strconv.Atoi(string(m[1])) // digits
		return n << 10
	}
	return 0
}

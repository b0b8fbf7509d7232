package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// places are where a target listens: HOST:PORT.
type places struct {
	web  string // console and API, and the issuer
	stt  string // the speech-to-text server
	core string // the Core server
	hear string // the Wyoming service for speech
	wake string // the Wyoming service for wake words

	home      string // the satellite of ESPHome's API that has a key
	open      string // the one that has none
	satellite string // the Wyoming satellite
}

// free returns places of this machine where nobody listens.
func free() (p places, err error) {
	for _, at := range []*string{&p.web, &p.stt, &p.core, &p.hear, &p.wake, &p.home, &p.open, &p.satellite} {
		l, failed := net.Listen("tcp", "127.0.0.1:0")
		if failed != nil {
			return p, errors.Join(err, failed)
		}
		defer func() { err = errors.Join(err, l.Close()) }() // all are open until each has its own
		*at = l.Addr().String()
	}
	return p, nil
}

// runbookFor is the runbook that is attacked: a microphone that plays a wake word, recordings that are kept, users of every role, a
// speech-to-text server for an account, a Core server for another, which may also have tokens of the issuer, Wyoming services, and satellites
// of Home Assistant.
func runbookFor(at places, sound string) string {
	var users strings.Builder
	for _, role := range roles {
		fmt.Fprintf(&users, "user %q {\n  role          = %q\n  password_hash = secret(%q)\n}\n", role, role, role+"_password_hash")
	}
	return fmt.Sprintf(`appliance "scanned" {
  state_dir = "state"
}
device "wav" "demo" {
  path = %q
  end  = "silence"
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
listener "kitchen" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [esphome.home]
}
esphome "home" {
  listen        = %q
  key           = env("ESPHOME_KEY")
  friendly_name = %q
  area          = %q
}
esphome "open" {
  listen        = %q
  device_name   = "open"
  friendly_name = %q
}
wyoming_satellite "lounge" {
  listen = %q
}
apply {
  health_gate = "1s"
}
web {
  listen = %q
  tls {
    self_signed = true
  }
  # A scanner asks more in a minute than these would let it: what it is to find is behind them.
  limits {
    max_connections = 500
    anonymous       = 1000000
    viewer          = 1000000
    operator        = 1000000
    admin           = 1000000
    per_address     = 10000000
  }
}
stt "echo" {
  protocol = "exec"
  command  = ["/bin/echo", "turn on the lights"]
}
stt_server "house" {
  engine          = stt.echo
  listen          = %q
  max_connections = 500
  per_peer        = 1000000
  tls {
    self_signed = true
  }
}
service_account "peer" {
  secret      = secret("peer")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}
topic "general" {
  english = true
}
core_server "house" {
  listen          = %q
  max_connections = 500
  per_peer        = 1000000
  tls {
    self_signed = true
  }
}
service_account "asker" {
  secret      = secret("asker")
  permissions = ["core.results", "core.status", "core.read"]
  audience    = "orac-core"
  members     = [member.kitchen]
}
issuer {
  url = %q
}
member "kitchen" {
  url = "https://127.0.0.1:1"
}
stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}
wyoming "hear" {
  serve  = "stt"
  engine = stt.local
  listen = %q
}
wyoming "wake" {
  serve  = "wake"
  listen = %q
}
%s`, sound, at.home, hidden, hidden, at.open, hidden, at.satellite, at.web, at.stt, at.core, "https://"+at.web, at.hear, at.wake, users.String())
}

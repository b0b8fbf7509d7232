variable "hours" {
  type    = number
  default = 1
}

locals {
  promised = 3 * var.hours
}

scenario "whole" {
  doc       = "Everything that the language has."
  runbook   = "kitchen.hcl"
  for       = "${var.hours * 60}m"
  heal      = "50m"
  epoch     = "2026-03-29T00:30:00Z"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

change "model.hey_jarvis" {
  threshold = model.alexa.threshold + 0.1 # stays as it is
}

change "listener.kitchen.record" {
  silence = "1s"
}

change "watchdog" {
  read_stall = "3s"
}

microphone "laptop" {
  present = false
  noise   = 0
}

sound "command" {
  at     = "30s"
  every  = "1m"
  jitter = "10s"
  times  = 20
}

sound "radio" {
  play  = "noise"
  level = 3000
  at    = "2m"
}

sound "door" {
  device = "laptop"
  play   = "door.wav"
}

fault "read_blocks" "first" {
  at = "5m"
}

fault "unplug" "usb" {
  target = "usb"
  at     = "7m"
  for    = "20s"
  every  = "10m"
  jitter = "1m"
  other  = true
}

fault "clock_jump" "summer" {
  at   = "20m"
  by   = "1h"
  back = true
}

fault "apply" "sharper" {
  at    = "25m"
  block = "model.hey_jarvis"
  set = {
    threshold  = 0.6
    "cooldown" = "${3}s"
  }
}

swarm {
  every   = "2m"
  weights = { stt_down = 2, kill = 0.5 }
}

recovery "microphone" {
  doc     = "A microphone is back three seconds after it was plugged in."
  after   = [fault.read_blocks.first, fault.unplug.usb]
  kinds   = ["kill"]
  from    = "end"
  recover = "${local.promised}s"
}

steady "calm" {
  holds = try(nodes["source.usb"].state, "running") != "leaked" && restarts <= local.promised * 10
  most  = "10s"
}

steady "no_leak" {
  holds = !contains([for a, n in nodes : n.state], "leaked")
}

expect "nothing_lost" {
  holds = lost == 0 && lookup(components, "stt.whisper", "healthy") == "healthy"
}

flat "memory" {
  memory = "8MiB"
  tasks  = 0
}

sometimes "spooled" {
  holds = waiting > 3
}

limits {
  wall = "30s"
}

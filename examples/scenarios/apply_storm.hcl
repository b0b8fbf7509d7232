# Somebody turns at the threshold again and again while commands are spoken, and in between applies a runbook that cannot
# work. A change of a threshold does not touch the microphone; what cannot work is refused.
#
#   orac sim examples/scenarios/apply_storm.hcl

scenario "apply_storm" {
  doc       = "Two hundred changes under load: no sound lost, nothing restarted, nothing left behind."
  runbook   = "kitchen.hcl"
  for       = "1h"
  inference = "modelled"
}

change "apply" {
  health_gate = "2s" # how long a change must prove itself
}

sound "command" {
  at     = "30s"
  every  = "20s"
  jitter = "5s"
}

fault "apply" "up" {
  at    = "2m"
  every = "30s"
  times = 100
  block = "model.hey_jarvis"
  set   = { threshold = 0.55 }
}

fault "apply" "down" {
  at    = "2m15s"
  every = "30s"
  times = 100
  block = "model.hey_jarvis"
  set   = { threshold = 0.5 }
}

# There is no such model: refused, and what runs goes on.
fault "apply" "broken" {
  at    = "2m8s"
  every = "5m"
  block = "model.hey_jarvis"
  set   = { source = "catalog:no_such_model" }
}

steady "untouched" {
  holds = restarts == 0 && leaked == 0 && health == "healthy"
}

expect "applied" {
  holds = applied >= 190 && rolled_back == 0
}

expect "heard" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0
}

flat "nothing_is_left" {
  memory  = "2MiB"
  tasks   = 0
  warm_up = "10m"
}

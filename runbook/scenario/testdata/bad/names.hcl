scenario "bad" {
  runbook  = "kitchen.hcl"
  text     = "x"
  for      = "20m"
  backends = ["sm"]
  epoch    = "2026-02-30T00:00:00Z"
}

change "model hey_jarvis" {
  threshold = 1
}

change "model.hey_jarvis" {
  record {
    silence = "1s"
  }
}

fault "unplugg" "one" {
  at = "5m"
}

fault "zzzzzzzzz" "one" {
  at = "5m"
}

fault "unplug" "mic" {
  at   = "17m"
  othr = true
}

fault "node_panic" "features" {
  at = "1m"
}

fault "apply" "x" {
  at    = "1m"
  block = "model.hey_jarvis"
  set   = local.nothing
}

swarm {
  every   = "1m"
  weights = { unplg = 1, stt_down = -1 }
}

recovery "mic" {
  after   = [fault.unplug.mice]
  kinds   = ["stt_donw"]
  recover = "3s"
}

recovery "none" {}

sound "s" {
  play  = "music"
  times = 3
}

fault "stt_down" "long" {
  at    = "1m"
  for   = "1h"
  every = "10m"
}

sound "rattle" {
  every  = "10s"
  jitter = "10s"
}

# What only a real machine has: sockets, descriptors, a link that goes down.
#
#   orac chaos chaos/scenarios/real.hcl

scenario "real" {
  doc      = "Answers that are cut, changed or never come, no network, no descriptors, a suspended source: no command is lost."
  runbook  = "room.hcl"
  for      = "105s"
  heal     = "85s"
  backends = ["chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "stt_cut" "cut" {
  at  = "6s"
  for = "8s"
}

fault "stt_corrupt" "changed" {
  at  = "18s"
  for = "8s"
}

fault "stt_silent" "hole" {
  at  = "30s"
  for = "10s"
}

fault "net_down" "link" {
  at  = "46s"
  for = "8s"
}

fault "descriptors" "none" {
  at  = "60s"
  for = "8s"
}

fault "suspended" "mic" {
  at  = "74s"
  for = "5s"
}

recovery "delivered" {
  kinds   = ["stt_cut", "stt_corrupt", "stt_silent", "net_down", "descriptors"]
  from    = "end"
  recover = "20s"
  means   = "delivered"
}

recovery "sound" {
  kinds   = ["suspended"]
  from    = "end"
  recover = "3s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && false_wakes == 0 && leaked == 0
}

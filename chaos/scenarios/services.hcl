# Everything that can happen to speech-to-text, while commands are spoken.
#
#   orac chaos chaos/scenarios/services.hcl
#   orac sim chaos/scenarios/services.hcl --seeds 1-20

scenario "services" {
  doc       = "Whatever the speech-to-text service does: no command is lost, none is delivered twice."
  runbook   = "room.hcl"
  for       = "96s"
  heal      = "52s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "stt_down" "away" {
  at     = "6s"
  jitter = "2s"
  for    = "10s"
}

fault "stt_reset" "resets" {
  at     = "26s"
  jitter = "2s"
  for    = "8s"
}

fault "stt_trash" "mad" {
  at     = "18s"
  jitter = "1s"
  for    = "4s"
}

fault "stt_unauthorized" "locked" {
  at     = "44s"
  jitter = "2s"
  for    = "6s"
}

# What a service may have whole when its connection breaks goes out again half a minute later.
recovery "delivered" {
  from    = "end"
  recover = "44s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && recorded >= 9 && boots == 1
}

# A speech-to-text server that restarts is away for three seconds, every three minutes, while its health is asked for every ten
# minutes only. A command or a heartbeat that meets it is evidence: the server is looked at at once, an incident says that it was
# away, and ends when it is back. The heartbeat follows its return, since a server that was started anew knows of nobody.
#
#   orac sim examples/scenarios/stt_blip.hcl --seeds 1-20

scenario "stt_blip" {
  doc       = "An outage that is shorter than the time between two health checks is seen, told, and over."
  runbook   = "kitchen.hcl"
  for       = "30m"
  inference = "modelled"
}

change "stt.whisper" {
  health_every = "10m"
}

# Somebody speaks all the time, so that a command meets each of the outages.
sound "command" {
  at    = "10s"
  every = "5s"
}

fault "stt_down" "restarts" {
  at     = "2m"
  every  = "3m"
  jitter = "20s"
  for    = "3s"
}

recovery "seen_and_over" {
  doc     = "Each is noticed while it lasts, and over three seconds after its end."
  from    = "end"
  recover = "3s"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "each_is_an_incident" {
  holds = incidents >= 7 && open == 0
}

expect "all_delivered" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && waiting == 0 && delivered == recorded
}

# A microphone that is away for a while, and a service that is away while somebody waits for it. Whoever asks how the appliance is must
# hear the truth.
#
#   orac sim examples/scenarios/deaf.hcl --seeds 1-20

scenario "deaf" {
  doc       = "An appliance that hears nothing does not call itself healthy, and is healthy again when it hears."
  runbook   = "kitchen.hcl"
  for       = "10m"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "20s"
}

# The first ends in the middle of a command: what had come of it is delivered, and told to be cut off.
fault "unplug" "gone" {
  at  = "121500ms"
  for = "1m"
}

# The sound breaks off in the middle of a command, and goes on at once: no recording holds both.
fault "worker_kill" "in_a_command" {
  at = "281500ms"
}

fault "stt_down" "away" {
  at  = "5m"
  for = "2m"
}

recovery "well_again" {
  after   = [fault.unplug.gone]
  from    = "end"
  means   = "health"
  recover = "10s"
}

sometimes "says_so" {
  holds = health == "unhealthy"
}

expect "nothing_lost" {
  holds = lost == 0 && waiting == 0 && open == 0 && health == "healthy"
}

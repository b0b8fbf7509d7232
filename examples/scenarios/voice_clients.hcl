# Two Home Assistants send what they hear to the engine of this machine, which understands its own microphone, too. Meanwhile clients fill the
# service and never read an answer, the engine dies and hangs, and the process is killed.
#
#   orac sim examples/scenarios/voice_clients.hcl --seeds 1-20

scenario "voice_clients" {
  doc       = "Clients of a Wyoming service are answered in the end, and whatever they do, the microphone of this machine goes first."
  runbook   = "den.hcl"
  for       = "30m"
  heal      = "28m"
  inference = "modelled"
}

change "listener.den" {
  deliver = [stt.local]
}

sound "command" {
  at     = "10s"
  every  = "20s"
  jitter = "4s"
}

caller "kitchen" {
  wyoming = "speech"
  at      = "12s"
  every   = "15s"
  jitter  = "5s"
  length  = "4s"
}

caller "hall" {
  wyoming = "speech"
  at      = "15s"
  every   = "15s"
  jitter  = "5s"
  length  = "3s"
}

fault "wyoming_unread" "crowd" {
  at    = "2m"
  every = "6m"
  for   = "2m"
}

fault "engine_dies" "in_a_job" {
  at     = "5m"
  every  = "70s"
  jitter = "20s"
}

fault "engine_hangs" "in_a_job" {
  at     = "9m"
  every  = "4m"
  jitter = "20s"
}

fault "kill" "under_them" {
  at     = "12m"
  every  = "6m"
  jitter = "30s"
  for    = "2s"
}

# What this machine hears is understood within ten seconds of a failure, however many clients wait.
recovery "understood" {
  kinds   = ["engine_dies", "engine_hangs"]
  means   = "delivered"
  recover = "12s"
}

# Beside a crowd alone, nothing of its own waits longer than a client's sound takes to be understood.
steady "own_first" {
  holds = waiting == 0 || time > 290
  most  = "10s"
}

expect "everybody_is_answered" {
  holds = asked >= 200 && served == asked
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && missed == 0 && refused == 0
}

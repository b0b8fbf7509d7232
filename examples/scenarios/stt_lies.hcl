# A server that is not away but wrong: it says that transcription has failed as if somebody had said so, answers with nothing,
# with what is no answer, resets connections, answers too late, or never ends a stream.
#
#   orac sim examples/scenarios/stt_lies.hcl --seeds 1-20

scenario "stt_lies" {
  doc       = "Whatever a speech-to-text server answers, no command is lost to it and hearing goes on."
  runbook   = "kitchen.hcl"
  for       = "40m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "30s"
  jitter = "5s"
}

fault "stt_lies" "failed" {
  at  = "2m"
  for = "2m"
}

fault "stt_empty" "nothing" {
  at  = "6m"
  for = "2m"
}

fault "stt_trash" "noise" {
  at  = "10m"
  for = "2m"
}

fault "stt_reset" "torn" {
  at  = "14m"
  for = "2m"
}

fault "stt_late" "late" {
  at  = "18m"
  for = "2m"
}

fault "stt_holds" "held" {
  at  = "23m"
  for = "2m"
}

fault "stt_unauthorized" "forbidden" {
  at  = "28m"
  for = "2m"
}

recovery "delivered" {
  doc     = "When the server is honest again, all that waits is delivered."
  from    = "end"
  recover = "60s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "nothing_lost" {
  holds = lost == 0 && missed == 0 && waiting == 0
}

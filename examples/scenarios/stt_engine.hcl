# The engine behind a speech-to-text server fails for seven minutes: a stream is answered "[Transcription Failed: …]", a request with
# 200 and an empty text, as if nobody had spoken, and the server's health is well all the time. Every command waits, and is
# delivered in order when the engine is back. Then the server claims for a while that nobody spoke: what it is sent is set aside.
#
#   orac sim examples/scenarios/stt_engine.hcl --seeds 1-20

scenario "stt_engine" {
  doc       = "An engine that fails behind a healthy server loses no command, and a false silence is set aside."
  runbook   = "kitchen.hcl"
  for       = "25m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "45s"
  jitter = "5s"
}

fault "stt_engine" "whisper" {
  at  = "2m"
  for = "7m"
}

fault "stt_empty" "deaf" {
  at  = "16m"
  for = "2m"
}

recovery "delivered" {
  doc     = "The engine is tried every 8 s, and takes what waits one after the other."
  after   = [fault.stt_engine.whisper]
  from    = "end"
  recover = "40s"
  means   = "delivered"
}

steady "none_aside_by_the_engine" {
  doc   = "An outage of the engine is waited for, however well the server calls itself."
  holds = refused == 0 || time > 960
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

sometimes "they_wait" {
  holds = waiting >= 8
}

expect "acted_on_once" {
  doc   = "All that was understood was acted on once, and the rest is set aside."
  holds = lost == 0 && missed == 0 && waiting == 0 && acted_twice == 0 && acted + refused == recorded && refused >= 1
}

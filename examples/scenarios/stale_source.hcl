# The system does not run the reader of the microphone for twenty seconds, and in the middle of that somebody changes the
# microphone. The reader is told to stop and does not; it is given up on, and the change is taken back. When it wakes up it has
# sound of then in its hands: nobody may hear that, and nobody may open the microphone before it has let go.
#
#   orac sim examples/scenarios/stale_source.hcl

scenario "stale_source" {
  doc       = "What was given up on has no say any more, and keeps the microphone until it has really ended."
  runbook   = "kitchen.hcl"
  for       = "5m"
  inference = "modelled"
}

change "apply" {
  health_gate = "5s"
}

sound "command" {
  at    = "20s"
  every = "20s"
}

fault "node_starve" "reader" {
  target = "source.mic"
  at     = "1m"
  for    = "20s"
}

fault "apply" "microphone" {
  at    = "62s"
  block = "device.microphone.mic"
  set   = { start_timeout = "6s" }
}

recovery "sound_flows" {
  after   = [fault.node_starve.reader]
  from    = "end"
  recover = "3s"
}

steady "one_holder" {
  holds = holders <= 1
}

sometimes "given_up_on" {
  doc   = "Otherwise nothing was shown."
  holds = leaked > 0
}

expect "well" {
  holds = rolled_back == 1 && leaked == 0 && open == 0 && lost == 0 && duplicated == 0 && waiting == 0 && health == "healthy"
}

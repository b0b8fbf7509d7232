# The incident that ORAC exists to end. A read of the microphone blocked inside the audio library; nothing in the process
# could interrupt it, and the appliance was deaf for an hour while it looked alive.
#
#   orac sim examples/scenarios/blocked_read.hcl --seeds 1-20
#
# ORAC reads in a process of its own and looks at the age of the last sound. When that is two seconds, it replaces the process.

scenario "blocked_read" {
  doc       = "A read that blocks for ever: sound flows again within three seconds, an hour long, again and again."
  runbook   = "kitchen.hcl"
  for       = "80m"
  inference = "modelled" # a stand-in for the networks: it hears what the sounds say of themselves, and costs nothing
}

# Somebody speaks all the time: what is said while nothing can be heard is not counted as missed.
sound "command" {
  at     = "30s"
  every  = "1m"
  jitter = "10s"
}

fault "read_blocks" "mic" {
  at     = "5m"
  every  = "10m"
  jitter = "3m" # another moment in every seed
}

recovery "sound_flows" {
  doc     = "Without new sound the device is degraded after half a second, and heard again within three."
  after   = [fault.read_blocks.mic]
  detect  = "2500ms"
  recover = "3s"
}

steady "one_holder" {
  doc   = "A process that hangs lets go of the device before the next one opens it."
  holds = holders <= 1
}

expect "heard" {
  doc   = "What was said while it could hear was heard, and arrived."
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0 && waiting == 0
}

flat "nothing_is_left" {
  doc   = "No restart leaves anything behind."
  tasks = 0
}

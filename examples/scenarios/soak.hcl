# Three days of ordinary trouble with the real networks: they hear a recording of a spoken command, and since it is the same
# one every time they are asked once. `make deps` makes the recording; any WAV of 16 kHz does.
#
#   orac sim examples/scenarios/soak.hcl

scenario "soak" {
  doc     = "72 hours: a microphone that is unplugged now and then, a server that is restarted, a process that is killed."
  runbook = "kitchen.hcl"
  for     = "72h"
}

sound "command" {
  play   = "../../.orac/sounds/hey_jarvis_lights_on.wav"
  wakes  = true
  at     = "10m"
  every  = "20m"
  jitter = "5m"
}

fault "unplug" "now_and_then" {
  at     = "3h"
  for    = "20s"
  every  = "7h"
  jitter = "1h"
}

fault "stt_down" "restarted" {
  at     = "5h"
  for    = "2m"
  every  = "9h"
  jitter = "1h"
}

fault "kill" "by_hand" {
  at     = "11h"
  every  = "25h"
  jitter = "1h"
}

recovery "hears_again" {
  kinds   = ["unplug", "kill"]
  from    = "end"
  recover = "3s"
}

recovery "delivered" {
  kinds   = ["stt_down"]
  from    = "end"
  recover = "30s"
  means   = "delivered"
}

steady "small" {
  holds = memory < 120 * 1000 * 1000
  every = "1m"
}

steady "one_holder" {
  holds = holders <= 1
}

expect "heard" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0 && waiting == 0 && health == "healthy"
}

flat "nothing_grows" {
  memory  = "8MiB"
  tasks   = 0
  warm_up = "12h"
}

limits {
  wall = "30m"
}

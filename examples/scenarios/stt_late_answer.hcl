# What a speech-to-text server has whole, it goes on with, and ORAC Core acts on it, whoever waits. Its engine takes eight seconds
# where the runbook waits five, it is stopped for forty seconds and continued, ORAC is killed between the end of a command and its
# answer, and at last the server ends in between.
#
#   orac sim examples/scenarios/stt_late_answer.hcl --seeds 1-20

scenario "stt_late_answer" {
  doc       = "A late answer is waited for, and what may be acted on twice is sent again late, seldom, and never without saying so."
  runbook   = "kitchen.hcl"
  for       = "30m"
  inference = "modelled"
}

change "stt.whisper" {
  timeout = "5s"
}

sound "command" {
  at    = "20s"
  every = "40s"
}

fault "stt_slow" "engine" {
  at    = "2m"
  for   = "4m"
  delay = "8s"
}

fault "stt_stopped" "frozen" {
  at    = "8m20.5s"
  every = "1m20s"
  times = 3
  for   = "40s"
}

# A command of 2 s that is spoken at 13m is sent whole at 13m3.8s.
fault "stt_slow" "busy" {
  at    = "13m"
  for   = "30s"
  delay = "8s"
}

fault "kill" "between" {
  at  = "13m8s"
  for = "1s"
}

fault "stt_ends" "between" {
  at  = "17m"
  for = "7s"
}

recovery "delivered" {
  doc     = "What was under way is given its time before it goes out again."
  kinds   = ["stt_slow", "stt_stopped", "stt_ends"]
  from    = "end"
  recover = "50s"
  means   = "delivered"
}

steady "slow_is_no_failure" {
  doc   = "An engine that is slow, and a server that is stopped and goes on, have every command acted on once."
  holds = acted_twice == 0 || time > 780
}

steady "hears_on" {
  holds = restarts == 0
}

sometimes "acted_twice" {
  doc   = "The protocol cannot prevent it when an answer is lost; that it was said before is demanded of every run."
  holds = acted_twice >= 2
}

expect "nothing_lost" {
  holds = lost == 0 && missed == 0 && waiting == 0 && refused == 0 && acted_twice == 2 && incidents >= 2 && open == 0
}

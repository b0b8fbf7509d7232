# What becomes of a command that speech-to-text has whole: its engine fails behind a health that is well, is slower than the runbook's
# timeout, the server is stopped and continued, and the answer is lost after ORAC Core has acted.
#
#   orac chaos chaos/scenarios/answers.hcl
#   orac sim chaos/scenarios/answers.hcl --seeds 1-20

scenario "answers" {
  doc       = "A command is acted on once, and twice only where an answer was lost, and then that was said before."
  runbook   = "room.hcl"
  for       = "100s"
  heal      = "54s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "stt_down" "away" {
  at     = "6s"
  jitter = "1s"
  for    = "7s"
}

# Its engine fails behind a health that is well.
fault "stt_engine" "failing" {
  at     = "15s"
  jitter = "1s"
  for    = "7s"
}

# Eight seconds, where the runbook has a timeout of five.
fault "stt_slow" "slow" {
  at     = "24s"
  jitter = "1s"
  for    = "5s"
  delay  = "8s"
}

fault "stt_stopped" "frozen" {
  at     = "32s"
  jitter = "1s"
  for    = "6s"
}

fault "stt_unauthorized" "locked" {
  at     = "40s"
  jitter = "1s"
  for    = "5s"
}

# The answer is lost after Core has acted: what is in doubt goes out again half a minute later.
fault "stt_ends" "lost" {
  at  = "46s"
  for = "7s"
}

recovery "delivered" {
  from    = "end"
  recover = "42s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "nothing_lost" {
  holds = lost == 0 && refused == 0 && duplicated == 0 && missed == 0 && recorded >= 12 && boots == 1
}

expect "acted_twice_only_where_an_answer_was_lost" {
  holds = acted == recorded && acted_twice <= 1
}

# Three appliances send what they hear to a speech-to-text server. The Core, to which it hands the texts, goes away, answers slowly, knows
# its token no more, and ends connections before its answer. No answer to the appliances waits for that; Core has every text, once and in
# order, or the server says that it does not know.
#
#   orac sim examples/scenarios/core_outage.hcl --seeds 1-20

scenario "core_outage" {
  doc       = "Whatever becomes of the Core: who sends a command is answered at once, and Core has each text once, in order."
  runbook   = "hub.hcl"
  for       = "30m"
  inference = "modelled"
}

caller "kitchen" {
  at     = "10s"
  every  = "12s"
  jitter = "4s"
  length = "6s"
}

caller "hall" {
  at     = "12s"
  every  = "12s"
  jitter = "4s"
  length = "4s"
}

caller "study" {
  at     = "14s"
  every  = "12s"
  jitter = "4s"
  length = "3s"
}

fault "core_down" "away" {
  at    = "2m"
  every = "9m"
  for   = "2m"
}

fault "core_slow" "busy" {
  at    = "5m"
  every = "9m"
  for   = "1m"
  delay = "20s"
}

fault "core_unauthorized" "another_secret" {
  at    = "7m"
  every = "9m"
  for   = "1m"
}

fault "core_ends" "cut" {
  at    = "9m"
  every = "9m"
  for   = "20s"
}

fault "kill" "while_texts_wait" {
  at    = "3m"
  every = "9m"
  for   = "2s"
}

recovery "texts_flow" {
  doc     = "Texts go on within 10 s of its return: the longest pause between two tries is 8 s."
  kinds   = ["core_down", "core_unauthorized"]
  from    = "end"
  means   = "health"
  recover = "10s"
}

sometimes "texts_wait" {
  holds = served >= acted + 10
}

expect "nothing_lost" {
  holds = asked >= 400 && served == asked && acted_twice == 0
}

# What Core has acted on without an answer is set aside, and not sent again: a command that is acted on twice is worse.
expect "acted_on" {
  holds = acted >= served - 10 && health == "healthy"
}

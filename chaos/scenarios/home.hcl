# Everything that can happen to a home and to a language model, and a kill, while people command the house.
#
#   orac chaos chaos/scenarios/home.hcl
#   orac sim chaos/scenarios/home.hcl --seeds 1-20

scenario "home" {
  doc       = "Whatever the home and the language model do: nothing is done twice, and nobody is told what is not true."
  runbook   = "flat.hcl"
  for       = "100s"
  heal      = "68s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

caller "phone" {
  topic  = "general"
  at     = "2s"
  every  = "2s"
  jitter = "1s"
}

caller "tablet" {
  topic  = "general"
  at     = "3s"
  every  = "3s"
  jitter = "1s"
  length = "4s"
}

fault "backend_down" "away" {
  at     = "5s"
  jitter = "1s"
  for    = "7s"
}

# Five seconds, where the runbook has a timeout of three.
fault "backend_slow" "slow" {
  at    = "16s"
  for   = "5s"
  delay = "5s"
}

fault "backend_unauthorized" "locked" {
  at     = "25s"
  jitter = "1s"
  for    = "5s"
}

fault "backend_ends" "cut" {
  at  = "34s"
  for = "4s"
}

fault "backend_stuck" "says_yes" {
  at  = "40s"
  for = "4s"
}

fault "kill" "killed" {
  at     = "46s"
  jitter = "1s"
  for    = "1s"
}

fault "model_hangs" "hangs" {
  at  = "51s"
  for = "5s"
}

fault "model_trash" "trash" {
  at  = "57s"
  for = "4s"
}

fault "model_down" "gone" {
  at  = "62s"
  for = "5s"
}

recovery "acts_again" {
  kinds   = ["backend_down", "backend_unauthorized"]
  detect  = "3s"
  from    = "end"
  means   = "health"
  recover = "10s"
}

recovery "restarted" {
  kinds   = ["kill"]
  from    = "end"
  means   = "health"
  recover = "5s"
}

expect "the_truth" {
  holds = served == asked && acted_twice == 0 && asked >= 50
}

# Meanwhile half of all found nobody who could do it.
expect "done" {
  holds = acted >= asked / 3 && acted < asked && health == "healthy"
}

# The home is away for ten minutes, answers late, knows the token no more, ends connections before its answer, and accepts calls that it does
# not carry out; the language model hangs, is away, and answers trash. Nothing is done twice, a command that is older than expires is not
# done any more when the home is back, and everybody is told the truth.
#
#   orac sim examples/scenarios/home_away.hcl --seeds 1-20

scenario "home_away" {
  doc       = "With the home away for ten minutes, nothing is done twice or too late, and nobody is told that something was done which was not."
  runbook   = "acts.hcl"
  for       = "50m"
  inference = "modelled"
}

caller "kitchen" {
  at     = "10s"
  every  = "12s"
  jitter = "4s"
  length = "5s"
}

caller "phone" {
  topic  = "general"
  at     = "11s"
  every  = "7s"
  jitter = "4s"
  length = "2s"
}

fault "backend_down" "ten_minutes" {
  at  = "5m"
  for = "10m"
}

fault "backend_slow" "busy" {
  at    = "17m"
  for   = "2m"
  delay = "20s"
}

fault "backend_unauthorized" "another_token" {
  at  = "21m"
  for = "2m"
}

fault "backend_ends" "cut" {
  at  = "25m"
  for = "30s"
}

fault "backend_stuck" "says_yes" {
  at  = "28m"
  for = "1m"
}

fault "model_hangs" "hangs" {
  at  = "31m"
  for = "2m"
}

fault "model_trash" "trash" {
  at  = "35m"
  for = "2m"
}

fault "model_down" "away" {
  at  = "39m"
  for = "2m"
}

# Those who ask meanwhile ask again, and are told that their command has expired.
fault "kill" "three_minutes" {
  at  = "43m"
  for = "3m"
}

recovery "acts_again" {
  doc     = "Commands are done within 10 s of the return of the home."
  kinds   = ["backend_down", "backend_unauthorized"]
  from    = "end"
  means   = "health"
  recover = "10s"
}

expect "the_truth" {
  holds = served == asked && acted_twice == 0
}

# 15 minutes of 50 without a home or an appliance, and some with one that does nothing or answers too late.
expect "done" {
  holds = asked >= 500 && acted >= asked / 2 && acted <= asked - 80 && health == "healthy"
}

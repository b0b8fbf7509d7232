# The issuer of tokens gets another secret of the account, while a process is started that has no token yet. It is asked again after a
# minute, and then everything that waits is delivered.
#
#   orac chaos chaos/scenarios/disowned.hcl
#   orac sim chaos/scenarios/disowned.hcl --seeds 1-20

scenario "disowned" {
  doc       = "An issuer that refuses the account for a while: nothing is sent without a token, and nothing is lost."
  runbook   = "member.hcl"
  for       = "110s"
  heal      = "30s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "issuer_refuses" "disowned" {
  at  = "11s"
  for = "6s"
}

# In the middle of a recording, so that something waits.
fault "kill" "without_tokens" {
  at  = "12s"
  for = "1s"
}

recovery "noticed" {
  kinds  = ["issuer_refuses"]
  detect = "12s"
}

recovery "delivered" {
  kinds   = ["issuer_refuses"]
  from    = "end"
  means   = "delivered"
  recover = "75s"
}

expect "nothing_lost" {
  holds = lost == 0 && refused == 0 && duplicated == 0 && waiting == 0 && recorded >= 10 && health == "healthy"
}

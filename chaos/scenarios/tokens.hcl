# Everything that can happen to an issuer of tokens, while commands are spoken. Tokens live for a quarter of an hour, so that an issuer
# which is away for seconds matters only to a process that has none: it is killed meanwhile, and starts without.
#
#   orac chaos chaos/scenarios/tokens.hcl
#   orac sim chaos/scenarios/tokens.hcl --seeds 1-20

scenario "tokens" {
  doc       = "Whatever the issuer does: nothing is sent without a token, nothing is lost, and a new key is refused by no server for long."
  runbook   = "member.hcl"
  for       = "90s"
  heal      = "60s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "issuer_keys_rotated" "rotated" {
  at     = "7s"
  jitter = "1s"
}

fault "issuer_down" "away" {
  at  = "11s"
  for = "8s"
}

fault "issuer_keys_rotated" "lost" {
  at     = "28s"
  jitter = "1s"
  way    = "loses"
}

fault "issuer_slow" "slow" {
  at    = "35s"
  for   = "9s"
  delay = "8s"
}

# Each time in the middle of a recording, so that something waits.
fault "kill" "without_tokens" {
  at    = "12s"
  every = "24s"
  times = 2
  for   = "1s"
}

recovery "noticed" {
  kinds  = ["issuer_down", "issuer_slow"]
  detect = "12s"
}

recovery "delivered" {
  kinds   = ["issuer_down", "issuer_slow"]
  from    = "end"
  means   = "delivered"
  recover = "16s"
}

steady "refused_for_10s" {
  holds = token_refused_for <= 11
}

expect "nothing_lost" {
  holds = lost == 0 && refused == 0 && duplicated == 0 && waiting == 0 && recorded >= 8 && health == "healthy"
}

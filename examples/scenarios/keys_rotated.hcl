# The issuer replaces the key with which it signs tokens, every few minutes, while people speak all the time: as orac secrets rotate issuer
# does, and once as if it had lost its state, so that all tokens are void. Nobody notices.
#
#   orac sim examples/scenarios/keys_rotated.hcl --seeds 1-20

scenario "keys_rotated" {
  doc       = "The keys of tokens are rotated under load: nothing is lost, and no server refuses what it is sent for more than 10 s."
  runbook   = "member.hcl"
  for       = "50m"
  inference = "modelled"
}

sound "command" {
  at    = "10s"
  every = "8s"
}

caller "study" {
  at     = "12s"
  every  = "10s"
  jitter = "4s"
  length = "4s"
}

fault "issuer_keys_rotated" "rotated" {
  at     = "2m"
  every  = "4m"
  jitter = "3m"
}

fault "issuer_keys_rotated" "lost" {
  at  = "31m"
  way = "loses"
}

# The server starts anew a minute later, and asks the issuer for its keys: what it was shown before is void now.
fault "stt_down" "restarted" {
  at  = "32m"
  for = "1s"
}

# A server that has just asked for the issuer's keys asks again after 10 s at the earliest.
steady "refused_for_10s" {
  holds = token_refused_for <= 11
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "nothing_lost" {
  holds = delivered == spoken && spoken >= 300 && lost == 0 && duplicated == 0 && waiting == 0
}

expect "texts_too" {
  holds = asked >= 250 && served == asked && acted >= served && acted_twice == 0
}

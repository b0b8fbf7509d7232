# The swarm for an appliance that gets its tokens from an issuer: the issuer goes away, answers late, refuses the account and rotates its
# keys, while the server, the network, the disk and the process fail as well, and the centre of the house pushes changes.
#
#   orac sim examples/scenarios/swarm_member.hcl --seeds 1-200

scenario "swarm_member" {
  doc       = "Whatever fails, in whatever order: nothing is lost, nothing is sent without a token, and no push is carried out by halves."
  runbook   = "member.hcl"
  for       = "1h"
  heal      = "45m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

change "memory" {
  every = "30s"
}

sound "command" {
  at     = "20s"
  every  = "40s"
  jitter = "10s"
}

fault "push" "up" {
  at     = "4m"
  every  = "6m"
  jitter = "3m"
  block  = "model.hey_jarvis"
  set    = { threshold = 0.6 }
}

fault "push" "down" {
  at     = "7m"
  every  = "6m"
  jitter = "3m"
  way    = "first"
  block  = "model.hey_jarvis"
  set    = { threshold = 0.5 }
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "2m"
}

# An issuer that has refused the account is asked again after some minutes.
steady "well" {
  healed = true
  holds  = health == "healthy"
  most   = "5m"
}

expect "nothing_lost" {
  holds = spoken >= 60 && lost == 0 && waiting == 0
}

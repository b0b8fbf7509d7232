# The swarm for an appliance with a voice: its speaker, what speaks for it and its Home Assistant fail, beside everything else that breaks.
#
#   orac sim examples/scenarios/swarm_voice.hcl --seeds 1-200

scenario "swarm_voice" {
  doc       = "Whatever fails, in whatever order: no sound is cut off or heard twice without a word of it, no command is lost without a word or carried out twice, and all is well in the end."
  runbook   = "parlour.hcl"
  for       = "1h"
  heal      = "50m"
  inference = "modelled"
}

sound "command" {
  at     = "20s"
  every  = "30s"
  jitter = "10s"
}

change "memory" {
  every = "30s"
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "30s"
}

recovery "plays_again" {
  doc     = "Health returns within a minute of any failure of a voice."
  kinds   = ["player_stop", "player_kill", "player_trash", "speaker_unplug", "home_gone"]
  from    = "end"
  means   = "health"
  recover = "1m"
}

recovery "delivered" {
  from    = "end"
  means   = "delivered"
  recover = "2m"
}

steady "well" {
  healed = true
  holds  = health == "healthy"
  most   = "60s"
}

steady "served" {
  healed = true
  holds  = home_serves == 1
  most   = "70s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && missed == 0 && false_wakes == 0
}

expect "heard" {
  holds = sounds_heard >= 60
}

sometimes "home_is_away" {
  holds = home_serves == 0
}

sometimes "it_answers_by_itself" {
  holds = home_handed >= 1 && delivered >= 1
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}

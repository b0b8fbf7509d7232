# Three appliances send what they hear to a speech-to-text server, which is killed, restarted and cut off again and again while they
# do. They send a command again until it is answered; the server recognises it, and Core gets each text once.
#
#   orac sim examples/scenarios/server_restarts.hcl --seeds 1-20

scenario "server_restarts" {
  doc       = "A speech-to-text server that restarts under three appliances loses nothing, and has nothing acted on twice."
  runbook   = "hub.hcl"
  for       = "30m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

caller "kitchen" {
  at     = "10s"
  every  = "8s"
  jitter = "4s"
  length = "12s"
}

caller "hall" {
  at     = "12s"
  every  = "8s"
  jitter = "4s"
  length = "8s"
}

caller "study" {
  at     = "14s"
  every  = "8s"
  jitter = "4s"
  length = "5s"
}

fault "kill" "server" {
  at     = "40s"
  every  = "70s"
  jitter = "30s"
  for    = "3s"
}

fault "engine_dies" "in_a_command" {
  at     = "1m"
  every  = "40s"
  jitter = "20s"
}

# Answers are lost on their way, and some of those who wait for them find another process when they ask again.
fault "net_down" "cut_off" {
  at    = "2m"
  every = "70s"
  for   = "8s"
}

fault "kill" "while_cut_off" {
  at     = "2m3s"
  every  = "70s"
  jitter = "4s"
  for    = "1s"
}

expect "nothing_lost" {
  holds = asked >= 600 && served == asked && acted_twice == 0
}

# A text whose fate Core alone knows, because the server was killed at that moment, is set aside and told.
expect "acted_on" {
  holds = acted >= served - 10 && boots >= 20 && health == "healthy"
}

# Everything that can happen to an MQTT broker, on a live appliance with a real Mosquitto: it is killed and started again, refuses the login, breaks
# connections, is slow, and passes on what another client orders without any right to. Meanwhile the microphone goes on.
#
#   orac chaos chaos/scenarios/broker.hcl
#   orac sim chaos/scenarios/broker.hcl --seeds 1-20

scenario "broker" {
  doc       = "Whatever the broker does, what is said is understood, and soon after it is back it shows how the appliance is."
  runbook   = "shown.hcl"
  for       = "72s"
  heal      = "60s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at     = "4s"
  every  = "9s"
  jitter = "2s"
}

fault "broker_down" "killed" {
  at     = "5s"
  jitter = "1s"
  for    = "6s"
}

fault "broker_denied" "another_password" {
  at  = "19s"
  for = "5s"
}

fault "broker_flaps" "flaps" {
  at    = "32s"
  for   = "5s"
  delay = "1s"
}

fault "broker_slow" "slow" {
  at    = "45s"
  for   = "5s"
  delay = "1s"
}

fault "broker_trash" "hostile" {
  at  = "52s"
  for = "4s"
}

recovery "noticed" {
  kinds  = ["broker_down", "broker_denied"]
  detect = "5s"
}

recovery "shown_again" {
  kinds   = ["broker_down", "broker_denied"]
  from    = "end"
  means   = "health"
  recover = "10s"
}

steady "shown" {
  healed = true
  holds  = mqtt_shown == 1
  most   = "10s"
}

expect "hearing_is_unharmed" {
  holds = delivered >= 5 && lost == 0 && missed == 0 && restarts == 0
}

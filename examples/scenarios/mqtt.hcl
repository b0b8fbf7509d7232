# The MQTT broker is away, refuses the login, breaks connections, is slow, and passes on what another client orders without any right to. What is
# said is understood as ever, and soon after the broker is back it shows how the appliance is. What happened meanwhile is not told later, and
# nothing old or forbidden is carried out: the simulator looks at every message and every order.
#
#   orac sim examples/scenarios/mqtt.hcl --seeds 1-20

scenario "mqtt" {
  doc       = "Whatever the MQTT broker does, nothing is heard or understood worse, nothing stale or forbidden is done, and the broker soon shows again how the appliance is."
  runbook   = "study.hcl"
  for       = "40m"
  heal      = "36m"
  inference = "modelled"
}

sound "command" {
  at     = "10s"
  every  = "15s"
  jitter = "4s"
}

fault "broker_down" "five_minutes" {
  at  = "3m"
  for = "5m"
}

fault "broker_denied" "another_password" {
  at  = "10m"
  for = "2m"
}

fault "broker_flaps" "flaps" {
  at    = "14m"
  for   = "3m"
  delay = "4s"
}

fault "broker_slow" "overloaded" {
  at    = "19m"
  for   = "4m"
  delay = "12s"
}

fault "broker_trash" "hostile" {
  at  = "25m"
  for = "3m"
}

fault "kill" "killed" {
  at  = "30m"
  for = "2s"
}

fault "broker_down" "once_more" {
  at  = "33m"
  for = "20s"
}

recovery "noticed" {
  kinds  = ["broker_down", "broker_denied"]
  detect = "5s"
}

recovery "shown_again" {
  doc     = "The longest pause between two tries is 8 s."
  kinds   = ["broker_down", "broker_denied", "broker_flaps"]
  from    = "end"
  means   = "health"
  recover = "10s"
}

steady "never_worse_than_degraded" {
  holds = !up || health != "unhealthy" || faults == 0
}

steady "bounded" {
  holds = mqtt_waiting <= 256
}

steady "shown" {
  healed = true
  holds  = mqtt_shown == 1
  most   = "10s"
}

expect "hearing_is_unharmed" {
  holds = delivered >= 140 && lost == 0 && duplicated == 0 && missed == 0
}

expect "orders" {
  doc   = "Those of Home Assistant are carried out, and those of the hostile client are not."
  holds = orders_taken >= 4 && orders_denied == 0
}

sometimes "dropped" {
  holds = mqtt_dropped >= 50
}

sometimes "denied" {
  holds = orders_denied >= 500
}

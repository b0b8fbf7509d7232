# A speech-to-text server that has streaming switched off refuses every stream with 403, as it refuses who it does not know. Its
# health says which of the two it is: what is said goes by HTTP, nothing is an incident, and when it streams again it is streamed to.
#
#   orac sim examples/scenarios/stt_no_stream.hcl --seeds 1-20

scenario "stt_no_stream" {
  doc       = "A server that takes no streams gets every command by HTTP, and nobody is called."
  runbook   = "kitchen.hcl"
  for       = "20m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "20s"
  jitter = "5s"
}

fault "stt_no_stream" "off" {
  at  = "2m"
  for = "12m"
}

# In the middle of that a server that really does not know us: this stays an incident.
fault "stt_unauthorized" "token" {
  at  = "8m"
  for = "30s"
}

steady "well" {
  holds = health != "unhealthy" && restarts == 0
}

steady "delivered_at_once" {
  doc   = "By HTTP a command is delivered as soon as it is complete."
  holds = waiting <= 1
  most  = "50s"
}

expect "nobody_is_called_for_that" {
  doc   = "The one incident is that of the token: of the service, and of what could not be delivered meanwhile."
  holds = incidents >= 1 && incidents <= 3 && open == 0
}

expect "all_delivered" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && waiting == 0 && delivered == recorded
}

# The appliance uses a Wyoming speech-to-text service, and is one. The service that it uses hangs, dies, and answers nonsense; its own clients
# crowd it, send what is no protocol, and never read an answer. Nobody who speaks notices.
#
#   orac chaos chaos/scenarios/voice.hcl

scenario "voice" {
  doc       = "A Wyoming service that fails loses no command, and clients of the appliance's own disturb neither hearing nor understanding."
  runbook   = "../../examples/scenarios/den.hcl"
  for       = "110s"
  heal      = "90s"
  inference = "modelled"
  backends  = ["chaos"]
}

change "listener.den" {
  deliver = [stt.whisper]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "stt_holds" "it_hangs" {
  at  = "8s"
  for = "6s"
}

fault "stt_down" "it_dies" {
  at  = "24s"
  for = "5s"
}

fault "stt_trash" "nonsense" {
  at  = "38s"
  for = "4s"
}

fault "wyoming_unread" "never_read" {
  at  = "46s"
  for = "14s"
}

fault "wyoming_trash" "no_events" {
  at  = "62s"
  for = "4s"
}

fault "wyoming_trash" "lengths" {
  at  = "67s"
  for = "3s"
  way = "lengths"
}

fault "wyoming_trash" "stall" {
  at  = "71s"
  for = "8s"
  way = "stall"
}

fault "wyoming_trash" "crowd" {
  at  = "80s"
  for = "6s"
  way = "crowd"
}

recovery "understood" {
  kinds   = ["stt_holds", "stt_down", "stt_trash"]
  from    = "end"
  recover = "20s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0 && boots == 1
}

# Clients that are sent away are no failure.
steady "no_client_is_an_incident" {
  holds = lookup(components, "wyoming.speech", "healthy") == "healthy" && lookup(components, "engine.local", "healthy") == "healthy"
}

expect "all_of_it_once" {
  holds = recorded >= 14 && delivered == recorded && lost == 0 && refused == 0 && duplicated == 0 && missed == 0 && waiting == 0
}

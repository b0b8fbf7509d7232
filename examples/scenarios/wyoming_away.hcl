# A Wyoming service that understands speech fails in every way in which it can: it hangs, dies in the middle, is stopped, answers nonsense,
# errors, nothing, or late. Nobody else acts on what it understands, so a command is sent again at once, and understood once.
#
#   orac sim examples/scenarios/wyoming_away.hcl --seeds 1-20
#   orac chaos examples/scenarios/wyoming_away.hcl

scenario "wyoming_away" {
  doc       = "Whatever a Wyoming speech-to-text service does, each command is understood once, in order, within half a minute of its return."
  runbook   = "den.hcl"
  for       = "4m"
  heal      = "3m30s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

# Nobody stands in for it.
change "listener.den" {
  deliver = [stt.whisper]
}

sound "command" {
  at     = "4s"
  every  = "7s"
  jitter = "1s"
}

fault "stt_holds" "it_hangs" {
  at  = "10s"
  for = "15s"
}

fault "stt_down" "it_dies" {
  at  = "35s"
  for = "8s"
}

fault "stt_trash" "nonsense" {
  at  = "50s"
  for = "6s"
}

fault "stt_slow" "it_is_slow" {
  at    = "1m5s"
  for   = "15s"
  delay = "4s"
}

fault "stt_late" "it_is_too_slow" {
  at  = "1m30s"
  for = "8s"
}

fault "stt_reset" "it_dies_in_the_middle" {
  at  = "1m50s"
  for = "8s"
}

fault "stt_stopped" "it_is_stopped" {
  at  = "2m5s"
  for = "12s"
}

fault "stt_unauthorized" "an_error_event" {
  at  = "2m28s"
  for = "6s"
}

fault "stt_cut" "half_an_answer" {
  at  = "2m42s"
  for = "6s"
}

fault "stt_silent" "half_open" {
  at  = "2m55s"
  for = "12s"
}

recovery "understood" {
  from    = "end"
  recover = "35s"
  means   = "delivered"
}

# Nothing that a service does disturbs hearing.
steady "hears_on" {
  holds = health != "unhealthy" && try(nodes["source.mic"].restarts, 0) == 0
}

sometimes "it_is_away" {
  holds = lookup(components, "stt.whisper", "healthy") != "healthy"
}

sometimes "they_wait" {
  holds = waiting >= 2
}

expect "all_of_it_once" {
  holds = recorded >= 25 && delivered == recorded && lost == 0 && refused == 0 && duplicated == 0 && missed == 0 && waiting == 0 && boots == 1
}

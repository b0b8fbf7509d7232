# A list of services: while the first is away, the second gets what is said, and the first again when it is back. The third, beside the
# list, gets everything. For a moment both of the list are away: what is said then waits.
#
#   orac chaos chaos/scenarios/fallback.hcl
#   orac sim chaos/scenarios/fallback.hcl --seeds 1-20

scenario "fallback" {
  doc       = "A command is understood by one service of a list, in order and once, while any of them answers; and no other service notices."
  runbook   = "ways.hcl"
  for       = "95s"
  heal      = "60s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "6s"
}

fault "stt_down" "the_first" {
  target = "local"
  at     = "8s"
  jitter = "1s"
  for    = "14s"
}

fault "stt_unauthorized" "the_first_is_locked" {
  target = "local"
  at     = "28s"
  jitter = "1s"
  for    = "9s"
}

# Both ways are gone, and nothing can be understood.
fault "stt_down" "the_first_again" {
  target = "local"
  at     = "42s"
  for    = "12s"
}

fault "stt_down" "the_second" {
  target = "cloud"
  at     = "43s"
  for    = "9s"
}

fault "stt_down" "the_third" {
  target = "archive"
  at     = "18s"
  jitter = "1s"
  for    = "6s"
}

recovery "delivered" {
  doc     = "The second service has it within seconds; where both are away, within 15 s of the return of one."
  from    = "end"
  recover = "15s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

sometimes "the_second_understands_while_the_first_is_away" {
  holds = lookup(components, "stt.local", "healthy") != "healthy" && lookup(components, "stt.cloud", "healthy") == "healthy" && lookup(components, "stt.archive", "healthy") == "healthy" && waiting == 0 && delivered >= 2
}

expect "all_of_it_once" {
  holds = recorded >= 12 && delivered == recorded && lost == 0 && refused == 0 && duplicated == 0 && missed == 0 && waiting == 0 && boots == 1
}

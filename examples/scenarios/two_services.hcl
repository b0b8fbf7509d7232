# Two people speak in two rooms at once. One of the two services that shall have what is said in the kitchen goes away, then the other,
# and streams end in the middle: each service has every recording in the end, whole, and from the right room.
#
#   orac sim examples/scenarios/two_services.hcl --seeds 1-20

scenario "two_services" {
  doc       = "A command for two services is delivered when both have answered, and each has every sample of it."
  runbook   = "house.hcl"
  for       = "20m"
  inference = "modelled"
}

sound "kitchen" {
  device = "kitchen"
  model  = "hey_jarvis"
  at     = "20s"
  every  = "20s"
  jitter = "5s"
}

sound "study" {
  device = "study"
  model  = "alexa"
  at     = "21s"
  every  = "20s"
  jitter = "5s"
}

fault "stt_down" "archive" {
  target = "archive"
  at     = "2m"
  for    = "2m"
}

fault "stt_down" "whisper" {
  target = "whisper"
  at     = "6m"
  for    = "2m"
}

fault "stt_reset" "whisper" {
  target = "whisper"
  at     = "10m"
  for    = "25s"
}

fault "kill" "while_one_is_away" {
  at  = "3m"
  for = "2s"
}

recovery "delivered" {
  after   = [fault.stt_down.archive, fault.stt_down.whisper, fault.stt_reset.whisper]
  from    = "end"
  recover = "40s"
  means   = "delivered"
}

sometimes "one_has_it_and_the_other_has_not" {
  holds = waiting >= 3 && lookup(components, "stt.archive", "healthy") != "healthy" && lookup(components, "stt.whisper", "healthy") == "healthy"
}

expect "each_has_all" {
  holds = recorded > 100 && delivered == recorded && lost == 0 && duplicated == 0 && waiting == 0 && open == 0
}

# Somebody changes the model of the engine while people speak, and back. The microphone goes on, and what is said meanwhile waits.
#
#   orac sim examples/scenarios/engine_change.hcl --seeds 1-20

scenario "engine_change" {
  doc       = "An engine is exchanged by apply without a deaf moment, and nothing is lost or understood twice."
  runbook   = "study.hcl"
  for       = "20m"
  inference = "modelled"
}

change "apply" {
  health_gate = "2s"
}

sound "command" {
  at      = "5s"
  every   = "8s"
  jitter  = "2s"
  command = "1s"
}

fault "apply" "base" {
  at     = "2m"
  every  = "2m"
  times  = 8
  jitter = "10s"
  block  = "stt.local"
  set    = { model = "moonshine_base" }
}

fault "apply" "tiny" {
  at     = "3m"
  every  = "2m"
  times  = 8
  jitter = "10s"
  block  = "stt.local"
  set    = { model = "moonshine_tiny" }
}

steady "hears" {
  holds = try(components["source.mic"], "healthy") == "healthy" && restarts == 0 && leaked == 0
}

recovery "sound" {
  kinds   = ["apply"]
  recover = "400ms"
}

recovery "understood" {
  kinds   = ["apply"]
  means   = "delivered"
  recover = "10s"
}

expect "all_of_them" {
  holds = applied == 16 && rolled_back == 0 && delivered == recorded && recorded >= 130 && lost == 0 && duplicated == 0 && waiting == 0 && missed == 0 && false_wakes == 0 && health == "healthy"
}

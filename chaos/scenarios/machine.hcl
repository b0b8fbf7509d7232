# Everything that can happen to the machine under the appliance.
#
#   orac chaos chaos/scenarios/machine.hcl
#   orac sim chaos/scenarios/machine.hcl --seeds 1-20

scenario "machine" {
  doc       = "A full disk, a broken one, no time to run, a kill, too much memory: the appliance is well again within ten seconds."
  runbook   = "room.hcl"
  for       = "95s"
  heal      = "75s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "4s"
  every = "7s"
}

fault "disk_full" "full" {
  at     = "6s"
  jitter = "2s"
  for    = "8s"
}

fault "disk_error" "broken" {
  at     = "20s"
  jitter = "2s"
  for    = "8s"
}

fault "cpu_starve" "starved" {
  at     = "34s"
  jitter = "2s"
  for    = "3s"
}

fault "kill" "killed" {
  at     = "43s"
  jitter = "2s"
  for    = "1s"
}

fault "apply" "threshold" {
  at     = "47s"
  jitter = "2s"
  block  = "model.hey_jarvis"
  set    = { threshold = 0.45 }
}

fault "memory_rise" "grown" {
  at     = "62s"
  jitter = "2s"
  size   = "230MiB"
}

recovery "well" {
  kinds   = ["disk_full", "disk_error", "cpu_starve", "kill"]
  from    = "end"
  recover = "10s"
  means   = "health"
}

recovery "hears" {
  kinds   = ["cpu_starve", "kill"]
  from    = "end"
  recover = "5s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && false_wakes == 0
}

expect "replaced" {
  doc   = "The process that has grown too large has replaced itself, once (kill and that are two starts more); the change is kept."
  holds = reexecs == 1 && boots == 3 && applied == 1 && health == "healthy"
}

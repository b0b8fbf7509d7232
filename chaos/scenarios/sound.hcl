# Everything that can happen to the sound, in a minute.
#
#   orac chaos chaos/scenarios/sound.hcl
#   orac sim chaos/scenarios/sound.hcl --seeds 1-20

scenario "sound" {
  doc       = "Whatever happens to the capture process, the microphone or the audio server: sound is back within three seconds."
  runbook   = "room.hcl"
  for       = "75s"
  heal      = "60s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "62s"
  every = "5s"
  times = 2
}

fault "worker_stop" "frozen" {
  at     = "6s"
  jitter = "2s"
}

fault "worker_kill" "killed" {
  at     = "13s"
  jitter = "2s"
}

fault "worker_trash" "mad" {
  at     = "19s"
  jitter = "2s"
}

fault "unplug" "pulled" {
  at     = "25s"
  jitter = "2s"
  for    = "4s"
  other  = true
}

fault "audio_down" "upgrade" {
  at     = "36s"
  jitter = "2s"
  for    = "4s"
}

fault "open_hangs" "hangs" {
  at     = "47s"
  jitter = "2s"
  for    = "4s"
}

recovery "process" {
  doc     = "A process is replaced at once, or after the 2 s in which it gives no sound."
  kinds   = ["worker_stop", "worker_kill", "worker_trash"]
  detect  = "2500ms"
  recover = "3s"
}

recovery "device" {
  doc     = "What went away is tried every 2.2 s: its clock starts when it is there again."
  kinds   = ["unplug", "audio_down", "open_hangs"]
  from    = "end"
  recover = "3s"
}

steady "one_holder" {
  holds = holders <= 1 && leaked == 0
}

expect "hears" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && open == 0 && boots == 1 && reexecs == 0
}

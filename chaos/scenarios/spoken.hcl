# What the appliance says, while its playback process dies, hangs and writes nonsense, its speaker is unplugged, the audio server is killed, and
# what speaks its answers is away, too slow, and sends no sound. What the speaker truly plays is recorded, and compared with what is said of it.
#
#   orac chaos chaos/scenarios/spoken.hcl
#   orac sim chaos/scenarios/spoken.hcl --seeds 1-20

scenario "spoken" {
  doc       = "Whatever happens to a speaker: it plays again within seconds, and nothing is cut off or heard twice without a word of it."
  runbook   = "../../examples/scenarios/parlour.hcl"
  for       = "112s"
  heal      = "89s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

change "listener.parlour" {
  deliver = [stt.whisper]
}

sound "command" {
  at      = "4s"
  every   = "8s"
  command = "2s"
}

fault "player_kill" "dies" {
  at = "17s"
}

fault "player_stop" "hangs" {
  at = "25s"
}

fault "player_trash" "raves" {
  at = "33s"
}

fault "speaker_unplug" "away" {
  at  = "40s"
  for = "4s"
}

fault "tts_down" "silent" {
  at  = "50s"
  for = "8s"
}

fault "tts_slow" "too_slow" {
  at    = "61s"
  for   = "9s"
  delay = "7s"
}

fault "tts_trash" "no_sound" {
  at  = "74s"
  for = "8s"
}

fault "audio_down" "killed" {
  at  = "85s"
  for = "3s"
}

recovery "plays_again" {
  kinds   = ["player_stop", "player_kill", "player_trash"]
  means   = "health"
  recover = "4s"
}

recovery "plugged_in_again" {
  kinds   = ["speaker_unplug", "audio_down"]
  from    = "end"
  means   = "health"
  recover = "6s"
}

steady "prompt" {
  doc   = "At first a chime follows a wake word within 300 ms."
  holds = chime_after <= 0.3 || time > 16
}

steady "hears_on" {
  doc   = "Nothing that happens to the speaker alone is felt by whoever listens."
  holds = time > 85 || restarts <= 4 && boots == 1
}

expect "understood" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && delivered == recorded && delivered >= 8
}

expect "heard" {
  holds = false_wakes == 0 && sounds_heard >= 16 && sounds_failed >= 2
}

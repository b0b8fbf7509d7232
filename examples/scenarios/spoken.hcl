# What the appliance says, while its playback process dies, hangs and writes nonsense, its speaker is unplugged, the audio server is killed, and
# what speaks its answers is away, slow, or sends no sound. Each sound is heard once and whole, or it is said that it was not.
#
#   orac sim examples/scenarios/spoken.hcl --seeds 1-20

scenario "spoken" {
  doc       = "Whatever happens to a speaker: it plays again within seconds, nothing is cut off or heard twice without a word of it, and hearing does not suffer."
  runbook   = "parlour.hcl"
  for       = "16m"
  heal      = "14m"
  inference = "modelled"
}

change "listener.parlour" {
  deliver = [stt.whisper]
}

sound "command" {
  at     = "10s"
  every  = "12s"
  jitter = "3s"
}

# At first all is well.
steady "prompt" {
  doc   = "A chime follows a wake word within 150 ms."
  holds = chime_after <= 0.15 || time > 120
}

fault "player_stop" "hangs" {
  at     = "2m"
  every  = "53s"
  jitter = "10s"
}

fault "player_kill" "dies" {
  at     = "2m20s"
  every  = "71s"
  jitter = "10s"
}

fault "player_trash" "raves" {
  at     = "2m40s"
  every  = "97s"
  jitter = "10s"
}

fault "speaker_unplug" "away" {
  at     = "3m"
  every  = "3m"
  jitter = "20s"
  for    = "20s"
}

fault "audio_down" "killed" {
  at    = "5m"
  every = "5m"
  for   = "5s"
}

fault "tts_down" "silent" {
  at    = "4m"
  every = "4m"
  for   = "30s"
}

fault "tts_slow" "slow" {
  at    = "6m"
  every = "5m"
  for   = "30s"
  delay = "3s"
}

fault "tts_slow" "too_slow" {
  at    = "7m"
  every = "5m"
  for   = "20s"
  delay = "9s"
}

fault "tts_trash" "no_sound" {
  at    = "8m"
  every = "5m"
  for   = "20s"
}

recovery "plays_again" {
  doc     = "A playback process that dies, hangs or writes nonsense is replaced within three seconds of the time at which it was needed."
  kinds   = ["player_stop", "player_kill", "player_trash"]
  means   = "health"
  recover = "3s"
}

recovery "plugged_in_again" {
  kinds   = ["speaker_unplug", "audio_down"]
  from    = "end"
  means   = "health"
  recover = "5s"
}

steady "hears_on" {
  doc   = "Nothing that happens to the speaker is felt by whoever listens, apart from the audio server's end."
  holds = try(nodes["trigger.parlour"].restarts, 0) == 0 && boots == 1
}

expect "understood" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0 && delivered == recorded
}

expect "heard" {
  doc   = "What it says itself, though a wake word is in it, wakes nothing; most is heard, and of the rest it is said."
  holds = false_wakes == 0 && sounds_heard >= 100 && sounds_failed >= 5
}

expect "soon" {
  doc   = "A chime that has to wait for its player is heard soon, or not at all."
  holds = chime_after <= 2.5
}

sometimes "no_speaker" {
  holds = lookup(components, "player.parlour", "healthy") != "healthy"
}

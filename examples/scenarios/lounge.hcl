# The runbook of the scenario of a Wyoming satellite: as parlour.hcl, by the other protocol.

appliance "lounge" {
  state_dir = "../../.orac/lounge" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "mic" {} # the first that there is

device "speaker" "lounge" {} # the system's default

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "lounge" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [[wyoming_satellite.home, stt.whisper]]
  act     = topic.general
  speaker = device.speaker.lounge
  tts     = tts.voice
  chimes {
    wake  = "../sounds/wake.wav"
    done  = "../sounds/done.wav"
    error = "../sounds/error.wav"
  }
}

wyoming_satellite "home" {}

stt "whisper" {
  url = "http://stt.local:7272"
}

# Timers, the time and the date; of anything else it says that it did not understand.
topic "general" {
  english = true
}

tts "voice" {
  protocol = "openai"
  url      = "http://speech.local:8000"
  model    = "tts-1"
  timeout  = "5s"
}

disk {
  keep_free = "1MiB"
}

watchdog {
  restart_budget = 1000 # a scenario breaks it more often than an hour should
}

# The runbook of the scenarios about a voice: an appliance that is a satellite of Home Assistant, and that understands, acts and answers by
# itself while Home Assistant is away.

appliance "parlour" {
  state_dir = "../../.orac/parlour" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "mic" {} # the first that there is

device "speaker" "parlour" {} # the system's default

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "parlour" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [[esphome.home, stt.whisper]]
  act     = topic.general
  speaker = device.speaker.parlour
  tts     = tts.voice
  chimes {
    wake  = "../sounds/wake.wav"
    done  = "../sounds/done.wav"
    error = "../sounds/error.wav"
  }
}

esphome "home" {}

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

# Shown to Home Assistant over MQTT, and to anybody else at the same broker. Home Assistant finds the appliance by itself: nothing is configured
# there. What may be ordered is listed in allow.
#
# ORAC_SECRET_MQTT or the file secrets/mqtt in the state directory holds the password of the broker's user.

appliance "kitchen" {
  state_dir = "../../.orac"
}

device "microphone" "usb" {
  match = "USB"
}

device "speaker" "kitchen" {
  match = "USB"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
  speaker = device.speaker.kitchen
  tts     = tts.espeak
}

stt "whisper" {
  url = "http://stt.local:7272"
}

tts "espeak" {
  protocol = "exec"
  command  = ["espeak-ng", "--stdout", "--", "{text}"]
}

mqtt "home" {
  url       = "tcp://homeassistant.local:8883"
  encrypted = true
  username  = "orac"
  password  = secret("mqtt")
  area      = "Kitchen"
  allow     = ["mute", "threshold", "say", "restart"]
}

# Events for a program without Home Assistant, by another name at the same broker.
mqtt "events" {
  url            = "tcp://homeassistant.local:8883"
  encrypted      = true
  username       = "orac"
  password       = secret("mqtt")
  device_id      = "orac-kitchen-events"
  home_assistant = false
  transcripts    = "off"
  events         = ["wake", "transcript", "acted"]
  topic          = "house/${event.listener}/${event.type}"
  payload        = jsonencode({ at = event.timestamp, text = event.text, word = event.wake_word })
}

# Every attribute that can be written, with a value that is not its default.
appliance "kitchen" {
  state_dir   = "/var/lib/orac"
  log_level   = "debug"
  log_file    = "logs/orac.log"
  log_size    = "1MB"
  log_keep    = 0
  instance_id = "hey-orac-kitchen"
}

device "microphone" "usb" {
  identity      = "alsa_input.usb"
  backend       = "pulse"
  channels      = 2
  channel       = [1, 0]
  start_timeout = "10s"
}

device "microphone" "card" {
  id = "hw:1,0"
}

device "wav" "demo" {
  path    = "sounds/demo.wav"
  pace    = "fast"
  end     = "loop"
  gap     = "1s500ms"
  channel = 5
}

model "hey_jarvis" {
  source    = "https://example.org/hey_jarvis.onnx"
  sha256    = "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"
  threshold = 0.6
  cooldown  = "0s"
  patience  = 3
  topic     = "lights"
  wake_word = "hey jarvis"
  classes   = ["yes", "no"]
  webhook   = webhook.light
  enabled   = false
}

listener "kitchen" {
  device        = device.microphone.usb
  models        = [model.hey_jarvis]
  deliver       = [stt.whisper, stt.cli]
  multi_trigger = true
  vad_threshold = 0
  rms_filter    = 10.5
  record {
    pre_roll          = "500ms"
    silence           = "1s"
    grace             = "0s"
    max               = "10s"
    silence_threshold = 0.02
  }
}

stt "whisper" {
  protocol        = "orac"
  url             = "https://stt.test"
  streaming       = false
  language        = "en-GB"
  task            = "translate"
  forward_to_core = false
  timeout         = "1m"
  token           = file("token.txt")
  max_retry_delay = "2m"
  health_every    = "10s"
}

stt "cli" {
  protocol = "exec"
  command  = ["whisper-cli", "-f", "{wav}"]
}

heartbeat "own" {
  url       = "http://stt.test:7272"
  every     = "1m"
  timeout   = "10s"
  listeners = [listener.kitchen]
}

webhook "light" {
  url     = "http://lights.test/wake"
  timeout = "1s"
  headers = {
    Authorization = "Bearer ${env("TOKEN")}"
    X-Plain       = "plain"
  }
}

apply {
  health_gate = "1m"
  keep        = 2
}

watchdog {
  read_stall     = "3s"
  degraded_after = "1s"
  rms_stuck      = "1m"
  restart_budget = 10
  per            = "2h"
  retry_delay    = "1s"
  retries        = 0
  retry_slow     = "30s"
  stop_deadline  = "5s"
  leak_budget    = 1
  node_stall     = "10s"
  loop_lag       = "2s"
}

memory {
  warn    = "200MB"
  restart = "250MiB"
  every   = "1m"
}

disk {
  spool        = "1GiB"
  keep_free    = "0B"
  memory_spool = "32MiB"
}

store {
  retention  = "90d"
  max_rows   = 5000
  keep_audio = true
  audio_size = "1MiB"
}

web {
  listen                    = ":7171"
  plain_http_on_the_network = true
  origins                   = ["https://home.test", "http://home.test:8080"]
  hosts                     = ["orac.home.test"]
  trusted_proxies           = ["192.0.2.7", "2001:db8::/32"]
  trust_admins              = true
  metrics                   = "open"
  request_timeout           = "1m"
  max_body                  = "2MiB"
  tls {
    cert = "tls/cert.pem"
    key  = "tls/key.pem"
  }
  limits {
    max_connections = 50
    anonymous       = 10
    viewer          = 20
    operator        = 30
    admin           = 40
    per_address     = 50
  }
}

auth {
  jwt_secret       = secret("jwt")
  jwt_previous     = secret("jwt")
  issuer           = "kitchen"
  audience         = "orac-core"
  token_lifetime   = "1h"
  service_lifetime = "5m"
  refresh_lifetime = "7d"
  session_idle     = "30m"
  session_absolute = "8h"
}

user "anna" {
  role          = "operator"
  password_hash = secret("anna_password_hash")
}

service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe"]
  audience    = "stt"
  role        = "viewer"
}

stt "secure" {
  url         = "https://stt.test"
  auth        = service_account.hey_orac
  ca          = "ca.pem"
  client_cert = "client.pem"
  client_key  = "client.key"
}

heartbeat "secure" {
  url  = "https://stt.test"
  auth = service_account.hey_orac
  ca   = "ca.pem"
}

stt "engine" {
  protocol = "embedded"
}

wyoming "stt" {
  serve           = "stt"
  engine          = stt.engine
  max_connections = 10
  per_address     = 5
  max_streams     = 2
  idle            = "30s"
  max_sound       = "15s"
  max_bytes       = "2MiB"
}

wyoming "wake" {
  serve                      = "wake"
  models                     = [model.hey_jarvis]
  listen                     = ":10400"
  unprotected_on_the_network = true
  advertise                  = true
}

esphome "home" {
  listen          = ":6053"
  key             = secret("hey_orac")
  advertise       = true
  device_name     = "kitchen-voice"
  friendly_name   = "Kitchen voice"
  area            = "Kitchen"
  allow           = ["mute"]
  speaker         = device.speaker.room
  pre_roll        = "200ms"
  wake_sound      = false
  max_connections = 4
}

esphome "open" {
  listen                     = ":6054"
  unprotected_on_the_network = true
}

esphome "new" {
  listen      = ":6055"
  accept_key  = true
  device_name = "kitchen-new"
}

wyoming_satellite "lounge" {
  listen                     = ":10700"
  unprotected_on_the_network = true
  advertise                  = true
  area                       = "Kitchen"
  speaker                    = device.speaker.room
  pre_roll                   = "100ms"
  max_connections            = 4
}

login "house" {
  issuer          = "https://core.test:7171"
  account         = "kitchen"
  secret          = secret("hey_orac")
  fingerprint     = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:CD"
  timeout         = "3s"
  max_retry_delay = "1m"
}

stt "member" {
  url      = "https://stt.test:1"
  login    = login.house
  audience = "stt"
}

heartbeat "member" {
  stt      = stt.member
  login    = login.house
  audience = "beats"
}

core "member" {
  url      = "https://core.test:8000"
  login    = login.house
  audience = "core"
}

device "speaker" "room" {
  identity      = "alsa_output.usb"
  backend       = "pulse"
  volume        = 0.5
  stall         = "2s"
  start_timeout = "10s"
}

device "speaker" "hall" {
  match = "Hall"
}

device "speaker" "card" {
  id = "hw:1,0"
}

tts "local" {
  protocol = "exec"
  command  = ["espeak-ng", "--stdout", "--", "{text}"]
  timeout  = "5s"
}

tts "house" {
  protocol = "wyoming"
  url      = "tcp://speech.local:10200"
  voice    = "en_GB-alan-medium"
}

tts "cloud" {
  protocol    = "openai"
  url         = "https://speech.example"
  model       = "tts-1"
  token       = secret("jwt")
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}

listener "hall" {
  device   = device.microphone.card
  models   = [model.hey_jarvis]
  speaker  = device.speaker.room
  tts      = tts.local
  barge_in = true

  chimes {
    wake  = "sounds/wake.wav"
    done  = "sounds/done.wav"
    error = "sounds/error.wav"
    timer = "sounds/timer.wav"
    mute  = "sounds/mute.wav"
  }
}

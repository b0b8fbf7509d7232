# Every type of block, so that each attribute can be changed alone.

appliance "kitchen" {}

device "microphone" "usb" { match = "USB" }
device "microphone" "by_name" { identity = "alsa_input.usb" }
device "microphone" "by_id" { id = "hw:1,0" }
device "microphone" "many" {
  match    = "many"
  channels = 4
}
device "microphone" "one" {
  match    = "one"
  channels = 4
  channel  = 1
}
device "wav" "demo" {
  path = "demo.wav"
  end  = "loop"
}

model "alexa" {
  source  = "catalog:alexa"
  webhook = webhook.light
}
model "timer" {
  source    = "catalog:timer"
  classes   = ["1_minute_timer"]
  threshold = 0.6
}
model "own" {
  source = "https://models.test/own.onnx"
  sha256 = "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.alexa, model.timer, model.own]
  deliver = [stt.whisper, stt.script, stt.local]
}
listener "by_name" {
  device = device.microphone.by_name
  models = [model.alexa]
}
listener "by_id" {
  device = device.microphone.by_id
  models = [model.alexa]
}
device "speaker" "room" { match = "Room" }
device "speaker" "by_name" { identity = "alsa_output.usb" }
device "speaker" "by_id" { id = "hw:1,0" }
tts "local" {
  protocol = "exec"
  command  = ["cat", "{text}"]
}
tts "house" {
  protocol = "wyoming"
  url      = "tcp://speech.test:10200"
}
tts "cloud" {
  protocol    = "openai"
  url         = "https://speech.test"
  model       = "tts-1"
  token       = secret("one")
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
listener "voice" {
  device  = device.microphone.by_id
  models  = [model.alexa]
  deliver = [stt.whisper]
  speaker = device.speaker.room
  tts     = tts.local
  chimes {
    wake  = "wake.wav"
    done  = "wake.wav"
    error = "wake.wav"
    timer = "wake.wav"
    mute  = "wake.wav"
  }
}
listener "many" {
  device = device.microphone.many
  models = [model.alexa]
}
listener "one" {
  device = device.microphone.one
  models = [model.alexa]
}
listener "demo" {
  device  = device.wav.demo
  models  = [model.timer]
  deliver = [stt.guarded, stt.open]
}

stt "whisper" { url = "http://stt.test:7272" }
stt "script" {
  protocol = "exec"
  command  = ["cat", "{wav}"]
}
stt "local" {
  protocol = "embedded"
}
stt "guarded" {
  url         = "https://stt.test:7273"
  auth        = service_account.hey_orac
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
stt "open" {
  protocol = "openai"
  url      = "http://stt.test:8000"
  model    = "whisper-1"
}
stt "token" {
  url   = "https://stt.test:7274"
  token = secret("one")
}
listener "token" {
  device  = device.microphone.usb
  models  = [model.alexa]
  deliver = [stt.token]
}

heartbeat "stt" { stt = stt.whisper }
heartbeat "url" {
  url  = "https://beat.test"
  auth = service_account.hey_orac
  ca   = "ca.pem"
}

traces {
  url         = "http://collector.test:4318"
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
mqtt "home" {
  url         = "tcp://broker.test:1883"
  username    = "orac"
  password    = secret("mqtt")
  encrypted   = true
  events      = ["wake"]
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
webhook "light" { url = "http://light.test" }
webhook "all" {
  url         = "https://all.test"
  events      = ["wake", "transcript"]
  listeners   = [listener.kitchen]
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}

web {
  listen = "127.0.0.1:7171"
  tls {
    cert = "cert.pem"
    key  = "key.pem"
  }
}
stt_server "house" {
  engine = stt.whisper
  listen = "127.0.0.1:7273"
  legacy = [peer.kitchen]
  core   = core.house
  tls {
    cert = "cert.pem"
    key  = "key.pem"
  }
}
peer "kitchen" { from = "192.0.2.20" }
peer "cellar" { from = "192.0.2.21" }
core "house" {
  url         = "https://core.test"
  auth        = service_account.hey_orac
  ca          = "ca.pem"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
core "other" {
  url   = "https://other.test"
  token = secret("one")
}
topic "kitchen" { core = core.other }
topic "attic" { wake_words = ["computer"] }
auth {
  jwt_secret = secret("jwt")
  trust {
    issuer = "https://trusted.test"
  }
}
issuer {
  url = "https://issuer.test"
}
member "cellar" {
  url = "https://cellar.test"
}
user "anna" {
  role          = "admin"
  password_hash = secret("hash")
}
service_account "hey_orac" { secret = secret("account") }
service_account "other" { secret = secret("account") }
wyoming "words" {
  serve                      = "wake"
  listen                     = "192.0.2.1:10400"
  unprotected_on_the_network = true
  models                     = [model.alexa]
}
wyoming "speech" {
  serve  = "stt"
  engine = stt.local
}
stt "second" {
  protocol = "embedded"
}
core_server "house" {
  listen = "127.0.0.1:8001"
  legacy = [peer.kitchen]
  tls {
    cert = "cert.pem"
    key  = "key.pem"
  }
}
topic "acts" {
  backends       = [backend.home, backend.broker, backend.script, backend.hook, backend.talk]
  intents        = [intent.coffee, intent.tidy]
  language_model = language_model.qwen
}
topic "also" { english = true }
listener "acts" {
  device  = device.microphone.usb
  models  = [model.alexa]
  deliver = [stt.whisper]
  act     = topic.acts
  area    = "Kitchen"
}
intent "coffee" {
  sentences = ["make {drink}", "{cups} cups"]
  slots     = { drink = vocabulary.drinks, cups = vocabulary.cups }
  backend   = backend.broker
  call {
    service     = "coffee/make"
    proof_topic = "coffee/state"
  }
}
intent "tidy" {
  sentences = ["tidy up"]
  backend   = backend.script
}
vocabulary "drinks" { words = { coffee = [] } }
vocabulary "cups" {
  range {
    from = 1
    to   = 3
  }
}
backend "home" {
  protocol = "home_assistant"
  url      = "https://home.test"
  token    = secret("one")
}
backend "broker" {
  protocol = "mqtt"
  url      = "tcp://broker.test:1883"
  username = "orac"
  password = secret("one")
}
backend "script" {
  protocol = "exec"
  command  = ["true"]
}
backend "hook" {
  protocol    = "webhook"
  url         = "https://hook.test"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
backend "talk" {
  protocol = "conversation"
  url      = "https://home.test"
  token    = secret("one")
}
language_model "qwen" {
  url         = "https://qwen.test"
  model       = "qwen3"
  client_cert = "cert.pem"
  client_key  = "key.pem"
}
login "house" {
  issuer  = "https://issuer-of-all.test"
  account = "hey_orac"
  secret  = secret("account")
}
login "attic" {
  issuer  = "https://issuer-of-all.test"
  account = "attic"
  secret  = secret("account")
}
stt "member" {
  url      = "https://stt.test:7275"
  login    = login.house
  audience = "stt"
}
listener "member" {
  device  = device.microphone.usb
  models  = [model.alexa]
  deliver = [stt.member]
}
heartbeat "member" {
  url      = "https://beat.test:1"
  login    = login.house
  audience = "stt"
}
core "member" {
  url      = "https://core.test:1"
  login    = login.attic
  audience = "core"
}
topic "member" { core = core.member }
webhook "member" {
  url      = "https://hook.test:1"
  events   = ["wake"]
  login    = login.house
  audience = "lights"
}

wyoming_satellite "lounge" {}
wyoming_satellite "porch" {
  listen                     = "192.0.2.1:10701"
  unprotected_on_the_network = true
}

esphome "home" {
  listen    = ":6053"
  key       = secret("home")
  advertise = true
}

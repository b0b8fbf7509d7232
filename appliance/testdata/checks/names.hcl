appliance "demo" {}

device "microphone" "same" {}

device "wav" "same" {
  path = "missing.wav"
}

model "typo" {
  source = "catalog:hey_jarvs"
}

model "gate" {
  source = "catalog:silero_vad"
}

model "sum" {
  source = "catalog:alexa"
  sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
}

model "class" {
  source  = "catalog:timer"
  classes = ["2_minute_timer"]
}

model "single" {
  source  = "catalog:weather"
  classes = ["rain"]
}

model "file" {
  source = "missing.onnx"
}

listener "mic" {
  device = device.microphone.same
  models = [model.typo, model.gate, model.file]
}

listener "wav" {
  device  = device.wav.same
  models  = [model.sum, model.class, model.single]
  deliver = [stt.named, stt.path]
}

stt "named" {
  protocol = "exec"
  command  = ["no-such-program-anywhere", "{wav}"]
}

stt "path" {
  protocol = "exec"
  command  = ["./missing.sh"]
}

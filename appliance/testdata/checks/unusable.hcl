# What the system would refuse: scripts, an address, a log file, a channel.
appliance "demo" {
  log_file = "missing/folder/orac.log"
}

device "wav" "tone" {
  path    = "stereo.wav"
  channel = 2
}

model "five" {
  source = "catalog:alexa"
}

listener "kitchen" {
  device  = device.wav.tone
  models  = [model.five]
  deliver = [stt.windows, stt.interpreter, stt.permission, stt.text, stt.everywhere]
}

stt "windows" {
  protocol = "exec"
  command  = ["scripts/windows.sh"]
}

stt "interpreter" {
  protocol = "exec"
  command  = ["scripts/interpreter.py"]
}

stt "permission" {
  protocol = "exec"
  command  = ["scripts/permission.sh"]
}

stt "text" {
  protocol = "exec"
  command  = ["scripts/text"]
}

stt "everywhere" {
  url = "http://0.0.0.0:7272"
}

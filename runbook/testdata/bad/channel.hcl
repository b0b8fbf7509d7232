appliance "a" {}

device "microphone" "beyond" {
  match    = "A"
  channels = 6
  channel  = 6
}

device "microphone" "among" {
  match    = "B"
  channels = 2
  channel  = [0, 2]
}

device "microphone" "range" {
  match   = "C"
  channel = 32
}

device "microphone" "half" {
  match   = "D"
  channel = 0.5
}

device "microphone" "text" {
  match   = "E"
  channel = "left"
}

device "microphone" "none" {
  match   = "F"
  channel = []
}

device "wav" "twice" {
  path    = "a.wav"
  channel = [1, 1]
}

device "wav" "negative" {
  path    = "a.wav"
  channel = -1
}

appliance "desk" {}

stt "whisper" {
  url   = "http://stt.test:7272"
  token = upper(env("TOKEN")) # what follows a secret is not shown either
}

stt "archive" {
  url = "http://stt.test:7273"
}

stt "new" {
  url   = "http://stt.test:7274"
  token = file("token.txt")
}

webhook "light" {
  url = "http://lights.test/l1teral2"
  headers = {
    X-Room = "l1teral2"
  }
}

webhook "door" {
  url     = "http://lights.test/l1teral"
  headers = {}
}

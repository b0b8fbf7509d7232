appliance "desk" {}

stt "whisper" {
  url   = "http://stt.test:7272"
  token = secret("token")
}

stt "archive" {
  url   = "http://stt.test:7273"
  token = secret("token")
}

stt "new" {
  url = "http://stt.test:7274"
}

webhook "light" {
  url = "http://lights.test/l1teral"
  headers = {
    X-Room = "l1teral"
  }
}

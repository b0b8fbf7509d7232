appliance "kitchen" {}
login "none" {}
login "both" {
  issuer      = "https://core.test"
  account     = "a b"
  secret      = "in plain sight"
  ca          = "ca.pem"
  fingerprint = "AB:CD"
}
login "good" {
  issuer  = "https://core.test:7171"
  account = "kitchen"
  secret  = secret("hey_orac")
}
stt "no_audience" {
  url   = "https://stt.test"
  login = login.good
}
stt "two_ways" {
  url      = "https://stt.test"
  token    = secret("hey_orac")
  login    = login.good
  audience = "stt"
}
stt "openai" {
  protocol = "openai"
  url      = "https://stt.test"
  model    = "x"
  login    = login.good
  audience = "stt"
}
heartbeat "no_login" {
  url      = "https://stt.test"
  audience = "stt"
}
core "nobody" {
  url      = "https://core.test"
  login    = login.nobody
  audience = "core"
}
webhook "no_audience" {
  url   = "https://lights.test"
  login = login.good
}
webhook "two_ways" {
  url      = "https://lights.test"
  login    = login.good
  audience = "lights"
  headers  = { authorization = secret("hey_orac") }
}

appliance "kitchen" {}

web {
  listen  = "0.0.0.0:7171"
  origins = ["*", "https://home.test/", "https://ok.test"]
  tls {
    cert = "cert.pem"
  }
  limits {
    viewer = 0
  }
}

auth {
  jwt_secret       = "too-short-l1teral"
  session_idle     = "2d"
  session_absolute = "1d"
}

user "anna" {
  role          = "root"
  password_hash = secret("token")
}

user "Bob" {
  password_hash = secret("anna_password_hash")
}

service_account "short" {
  secret = secret("token")
}

stt "both" {
  url         = "https://stt.test"
  token       = secret("token")
  auth        = service_account.short
  client_cert = "client.pem"
}

appliance "kitchen" {}
login "clear" {
  issuer  = "http://core.test:7171"
  account = "kitchen"
  secret  = secret("hey_orac")
}
login "path" {
  issuer  = "https://core.test:7171/oauth"
  account = "kitchen"
  secret  = secret("hey_orac")
}
login "local" {
  issuer  = "http://127.0.0.1:7171"
  account = "kitchen"
  secret  = secret("hey_orac")
}

appliance "kitchen" {}

web {
  listen  = "0.0.0.0:7171"
  hosts   = ["*.home.test", "home.test:7171", "good.home.test"]
  origins = ["*", "https://home.test/", "https://ok.test"]
}

service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "everything"]
}

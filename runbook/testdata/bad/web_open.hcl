appliance "kitchen" {}

web {
  listen  = "0.0.0.0:7171"
  origins = ["*", "https://home.test/", "https://ok.test"]
}

service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "everything"]
}

appliance "a" {}

locals {
  host = "http://lights.local"
}

webhook "query" {
  url    = "${local.host}/say/${event.listener}?text=${event.text}&key=${secret("token")}"
  events = ["transcript"]
  method = "GET"
}

webhook "json" {
  url    = "https://hooks.example/${env("TOKEN")}"
  events = ["transcript", "incident"]
  body   = jsonencode({ title = try(upper(event.listener), "-"), text = event.text != "" ? event.text : event.cause, token = secret("token") })
  secret = secret("house")
}

webhook "plain" {
  url    = "http://ntfy.local/orac"
  events = ["wake"]
  body   = <<-EOT
    ${event.wake_word} (%{for name, score in event.scores}${name} ${score} %{endfor})
  EOT
}

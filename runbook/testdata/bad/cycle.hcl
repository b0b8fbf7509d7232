appliance "a" {}

locals {
  a = local.b
  b = "${local.c}!"
  c = local.a
}

model "one" {
  source    = "catalog:a"
  threshold = model.two.threshold
}

model "two" {
  source    = "catalog:b"
  threshold = model.one.threshold
}

stt "self" {
  url = stt.self.url
}

# What depends on a cycle is not reported again.
model "three" {
  source = "catalog:c"
  topic  = local.a
}

appliance "a" {}

variable "no_value" {
  description = "Nobody gives it."
}

variable "wrong_type" {
  type = text
}

variable "wrong_default" {
  type    = number
  default = "many"
}

variable "from_env" {
  type = number
}

variable "refers" {
  default = local.x
}

locals {
  x = 1
  y = var.no_value
}

variable "unknown" {
  default  = 1
  secretly = true
}

appliance "a" {
  instance_id = "${a}${a}${a}${a}${a}"
}

locals {
  one = [nothing, nothing]
}

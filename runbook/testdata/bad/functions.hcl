appliance "a" {}

locals {
  unknown   = uppercase("x")
  too_many  = upper("a", "b")
  wrong     = min("a")
  operator  = "a" + 1
  nothing   = try(local.operator.x, env("NO_SUCH_VARIABLE"))
  template  = "${[1, 2]}"
  fine      = upper("x")
  divided   = 1 / 0
  forbidden = range(1000)
}

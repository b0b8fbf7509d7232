appliance "a" {}

locals {
  a = "0123456789012345678901234567890123456789012345678901234567890123456789"
  b = join(local.a, split("", "${local.a}${local.a}${local.a}${local.a}${local.a}${local.a}${local.a}${local.a}"))
  c = "${local.b}${local.b}${local.b}${local.b}${local.b}${local.b}${local.b}${local.b}${local.b}${local.b}"
  d = "${local.c}${local.c}${local.c}${local.c}${local.c}${local.c}${local.c}${local.c}${local.c}${local.c}"
  e = [local.d, local.d]
  f = replace(local.b, "", local.b)
  g = format("%1000000000d", 1)
  h = [for x in split("", local.b) : [for y in split("", local.b) : [for z in split("", local.b) : x]]]
  i = "${"1${"e"}400000000" + 0}"
  j = "${jsondecode("1e400000000")}"
  k = "${-"1e-400000000"}"
}

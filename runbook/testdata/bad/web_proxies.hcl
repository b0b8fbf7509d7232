appliance "kitchen" {}

web {
  listen          = "127.0.0.1:7171"
  trusted_proxies = ["proxy.home.test", "0.0.0.0/0", "::/0", "192.0.2.7/28", "::ffff:192.0.2.0/120", "fe80::1%eth0", "192.0.2.7", "2001:db8::/32"]
}

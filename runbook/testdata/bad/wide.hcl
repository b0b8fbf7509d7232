appliance "a" {}

webhook "w" {
	url = "http://h"	timeout = 3
}

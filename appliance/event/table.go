package event

import "slices"

// Kinds is the table of all kinds of events: those of each concern are in a file of their own, every row beside its Go type.
var Kinds = slices.Concat(devices, speakers, mutings, recordings, deliveries, services, webhooks, brokers, serving, satellites, acting, house, troubles)

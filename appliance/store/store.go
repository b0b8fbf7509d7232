// Package store keeps the history of an appliance in one SQLite file.
package store

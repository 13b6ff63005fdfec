//go:build !race

package tenet_test

const raceEnabled = false
